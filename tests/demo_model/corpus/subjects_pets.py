"""What contexts tell of pets and of trips, and how it is asked. The notation is explained in ``contexts``."""

from __future__ import annotations

PET = """
@ pet | name of the pet | pet_name
* [pet]
? What is the name of the pet?
? What is the pet called?
? Which pet is the text about?
? What is the animal called?
? What name did the pet get?
? Which animal's name is given?
! What name does the pet have?
! How is the pet named?
> The pet is called [pet].
@ kind | kind of animal | animal
+ [pet] is [kind:a].
+ [pet] is a {lively|calm|friendly|shy|clever} [kind].
+ The [kind] is {called|named} [pet].
+ {There is|Here lives} [kind:a] {called|named} [pet].
+ A {fine|well-fed|curious} [kind] has the name [pet].
- Everybody loves [pet] the [kind].
- [pet] belongs to the animals known as [kind].
? What kind of animal is [pet]?
? What animal is [pet]?
? Which animal is [pet]?
? What is [pet]?
? Which kind of pet is [pet]?
? [pet] is what kind of animal?
? What type of animal is [pet]?
! What sort of pet is [pet]?
! [pet] is which animal?
> [pet] is [kind:a].
@ owner | owner | person
+ [pet] belongs to [owner].
+ [owner] is the owner of [pet].
+ The owner of [pet] is [owner].
+ [pet] lives with [owner], the owner.
+ The owner is {called|named} [owner].
+ [owner] {owns|bought|adopted} [pet].
- [owner] takes [pet] home as the proud owner.
- As the owner, [owner] feeds [pet].
? Who owns [pet]?
? Who is the owner of [pet]?
? Whom does [pet] belong to?
? What is the name of [pet]'s owner?
? Which person owns [pet]?
? Who has [pet] as a pet?
? At whose home does [pet] live?
? Who takes care of [pet]?
? Which person does [pet] belong to?
! To whom does [pet] belong?
! Whose pet is [pet]?
> [pet] belongs to [owner].
@ age | age of the pet | pet_age
+ [pet] is [age] years old.
+ The age of [pet] is [age].
+ The pet is [age] years old.
+ [pet] {turned|became} [age] {in spring|last week}.
+ [pet] has lived for [age] years.
- [pet] was born [age] years ago.
- At [age], [pet] is full of life.
? How old is [pet]?
? What is the age of [pet]?
? What is [pet]'s age?
? How old is the pet?
? How many years old is [pet]?
? What age is the pet [pet]?
? How many birthdays has [pet] had?
? How old is the animal [pet]?
! How many years has [pet] lived?
! What age is [pet]?
> [pet] is [age] years old.
@ colour | colour of the pet | colour
+ [pet] is [colour].
+ The colour of [pet] is [colour].
+ The colour of the animal is [colour].
+ [pet] has {|a }[colour] {colouring|colour}.
+ [pet] {looks|is all} [colour].
- You know [pet] by the colour [colour].
- From head to tail, [pet] is [colour].
? What colour is [pet]?
? What is the colour of [pet]?
? Which colour does [pet] have?
? What colour does [pet] have?
? In which colour is [pet]?
? What does [pet] look like, which colour?
? What colour is the pet [pet]?
? The colour of [pet] is what?
! Which colour is [pet]?
! In what colour does [pet] come?
> [pet] is [colour].
@ food | food of the pet | food
+ [pet] likes to eat [food].
+ [pet] {once ate|loves} [food] {best|most of all}.
+ The favourite food of [pet] is [food].
+ The animal {likes|loves} to eat [food].
+ [pet] {steals|wants} [food] whenever possible.
- If there is [food], [pet] comes running to eat it.
- [pet] never says no to [food].
? What does [pet] like to eat?
? What is the favourite food of [pet]?
? What food does [pet] like?
? Which food does [pet] like best?
? What should I feed [pet]?
? What does [pet] eat?
? What is the best food for [pet]?
? With what food can I please [pet]?
! What does [pet] love to eat?
! Which food makes [pet] happy?
> [pet] likes to eat [food].
@ spot | sleeping place | spot
+ [pet] {often|always} sleeps near the [spot].
+ At night, [pet] sleeps by the [spot].
+ The sleeping place of [pet] is behind the [spot].
+ The animal sleeps close to the [spot].
+ [pet] {takes naps|sleeps} in front of the [spot].
- When tired, [pet] lies down beside the [spot].
- [pet] has a bed next to the [spot].
? Where does [pet] sleep?
? What is the sleeping place of [pet]?
? In what place does [pet] sleep?
? Where is the sleeping place of [pet]?
? Where can I find [pet] at night?
? Where does [pet] rest?
? Which place did [pet] choose for sleeping?
! Where does [pet] go to sleep?
! At which place does [pet] rest?
> [pet] sleeps near the [spot].
= [pet] is [kind:a] that belongs to [owner].
= [pet] is [kind:a] that likes to eat [food].
= [pet] is [age] years old and belongs to [owner].
= [pet] is [colour] and belongs to [owner].
= [pet], [kind:a], belongs to [owner] and is [age] years old.
"""

TRIP = """
@ who | name of the traveller | person
* [who]
? Who {travels|is travelling}?
? What is the name of the traveller?
? Who makes the trip?
? Who is on a trip?
? Whose trip is the text about?
! Who is on a journey?
! Which person travels?
> The traveller is [who].
@ start | starting point | place
+ [who] {starts|leaves} from [start].
+ The {trip|journey} of [who] {starts|begins} in [start].
+ The {trip|journey} begins in [start].
+ {Early in the morning|With a heavy bag}, [who] sets out from [start].
+ [who] {will leave|left} home in [start].
- [start] is the starting point for [who].
- The first stop is [start], where [who] sets off.
? Where does [who] start?
? Where does the trip of [who] begin?
? From which town does [who] leave?
? What is the starting point of [who]?
? Where does [who] come from?
? From where does [who] travel?
? Where does [who] leave from?
? In which town does the trip of [who] start?
? Which town does [who] set out from?
! From where does [who] set off?
! In which town does [who]'s trip start?
> [who] starts in [start].
@ goal | destination | place
+ [who] {travels|is travelling|goes} to [goal].
+ The {trip|journey} of [who] ends in [goal].
+ The {goal|destination} is [goal].
+ [who] wants to {visit|see|reach} [goal].
+ [who] {has bought|holds} a ticket to [goal].
+ The destination of [who] is [goal].
- [who] is on the way to [goal].
- [who] hopes to arrive in [goal].
? Where does [who] travel to?
? Where is [who] going?
? What is the destination of [who]?
? Which town does [who] want to {visit|reach}?
? Where does the trip of [who] end?
? Which town is the destination of [who]?
? What place will [who] reach?
? Where does [who] plan to go?
? Which town does [who] travel to?
! To which place is [who] heading?
! Where will [who] arrive?
< Who {travels|is going} to [goal]?
> [who] travels to [goal].
@ means | means of transport | vehicle
+ [who] {travels|goes} by [means].
+ [who] {takes|chose} {the|a} [means].
+ The {trip|journey} is by [means].
+ For this trip, [who] {uses|needs} a [means].
+ The way to travel is by [means] for [who].
- [who] prefers the [means] for the ride.
- A [means] carries [who] all the way.
? How does [who] travel?
? What does [who] travel by?
? By what means does [who] travel?
? What means of transport does [who] use?
? What does [who] take?
? With what vehicle does [who] travel?
? What vehicle does [who] go by?
? In what does [who] travel?
! Which vehicle does [who] use?
! How does [who] get there?
< Who travels by [means]?
> [who] travels by [means].
@ time | travel time | hours
+ The trip {takes|lasts} [time].
+ The {trip|journey} of [who] {takes|lasts} [time].
+ [who] {needs|travels for} [time].
+ After [time], [who] {arrives|is there}.
+ It takes [who] [time].
- In no more than [time], [who] is there.
- [who] has to sit for [time] on the way.
? How long does the trip take [who]?
? How long does [who] travel?
? How long is the trip of [who]?
? How much time does [who] need?
? What is the travel time of [who]?
? For how long is [who] on the way?
? How long is [who] on the road?
? After how many hours does [who] arrive?
! How many hours does [who] travel?
! How long is [who] on the way?
> The trip of [who] takes [time].
@ friend | name of the companion | person
+ [who] {travels|goes} with [friend].
+ [friend] {comes|goes} along with [who].
+ Together with [friend], [who] sees many places.
+ [who] {takes along|is joined by} [friend], an old friend.
+ The companion of [who] is [friend].
- [who] does not go alone but with [friend].
- At the side of [who] is [friend].
? Who {travels|goes} with [who]?
? With whom does [who] travel?
? What is the name of [who]'s companion?
? Who is the companion of [who]?
? Who comes along with [who]?
? Who is with [who] on the trip?
? Which person goes with [who]?
? Who travels together with [who]?
! Who joins [who]?
! Which person accompanies [who]?
> [who] travels with [friend].
@ date | date of departure | date
+ [who] {leaves|starts} on [date].
+ The {trip|journey} of [who] {begins|starts} on [date].
+ The day of departure is [date].
+ On [date], [who] {leaves|sets off}.
+ [who] booked the trip for [date].
- The bags of [who] must be packed by [date], the day of departure.
- [who] departs on [date].
? When does [who] leave?
? On which date does [who] leave?
? When does the trip of [who] {begin|start}?
? What is the date of departure of [who]?
? On what day does [who] set off?
? On what date does the trip of [who] start?
? Which day is the departure of [who]?
? When will [who] set out?
? What date did [who] choose for the trip?
! When does [who] depart?
! What day does [who]'s trip start?
> [who] leaves on [date].
= [who] travels from [start] to [goal].
= [who] travels to [goal] by [means].
= [who] travels from [start] to [goal] by [means].
= [who] travels to [goal] on [date].
= [who] travels to [goal] with [friend].
= [who] travels by [means] for [time].
"""

PETS_AND_TRIPS = [PET, TRIP]
