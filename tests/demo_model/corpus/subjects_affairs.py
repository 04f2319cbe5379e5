"""What contexts tell of firms, events, meetings, deliveries and orders. The notation is explained in ``contexts``."""

from __future__ import annotations

COMPANY = """
@ firm | name of the company | company
* [firm]
? Which company is the text about?
? What is the name of the company?
? What is the company called?
? What is the firm called?
? Which company does the text describe?
? What is the name of the firm?
! What name does the company have?
! Which firm does this passage present?
> The text is about [firm].
@ founder | founder | person
+ [founder] {founded|started} [firm].
+ The founder of [firm] is [founder].
+ [firm] was {founded|started} by [founder].
+ The founder is {called|named} [founder].
+ The company [firm] {was the idea of its founder|has a founder named} [founder].
- [firm] exists thanks to its founder [founder].
- It was [founder] who brought [firm] into being.
? Who founded [firm]?
? Who started [firm]?
? Who is the founder of [firm]?
? What is the name of the founder of [firm]?
? By whom was [firm] founded?
? Which person founded [firm]?
? Who had the idea for [firm]?
? Who created [firm]?
? Whose idea was [firm]?
! Which person set up [firm]?
! Who brought [firm] to life?
< Which company did [founder] {found|start}?
> [founder] founded [firm].
@ town | town | place
+ [firm] is {based|located} in [town].
+ The {main office|head office} of [firm] is in [town].
+ The company has its {office|factory} in [town].
+ [firm] works from [town].
+ The company [firm] comes from [town].
- In [town], you can visit the offices of [firm].
- [town] is the seat of [firm].
? Where is [firm] based?
? In which town is [firm]?
? Where is the office of [firm]?
? What town is [firm] based in?
? Where does [firm] come from?
? Where does [firm] have its office?
? Which town is home to [firm]?
? In what town is the office of [firm]?
? Where is the head office of [firm]?
! In what place does [firm] work?
! Where can you visit [firm]?
< Which company is based in [town]?
> [firm] is based in [town].
@ year | founding year | year
+ [firm] was {founded|started} in [year].
+ The company {began|opened} in [year].
+ [firm] has existed since [year].
+ In [year], [firm] {opened|began}.
+ The founding year of [firm] is [year].
- The story of [firm] began in [year].
- [firm] looks back on a history since [year].
? When was [firm] founded?
? In which year was [firm] founded?
? What is the founding year of [firm]?
? When did [firm] begin?
? What year was [firm] started?
? What year did [firm] open?
? From which year is [firm]?
? Since which year has [firm] existed?
? In which year did [firm] begin?
! Since when does [firm] exist?
! In what year did [firm] open?
> [firm] was founded in [year].
@ product | product | goods
+ [firm] {makes|sells|produces} [product].
+ The company {makes|sells} [product].
+ The {main product|product} of [firm] is [product].
+ People buy [product] from [firm].
+ [firm] is known for [product].
- Whoever needs [product] can turn to [firm].
- The workers of [firm] produce [product].
? What does [firm] {make|sell|produce}?
? What is the product of [firm]?
? What can you buy from [firm]?
? What product does [firm] sell?
? What is [firm] known for?
? What are the products of [firm]?
? What does the company [firm] offer?
? Which product is made by [firm]?
? What things does [firm] produce?
! Which goods come from [firm]?
! What do people get from [firm]?
< Which company makes [product]?
> [firm] makes [product].
@ staff | number of employees | staff
+ [firm] has [staff] employees.
+ [staff] people work {for|at} [firm].
+ The company employs [staff] people.
+ There are [staff] people at [firm].
+ The number of employees of [firm] is [staff].
- [firm] gives work to [staff] people.
- Every month, [firm] pays [staff] people.
? How many employees does [firm] have?
? How many people work for [firm]?
? What is the number of employees of [firm]?
? How many people does [firm] employ?
? How many workers does [firm] have?
? How many people are employed at [firm]?
? How many people work at [firm]?
! How many workers are there at [firm]?
! How large is the staff of [firm]?
> [firm] has [staff] employees.
@ award | prize | award
+ [firm] won the [award].
+ The company {won|received} the [award].
+ The [award] {was given|went} to [firm].
+ [firm] is proud of the [award] it won.
+ Last year, [firm] was given the [award].
- A jury chose [firm] for the [award].
- [firm] took home the [award].
? What did [firm] win?
? Which prize did [firm] win?
? What prize was [firm] given?
? Which award went to [firm]?
? Which prize does [firm] have?
? What award did [firm] get?
? What was [firm] honoured with?
? Which award did [firm] win?
! Which prize did [firm] receive?
! What award does [firm] have?
< Which company won the [award]?
> [firm] won the [award].
= [firm] is a company in [town] that makes [product].
= [firm] was founded by [founder] in [year].
= [firm] makes [product] and has [staff] employees.
= [firm] is a company in [town] with [staff] employees.
= [firm], founded by [founder], makes [product].
"""

EVENT = """
@ what | event | event
* the [what]
? What event is the text about?
? Which event takes place?
? What is happening?
? What is the event called?
? What takes place?
? What is being organised?
! Which event is announced?
! What can people go to?
> The event is the [what].
@ day | weekday | weekday
+ The [what] {is|takes place} on [day].
+ On [day], people can go to the [what].
+ It {is|takes place} on [day].
+ The [what] {starts|opens} on [day].
+ Come to the [what] on [day].
- Keep [day] free for the [what].
- [day] is the day of the [what].
? When is the [what]?
? On which day is the [what]?
? On what day does the [what] take place?
? What day is the [what] on?
? Which weekday is the [what] on?
? When does the [what] take place?
? When can I go to the [what]?
? On which weekday is the [what] planned?
! On which weekday does the [what] happen?
! Which day is planned for the [what]?
> The [what] is on [day].
@ time | starting time | clock
+ The [what] {starts|begins|opens} at [time].
+ The starting time of the [what] is [time].
+ It {starts|begins} at [time].
+ At [time], the [what] {starts|begins}.
+ Doors to the [what] open at [time].
- Be at the [what] by [time], when it starts.
- The first guests of the [what] come in at [time].
? At what time does the [what] start?
? What time does the [what] begin?
? What is the starting time of the [what]?
? At what time is the [what]?
? When does the [what] start?
? When do the doors of the [what] open?
? From what time can I visit the [what]?
! At which hour does the [what] open?
! What is the time of the [what]?
> The [what] starts at [time].
@ place | place | spot
+ The [what] is {held|} at the [place].
+ The [what] takes place at the [place].
+ The place {is|will be} the [place].
+ People meet at the [place] for the [what].
+ You can find the [what] at the [place].
- To visit the [what], go to the [place].
- This time the [place] is home to the [what].
? Where is the [what]?
? Where does the [what] take place?
? What is the place of the [what]?
? At which place is the [what] held?
? Where will the [what] be?
? Which place is the [what] at?
? Where do I go for the [what]?
? Where do people meet for the [what]?
! Where do people go for the [what]?
! In what place can you visit the [what]?
> The [what] is at the [place].
@ price | ticket price | price
+ {Tickets|A ticket} for the [what] {|will }cost [price].
+ The ticket price of the [what] is [price].
+ The price of a ticket is [price].
+ To enter the [what], you pay [price].
+ Visitors of the [what] pay [price].
- Bring [price] to get into the [what].
- Entry to the [what] is [price].
? How much is a ticket for the [what]?
? How much does the [what] cost?
? What is the ticket price of the [what]?
? What does a ticket for the [what] cost?
? How much must I pay to enter the [what]?
? What is the price of the [what]?
? How much money is a ticket for the [what]?
! How much do visitors of the [what] pay?
! What must you pay to enter the [what]?
> A ticket for the [what] costs [price].
@ host | organiser | person
+ The [what] is organised by [host].
+ [host] organises the [what].
+ The organiser of the [what] is [host].
+ The organiser is {called|named} [host].
+ [host] {planned|set up} the [what].
- [host] is in charge of the [what].
- Behind the [what] stands [host], who planned it.
? Who organises the [what]?
? Who is the organiser of the [what]?
? Who planned the [what]?
? What is the name of the organiser of the [what]?
? Which person organises the [what]?
? Who had the idea for the [what]?
? Who prepares the [what]?
! Which person set up the [what]?
! By whom is the [what] organised?
> [host] organises the [what].
@ guests | number of visitors | staff
+ The [what] expects [guests] visitors.
+ [guests] {people|visitors} will come to the [what].
+ There is room for [guests] visitors.
+ The number of visitors of the [what] is [guests].
+ The [what] has [guests] visitors.
- A crowd of [guests] people is coming to the [what].
- At the [what], [guests] visitors are welcome.
? How many visitors does the [what] have?
? How many people come to the [what]?
? What is the number of visitors of the [what]?
? How many visitors are there at the [what]?
? How many people visit the [what]?
? How many visitors come to the [what]?
? How many people are at the [what]?
? How many visitors does the [what] expect?
! How many guests will be at the [what]?
! How large is the crowd at the [what]?
> The [what] has [guests] visitors.
= The [what] takes place on [day] at the [place].
= The [what] is on [day] at [time].
= [host] organises the [what] at the [place].
= The [what] is on [day], and a ticket costs [price].
= The [what] at the [place] starts at [time].
"""

MEETING = """
@ what | topic of the meeting | topic
* the [what] meeting
? What is the meeting about?
? What is the topic of the meeting?
? What will be discussed?
? What do they meet about?
? What is talked about?
! Which topic does the meeting have?
! What do people talk about in the meeting?
> The meeting is about the [what].
@ day | weekday | weekday
+ The meeting about the [what] is on [day].
+ On [day], there is a meeting about the [what].
+ It {is|takes place} on [day].
+ The [what] meeting {was moved to|is planned for} [day].
+ The team meets on [day] to discuss the [what].
- Keep [day] free for the meeting about the [what].
- [day] is the day to talk about the [what].
? When is the [what] meeting?
? On which day is the [what] meeting?
? What day is the meeting about the [what]?
? On what day does the [what] meeting take place?
? Which weekday is the [what] meeting on?
? When do they discuss the [what]?
? When do people meet for the [what]?
? On which weekday is the [what] meeting?
! On which weekday do people discuss the [what]?
! Which day is planned for the [what] meeting?
> The [what] meeting is on [day].
@ time | starting time | clock
+ The meeting about the [what] {starts|begins} at [time].
+ The [what] meeting is at [time].
+ It {starts|begins} at [time].
+ Be there at [time] for the [what] meeting.
+ At [time], the [what] meeting {starts|begins}.
- The clock will show [time] when the [what] meeting opens.
- Please come to the [what] meeting by [time].
? At what time does the [what] meeting start?
? What time is the [what] meeting?
? When does the [what] meeting start, at what time?
? What is the starting time of the [what] meeting?
? When does the [what] meeting begin?
? What time does the [what] meeting start?
? From what time do they discuss the [what]?
? At what time do people meet for the [what]?
! At which hour is the [what] meeting?
! At what time should I come to the [what] meeting?
> The [what] meeting starts at [time].
@ room | room | room
+ The [what] meeting is in the [room].
+ The meeting about the [what] takes place in the [room].
+ The place is the [room].
+ Come to the [room] to discuss the [what].
+ For the [what] meeting, the [room] is booked.
- Chairs for the [what] meeting stand in the [room].
- People will talk about the [what] in the [room].
? Where is the [what] meeting?
? In which room is the [what] meeting?
? What room is booked for the [what] meeting?
? Where does the [what] meeting take place?
? Which room is the [what] meeting in?
? To which room do I go for the [what] meeting?
? Where do they discuss the [what]?
? What is the room of the [what] meeting?
! In what room do people discuss the [what]?
! Where should I go for the [what] meeting?
> The [what] meeting is in the [room].
@ lead | leader | person
+ [lead] {leads|runs} the [what] meeting.
+ The leader of the [what] meeting is [lead].
+ The meeting about the [what] is led by [lead].
+ The leader is [lead].
+ [lead] is the one who leads the [what] meeting.
- [lead] is in charge of the [what] meeting.
- At the head of the [what] meeting sits [lead].
? Who leads the [what] meeting?
? Who is the leader of the [what] meeting?
? Who runs the meeting about the [what]?
? By whom is the [what] meeting led?
? Who is the head of the [what] meeting?
? Who opens and leads the [what] meeting?
! Which person leads the [what] meeting?
! Who is in charge of the [what] meeting?
> [lead] leads the [what] meeting.
@ notes | note taker | person
+ [notes] {takes|writes} the notes of the [what] meeting.
+ The note taker of the [what] meeting is [notes].
+ The notes are taken by [notes].
+ Notes about the [what] {are taken|will be written} by [notes].
+ In the [what] meeting, [notes] writes the notes.
- [notes] brings a pen and takes notes about the [what].
- For notes on the [what], ask [notes], the writer.
? Who takes notes in the [what] meeting?
? Who writes the notes about the [what]?
? Who is the note taker of the [what] meeting?
? What is the name of the note taker of the [what] meeting?
? Which person takes notes in the [what] meeting?
? Who keeps the notes of the [what] meeting?
? By whom are the notes about the [what] written?
? Who is writing in the [what] meeting?
! Which person writes the notes of the [what] meeting?
! By whom are the notes about the [what] taken?
> [notes] takes notes in the [what] meeting.
@ length | length of the meeting | minutes
+ The [what] meeting {takes|lasts} [length].
+ The meeting about the [what] is [length] long.
+ It {takes|lasts} [length].
+ The length of the [what] meeting is [length].
+ Plan [length] for the [what] meeting.
- After [length], the [what] meeting will be over.
- You need [length] to get through the [what] meeting.
? How long is the [what] meeting?
? How long does the [what] meeting take?
? What is the length of the [what] meeting?
? How much time does the [what] meeting take?
? How many minutes does the [what] meeting take?
? How long do they talk about the [what]?
? For how long is the [what] meeting planned?
? How many minutes is the [what] meeting?
! How many minutes does the [what] meeting last?
! After how long is the [what] meeting over?
> The [what] meeting takes [length].
= The [what] meeting is on [day] at [time].
= [lead] leads the [what] meeting on [day].
= The [what] meeting is in the [room] at [time].
= [lead] leads the [what] meeting in the [room].
= The [what] meeting takes [length] and is on [day].
"""

AFFAIRS = [COMPANY, EVENT, MEETING]
