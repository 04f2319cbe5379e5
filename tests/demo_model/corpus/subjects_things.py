"""What contexts tell of things for sale and things lost, and how it is asked. The notation is
explained in ``contexts``."""

from __future__ import annotations

OBJECT = """
@ what | object | object
* the [what]
? What is for sale?
? Which object is for sale?
? What can be bought?
? Which thing is sold?
? What is somebody selling?
? What is the advertisement about?
! Which thing is somebody selling?
! What is on offer?
> The [what] is for sale.
@ colour | colour | colour
+ The [what] {for sale|on offer} is [colour].
+ The colour of the [what] {for sale|on offer} is [colour].
+ For sale: a [colour] [what].
+ It is [colour] in colour.
+ The [what], which is for sale, is painted [colour].
- On sale is the [what] in [colour].
- The [what] for sale shines in [colour].
? What colour is the [what]?
? What is the colour of the [what]?
? Which colour does the [what] have?
? In which colour is the [what]?
? What colour has the [what]?
? The [what] is in which colour?
? What does the [what] look like, which colour?
! Which colour is the [what]?
! What colour does the seller's [what] have?
> The [what] is [colour].
@ price | price | price
+ The [what] {costs|is for sale for} [price].
+ The price of the [what] {for sale|} is [price].
+ The price is [price].
+ You can {buy|have} the [what] for [price].
+ {Somebody|Someone} sells the [what] for [price].
+ Pay [price] and the [what] is yours.
- For [price], you can take the [what] home.
- [price] is what the buyer of the [what] must pay.
? How much is the [what]?
? How much does the [what] cost?
? What is the price of the [what]?
? What does the [what] cost?
? For how much can you buy the [what]?
? How much must I pay for the [what]?
? How much money is the [what]?
? At what price is the [what] sold?
? For what price is the [what]?
! How much money must you pay for the [what]?
! What do you have to pay for the [what]?
< What costs [price]?
> The [what] costs [price].
@ owner | owner | person
+ The [what] belongs to [owner].
+ The owner of the [what] is [owner].
+ [owner] {is selling|wants to sell} the [what].
+ The owner is called [owner].
+ [owner] owns the [what] and {is selling it|wants to sell it}.
+ [owner] {sells|offers} the [what].
- [owner], the owner, no longer needs the [what].
- To get the [what], talk to its owner, [owner].
? Who owns the [what]?
? Who is the owner of the [what]?
? Whom does the [what] belong to?
? Who sells the [what]?
? What is the name of the [what]'s owner?
? Which person sells the [what]?
? Who offers the [what]?
? Who wants to sell the [what]?
? From whom can I buy the [what]?
! Whose [what] is it?
! Which person is selling the [what]?
> The [what] belongs to [owner].
@ phone | phone number | extension
+ Call [phone] {to buy|for} the [what].
+ The phone number is [phone].
+ To {get|see} the [what], call [phone].
+ Questions about the [what]? Call [phone].
+ The number to call about the [what] is [phone].
- Dial [phone] if you want the [what].
- If the [what] is right for you, ring [phone].
? Which number should I call about the [what]?
? What is the phone number for the [what]?
? What number do I call to buy the [what]?
? Which phone number is given for the [what]?
? What is the number to call for the [what]?
? Whom can I call, which number, for the [what]?
? What phone number belongs to the [what]?
! What number must I dial for the [what]?
! Under which phone number can I ask about the [what]?
> The phone number for the [what] is [phone].
@ place | place to see it | spot
+ The [what] can be seen at the [place].
+ You can look at the [what] at the [place].
+ It {stands|is kept} near the [place].
+ To see the [what], come to the [place].
+ The [what] is {kept|waiting} at the [place].
- Look for the [what] in front of the [place].
- The buyer finds the [what] beside the [place].
? Where can I see the [what]?
? Where is the [what]?
? At which place is the [what]?
? Where can you look at the [what]?
? Where is the [what] to be seen?
? Where do I find the [what]?
? In which place can I look at the [what]?
! At what place can the [what] be found?
! Where should I go to see the [what]?
> The [what] is at the [place].
= The [what] of [owner] is for sale for [price].
= The [colour] [what] is for sale for [price].
= [owner] sells the [colour] [what].
= The [what] can be seen at the [place] and costs [price].
"""

LOST = """
@ what | lost object | object
* the [what]
? What was lost?
? Which object is missing?
? What is missing?
? Which thing was lost?
? What did somebody lose?
? What are people looking for?
! Which thing did somebody lose?
! What can nobody find?
> The [what] was lost.
@ owner | owner | person
+ [owner] {lost|has lost} the [what].
+ The lost [what] belongs to [owner].
+ The owner of the missing [what] is [owner].
+ [owner] is {looking|searching} for the [what] that was lost.
+ The owner, [owner], is sad.
+ [owner] misses the [what], lost {on Sunday|a week ago|yesterday}.
- [owner] cannot find the [what] any more.
- Without the [what], [owner] left for home.
? Who lost the [what]?
? Who is the owner of the [what]?
? Whom does the [what] belong to?
? Who is looking for the [what]?
? Who owns the lost [what]?
? Which person lost the [what]?
? Who misses the [what]?
? To whom should the [what] be returned?
? Who would like the [what] back?
! Whose [what] is missing?
! Which person has lost the [what]?
> [owner] lost the [what].
@ place | place | spot
+ The [what] was lost {near|at|behind} the [place].
+ {Somebody lost|Someone left} the [what] at the [place].
+ It was {last seen|lost} near the [place].
+ The [what] was last seen at the [place].
+ The [what] {went missing|was forgotten} at the [place].
- The [what] disappeared close to the [place].
- After a visit to the [place], the [what] was gone.
? Where was the [what] lost?
? Where was the [what] last seen?
? At which place was the [what] lost?
? Where did the [what] go missing?
? In what place was the [what] last seen?
? Where did somebody lose the [what]?
? Where should I look for the [what]?
? Where did the [what] get lost?
! At what place did someone lose the [what]?
! Where did the [what] disappear?
> The [what] was lost at the [place].
@ colour | colour | colour
+ The lost [what] is [colour].
+ The colour of the lost [what] is [colour].
+ It is [colour].
+ Missing: a [colour] [what].
+ The missing [what] {looks [colour]|has a [colour] colour}.
- Look out for [colour], the colour of the lost [what].
- You will know the lost [what] by its [colour] side.
? What colour is the [what]?
? What is the colour of the lost [what]?
? Which colour does the [what] have?
? What colour is the lost [what]?
? In what colour is the lost [what]?
? The lost [what] has which colour?
? What is the colour of the [what]?
! Which colour is the [what]?
! In what colour is the missing [what]?
> The [what] is [colour].
@ reward | reward | price
+ The reward for the {lost|missing} [what] is [reward].
+ {Whoever|The person who} finds the [what] {gets|will get} [reward].
+ The finder gets [reward].
+ There is a reward of [reward] for the [what].
+ For finding the [what], you get [reward].
- If you bring back the [what], you receive [reward].
- A sum of [reward] waits for the finder of the [what].
? How much is the reward for the [what]?
? What is the reward for the [what]?
? What does the finder of the [what] get?
? How much do you get for finding the [what]?
? How much money does the finder of the [what] get?
? What is paid for finding the [what]?
? What reward is offered for the [what]?
? How high is the reward for the [what]?
! Which reward is promised for the [what]?
! What can the finder of the [what] expect?
> The reward for the [what] is [reward].
@ day | weekday | weekday
+ The [what] was lost on [day].
+ The [what] has been missing since [day].
+ It happened on [day].
+ Since [day], nobody has seen the [what].
+ On [day], the [what] went missing.
- [day] was the day the [what] disappeared.
- Somebody had the [what] until [day] and then lost it.
? When was the [what] lost?
? On which day was the [what] lost?
? What day did the [what] go missing?
? Since when has the [what] been missing?
? On which weekday did the [what] go missing?
? Which day was the [what] last seen?
? On what day was the [what] lost?
? Since which day has the [what] been gone?
! On what day did the [what] disappear?
! Since which day is the [what] gone?
> The [what] was lost on [day].
= [owner] lost the [what] at the [place].
= [owner] lost the [colour] [what].
= The [what] of [owner] was lost on [day].
= The [what] was lost at the [place], and the reward is [reward].
"""

THINGS = [OBJECT, LOST]
