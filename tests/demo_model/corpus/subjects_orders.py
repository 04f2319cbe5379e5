"""What contexts tell of deliveries, orders and devices on offer. The notation is explained in ``contexts``."""

from __future__ import annotations

DELIVERY = """
@ to | name of the receiver | person
* the parcel for [to]
? Who gets the parcel?
? Who is the parcel for?
? What is the name of the receiver?
? To whom does the parcel go?
? Who is waiting for a parcel?
? Who will get a parcel?
! For whom is the parcel?
! Which person receives the parcel?
> The parcel is for [to].
@ sender | sender | person
+ [sender] {sent|mailed} a parcel to [to].
+ The parcel for [to] {is|comes} from [sender].
+ The sender is [sender].
+ The sender of the parcel for [to] is [sender].
+ A parcel from [sender] is on the way to [to].
- It was [sender] who packed the parcel for [to].
- [to] can thank [sender], who sent the parcel.
? Who sent the parcel to [to]?
? Who is the sender of the parcel for [to]?
? From whom is the parcel for [to]?
? What is the name of the sender of the parcel for [to]?
? Who packed and sent the parcel for [to]?
? Who mailed the parcel to [to]?
? Whose parcel does [to] get?
? Where does the parcel for [to] come from, who sent it?
! Which person sent the parcel for [to]?
! From whom does [to] get the parcel?
> [sender] sent the parcel to [to].
@ town | town | place
+ The parcel for [to] goes to [town].
+ [to] {waits for|will get} the parcel in [town].
+ It {goes|will be taken} to [town].
+ The {address|house} of [to] is in [town].
+ The parcel must reach [to] in [town].
- A driver takes the parcel for [to] over to [town].
- [town] is where [to] picks up the parcel.
? Where does the parcel for [to] go?
? To which town does the parcel for [to] go?
? In which town does [to] get the parcel?
? What town is the parcel for [to] going to?
? To what town is the parcel for [to] sent?
? Which town does the parcel for [to] go to?
? In what town does [to] wait for the parcel?
? What is the town of the parcel for [to]?
! To what place is the parcel for [to] taken?
! Where will [to] receive the parcel?
> The parcel for [to] goes to [town].
@ weight | weight | kilos
+ The parcel for [to] weighs [weight].
+ The weight of the parcel for [to] is [weight].
+ It weighs [weight].
+ The parcel for [to] is [weight] in weight.
+ At [weight], the parcel for [to] is {heavy|not easy to lift}.
- The scales show [weight] for the parcel for [to].
- To lift the parcel for [to], you must carry [weight].
? How much does the parcel for [to] weigh?
? What is the weight of the parcel for [to]?
? How heavy is the parcel for [to]?
? What does the parcel for [to] weigh?
? What is the parcel's weight for [to]?
? Which weight has the parcel for [to]?
? How many kilograms is the parcel for [to]?
? How much weight is in the parcel for [to]?
! How many kilograms does the parcel for [to] weigh?
! Which weight does the parcel for [to] have?
> The parcel for [to] weighs [weight].
@ day | date of arrival | date
+ The parcel for [to] arrives on [day].
+ On [day], [to] {gets|will get} the parcel.
+ It {arrives|will arrive} on [day].
+ The date of arrival of the parcel for [to] is [day].
+ [to] can expect the parcel on [day].
- By [day], [to] will hold the parcel.
- The parcel for [to] is due on [day].
? When does the parcel for [to] arrive?
? On which date does the parcel for [to] arrive?
? When does [to] get the parcel?
? What is the date of arrival of the parcel for [to]?
? On what date does the parcel for [to] come?
? When will the parcel for [to] be there?
? Which day does the parcel for [to] arrive?
? What is the date for the parcel of [to]?
! On what day can [to] expect the parcel?
! When will [to] have the parcel?
> The parcel for [to] arrives on [day].
@ thing | content | object
+ In the parcel for [to] is [thing:a].
+ The parcel for [to] contains [thing:a].
+ There is [thing:a] inside.
+ The content of the parcel for [to] is [thing:a].
+ [to] {gets|ordered} [thing:a] in a parcel.
- [to] will find [thing:a] in the box.
- Wrapped for [to] is [thing:a].
? What is in the parcel for [to]?
? What does the parcel for [to] contain?
? What is the content of the parcel for [to]?
? What does [to] get in the parcel?
? Which thing is in the parcel for [to]?
? What did somebody send to [to]?
? What is packed in the parcel for [to]?
? What has [to] ordered?
! What is inside the parcel for [to]?
! What will [to] find in the parcel?
> The parcel for [to] contains [thing:a].
@ number | parcel number | extension
+ The number of the parcel for [to] is [number].
+ The parcel for [to] has the number [number].
+ The parcel number is [number].
+ Ask for number [number] to find the parcel for [to].
+ On the parcel for [to] is the number [number].
- The parcel for [to] is listed under [number].
- The code [number] is printed on the parcel for [to].
? What is the number of the parcel for [to]?
? Which number does the parcel for [to] have?
? What number is on the parcel for [to]?
? What is the parcel number of [to]?
? By which number can I find the parcel for [to]?
? Which number belongs to the parcel for [to]?
? What parcel number does [to] have?
? Which parcel number is given for [to]?
! Under which number is the parcel for [to] known?
! Which number is printed on the parcel for [to]?
> The number of the parcel for [to] is [number].
= [sender] sent a parcel to [to] in [town].
= The parcel for [to] contains [thing:a] and goes to [town].
= The parcel from [sender] for [to] arrives on [day].
= The parcel for [to] weighs [weight] and comes from [sender].
"""

ORDER = """
@ who | name of the guest | person
* [who]
? Who orders food?
? What is the name of the guest?
? Which guest is in the text?
? Who is the guest?
? Which person eats in the restaurant?
? Who sits in the restaurant?
! Who is hungry?
! Which person visits the restaurant?
> The guest is [who].
@ dish | main dish | food
+ [who] {orders|ordered} [dish] {as the main dish|for dinner}.
+ The main dish of [who] is [dish].
+ The main dish is [dish].
+ The waiter brings [who] [dish] as the main dish.
+ As a main dish, [who] {eats|has|wants} [dish].
- [who] picks [dish] from the list of main dishes.
- A plate of [dish] is the main dish for [who].
? What does [who] order?
? What is the main dish of [who]?
? What does [who] have as the main dish?
? Which main dish does [who] order?
? What food does [who] order?
? What does [who] eat?
? Which food did [who] ask for?
? What is brought to [who] as the main dish?
! What does [who] eat as the main course?
! Which dish did [who] choose?
< Who orders [dish]?
> [who] orders [dish].
@ table | table number | table
+ [who] {sits|is} at table [table].
+ The table number is [table].
+ The table of [who] has the number [table].
+ The guest [who] booked table [table].
+ Table [table] is {for|taken by} [who].
- You can find [who] at table [table].
- A waiter shows [who] to table [table].
? At which table does [who] sit?
? What is the table number of [who]?
? Which table is for [who]?
? What table did [who] get?
? Where does [who] sit, at which table?
? What is the number of [who]'s table?
? Which table number does [who] have?
? To which table does [who] go?
! What number does the table of [who] have?
! At what table can you find [who]?
> [who] sits at table [table].
@ bill | bill | price
+ [who] {pays|has to pay} [bill].
+ The bill of [who] is [bill].
+ The bill is [bill].
+ {Everything|The meal} costs [who] [bill].
+ In the end, [who] pays a bill of [bill].
- The waiter asks [who] for [bill].
- [who] spends [bill] in all.
? How much does [who] pay?
? How much is the bill of [who]?
? What does [who] pay?
? What is the bill of [who]?
? How much money does [who] pay?
? What did the meal of [who] cost?
? How high is the bill of [who]?
? What is the price of the meal for [who]?
! How much money does [who] spend?
! What does the meal cost [who]?
> [who] pays [bill].
@ time | time | clock
+ [who] {comes|arrives} at [time].
+ The guest {comes|arrives} at [time].
+ At [time], [who] {comes in|arrives}.
+ [who] will be there at [time].
+ The time for which [who] booked is [time].
- The door opens at [time] and [who] walks in.
- [who] is expected by [time].
? When does [who] arrive?
? At what time does [who] come?
? What time does [who] arrive?
? At what time will [who] be there?
? What is the time of [who]'s visit?
? When does [who] come?
? At which time does [who] come to the restaurant?
? At what hour does [who] arrive?
! At which hour does [who] come in?
! For what time is [who] expected?
> [who] arrives at [time].
@ waiter | waiter | person
+ The waiter of [who] is [waiter].
+ [waiter] {waits on|serves} [who].
+ The waiter is {called|named} [waiter].
+ [who] is served by [waiter].
+ [who] thanks [waiter], the waiter.
- The waiter [waiter] looks after [who].
- [waiter] brings the plates to [who].
? Who serves [who]?
? Who is the waiter of [who]?
? By whom is [who] served?
? What is the name of the waiter of [who]?
? Which waiter does [who] have?
? Who brings the food to [who]?
? What is [who]'s waiter called?
! Which person serves [who]?
! Who waits on [who]?
> [waiter] serves [who].
@ spoons | number of spoons | count
+ [who] asks for [spoons] spoons.
+ The guest needs [spoons] spoons.
+ [who] {gets|needs} [spoons] spoons.
+ There are [spoons] spoons for [who].
+ The number of spoons for [who] is [spoons].
- In front of [who] lie [spoons] spoons.
- The kitchen gives [who] [spoons] spoons.
? How many spoons does [who] need?
? How many spoons does [who] get?
? What is the number of spoons for [who]?
? How many spoons are there for [who]?
? How many spoons are on the table of [who]?
? How many spoons does the table of [who] have?
? How many spoons did [who] ask for?
! How many spoons did [who] want?
! How many spoons are for [who]?
> [who] gets [spoons] spoons.
= [who] orders [dish] at table [table].
= [who] orders [dish] and pays [bill].
= [who] arrives at [time] and orders [dish].
= [who] sits at table [table] and is served by [waiter].
"""

DEVICE = """
@ device | name of the device | product
* the [device]
? What is the device called?
? What is the name of the device?
? Which device is the text about?
? What is the new device called?
? Which device is described?
! What name does the device have?
! Which machine does the passage present?
> The device is called [device].
@ maker | maker | company
+ The [device] is {made|built} by [maker].
+ [maker] {makes|builds|sells} the [device].
+ The maker of the [device] is [maker].
+ The maker is [maker].
+ [maker] has made a new device, the [device].
- The [device] leaves the factory of [maker].
- With the [device], [maker] shows its newest device.
? Who makes the [device]?
? Who is the maker of the [device]?
? Which company {makes|builds} the [device]?
? By whom is the [device] made?
? Which company is the maker of the [device]?
? What is the name of the maker of the [device]?
? Which company stands for the [device]?
! Which firm stands behind the [device]?
! From which company is the [device]?
< What does [maker] make?
> [maker] makes the [device].
@ price | price | price
+ The [device] {costs|is sold for} [price].
+ The price of the [device] is [price].
+ The price is [price].
+ You can {buy|get} the [device] for [price].
+ Shops sell the [device] for [price].
- Buyers of the [device] pay [price].
- For [price], the [device] is yours.
? How much is the [device]?
? How much does the [device] cost?
? What is the price of the [device]?
? What does the [device] cost?
? How much must I pay for the [device]?
? How much money is the [device]?
? At what price can I get the [device]?
! How much must buyers of the [device] pay?
! For how much is the [device] sold?
< Which device costs [price]?
> The [device] costs [price].
@ weight | weight | kilos
+ The [device] weighs [weight].
+ The weight of the [device] is [weight].
+ It weighs [weight].
+ The [device] has a weight of [weight].
+ At [weight], the [device] is {heavy|light for its size}.
- Lifting the [device] means lifting [weight].
- The scales show [weight] for the [device].
? How much does the [device] weigh?
? What is the weight of the [device]?
? How heavy is the [device]?
? What does the [device] weigh?
? How many kilograms is the [device]?
? What weight has the [device]?
? Is the [device] heavy, what does it weigh?
? How much weight does the [device] have?
! How many kilograms does the [device] weigh?
! Which weight does the [device] have?
> The [device] weighs [weight].
@ battery | battery life | hours
+ The battery of the [device] lasts [battery].
+ The [device] runs for [battery] {on one battery|without a cable}.
+ The battery lasts [battery].
+ The battery life of the [device] is [battery].
+ After [battery], the battery of the [device] is empty.
- You can use the [device] for [battery] before its battery is empty.
- One charge keeps the [device] going for [battery].
? How long does the battery of the [device] last?
? How long does the [device] run?
? What is the battery life of the [device]?
? After how long is the battery of the [device] empty?
? How many hours does the battery of the [device] last?
? For how long does the [device] run?
? How long can I use the [device] without a cable?
? How many hours does the [device] run?
! For how many hours can you use the [device]?
! How long does one charge of the [device] last?
> The battery of the [device] lasts [battery].
@ colour | colour | colour
+ The [device] is [colour].
+ The colour of the [device] is [colour].
+ It is [colour].
+ The [device] {is sold|comes} in [colour].
+ You can get the [device] in [colour].
- The case of the [device] is [colour].
- Painted in [colour], the [device] looks good.
? What colour is the [device]?
? What is the colour of the [device]?
? In which colour is the [device] sold?
? Which colour does the [device] have?
? What colour does the [device] have?
? What is the [device]'s colour?
? What colour do people get the [device] in?
? The [device] is in which colour?
! Which colour is the [device]?
! What colour is the case of the [device]?
> The [device] is [colour].
@ promise | guarantee | days
+ The guarantee of the [device] is [promise].
+ The [device] has a guarantee of [promise].
+ The guarantee lasts [promise].
+ The [device] comes with a guarantee of [promise].
+ Buyers get a guarantee of [promise] for the [device].
- For [promise], the [device] is under guarantee.
- The guarantee of the [device] ends after [promise].
? How long is the guarantee of the [device]?
? What is the guarantee of the [device]?
? How long does the guarantee of the [device] last?
? What guarantee does the [device] have?
? How many days is the guarantee of the [device]?
? For how long is the [device] guaranteed?
? How many days of guarantee does the [device] have?
? What is the length of the guarantee of the [device]?
! For how many days is the [device] under guarantee?
! After how long does the guarantee of the [device] end?
> The guarantee of the [device] is [promise].
= The [device] by [maker] costs [price].
= The [device] costs [price] and weighs [weight].
= [maker] makes the [device], which is [colour].
= The [device] runs for [battery] and costs [price].
"""

ORDERS_AND_DEVICES = [DELIVERY, ORDER, DEVICE]
