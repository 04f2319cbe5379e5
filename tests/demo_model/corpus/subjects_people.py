"""What contexts tell of people, and how it is asked. The notation is explained in ``contexts``."""

from __future__ import annotations

PERSON = """
@ name | name of the person | person
* [name]
? Who is {the text|this text|the passage} about?
? What is the name of the person?
? Which person {is described|does the text describe}?
? Whom does the text describe?
? Which name does the person have?
? What is the person's name?
? Tell me the name of the person.
? Whose life does the text tell about?
! Who does this passage talk about?
! What is the person called?
> The text is about [name].
@ job | job | job
+ [name] works as [job:a].
+ [name] is [job:a] {by trade|by profession|}.
+ [name] {earns a living|makes money} as [job:a].
+ They {work|have worked for years} as [job:a].
+ {For a living|At work}, [name] is [job:a].
+ [name] {became|trained to be} [job:a] {long ago|some years ago}.
+ By day, [name] is [job:a].
- [name] has a position as [job:a].
- Being [job:a] is what [name] does all week.
? What is [name]'s job?
? What does [name] do for a living?
? What does [name] work as?
? What {work|job} does [name] {do|have}?
? What is the job of the person in the text?
? What is the profession of [name]?
? What is [name] by profession?
? Which profession does [name] have?
? What does [name] do all day at work?
? As what does [name] work?
? What kind of work does [name] do?
? What is the work of [name]?
! How does [name] earn money?
! Which job does [name] hold?
< Who works as [job:a]?
< Who is [job:a]?
> [name] works as [job:a].
@ town | home town | place
+ [name] lives in [town].
+ [name] has {a house|a flat|a small home} in [town].
+ {The home|The house} of [name] is in [town].
+ They live in {|the middle of |the north of }[town].
+ [name] {moved to|settled in} [town] {years ago|last year} and lives there now.
+ Home for [name] is [town].
- [town] is where [name] lives.
- [name] rents two rooms in [town].
? Where does [name] live?
? {In which|In what} town does [name] live?
? What is the home town of [name]?
? Which town is home to [name]?
? Where is the home of [name]?
? Where does the person in the text live?
? In which place does [name] have a home?
? Where is [name] at home?
? Where can I visit [name]?
? Which town does [name] live in?
? What is the name of the town where [name] lives?
? Where has [name] settled?
! Which place does [name] live in?
! In which place can you find [name]'s home?
< Who lives in [town]?
> [name] lives in [town].
@ age | age | age
+ [name] is [age] years old.
+ [name] {turned|became} [age] {this year|last week|in spring}.
+ At the age of [age], [name] is {still|always} full of {ideas|energy}.
+ They are [age] years old.
+ The age of [name] is [age].
+ [name], who is [age], feels {young|fine}.
- [name] has just had a birthday and is now [age].
- [name] is aged [age].
? How old is [name]?
? What is the age of [name]?
? What age is [name]?
? What is [name]'s age?
? How old is the person in the text?
? How many years has [name] lived?
? How old did [name] turn?
? What is the age of the person in the text?
? How many years of age is [name]?
! How many years old is [name]?
! What is the age of the person?
< Who is [age] years old?
> [name] is [age] years old.
@ pet | kind of pet | animal
+ [name] {has|owns|keeps} [pet:a].
+ [name] shares {a|the} home with [pet:a].
+ They {have|keep} [pet:a] {as a pet|at home}.
+ The pet of [name] is [pet:a].
+ [name] {looks after|takes care of} [pet:a].
- There is [pet:a] in the home of [name].
- [name] got [pet:a] as a present.
? What pet does [name] have?
? What kind of pet does [name] have?
? Which animal does [name] {keep|own}?
? What animal lives with [name]?
? What is [name]'s pet?
? Which animal is the pet of [name]?
? What animal does [name] look after?
? What kind of animal shares the home of [name]?
? Which kind of pet does [name] keep?
? Does [name] have a pet, and what is it?
! What sort of animal does [name] have?
! Which pet belongs to [name]?
< Who {has|owns} [pet:a]?
> [name] has [pet:a].
@ hobby | hobby | hobby
+ [name] {likes|loves|enjoys} [hobby].
+ {In the evening|At the weekend|On free days}, [name] enjoys [hobby].
+ The {favourite hobby|hobby} of [name] is [hobby].
+ They {like|love} [hobby] {in their free time|on Sundays|}.
+ In {their|any} free time, [name] is often [hobby].
+ [name] spends {free days|many hours} [hobby].
- Nothing makes [name] happier than [hobby].
- After work, [name] relaxes by [hobby].
? What is [name]'s hobby?
? What does [name] like doing?
? What does [name] enjoy?
? What is the hobby of [name]?
? What does [name] do in their free time?
? Which hobby does [name] have?
? What does [name] love to do?
? What is the favourite hobby of [name]?
? What does [name] do on free days?
? How does [name] relax?
? What does [name] like to do at the weekend?
? Which free time activity does [name] like?
! How does [name] spend free time?
! What does [name] do for fun?
< Who {likes|enjoys} [hobby]?
> [name] enjoys [hobby].
@ food | favourite food | food
+ The favourite food of [name] is [food].
+ [name] {likes|loves} to eat [food].
+ [name] could eat [food] every day.
+ Their favourite {food|meal} is [food].
+ For {lunch|dinner}, [name] prefers [food].
+ No food pleases [name] more than [food].
- When hungry, [name] always wants [food].
- [name] thinks that [food] tastes best.
? What is [name]'s favourite food?
? What does [name] like to eat?
? What food does [name] like best?
? Which food does [name] prefer?
? What is the favourite food of [name]?
? What should I cook for [name]?
? Which dish is the favourite of [name]?
? What is the best food for [name]?
? What does [name] eat with the most joy?
? Which food does [name] enjoy most?
! Which meal does [name] love most?
! What would [name] most like to eat?
< Who likes to eat [food]?
> The favourite food of [name] is [food].
@ colour | favourite colour | colour
+ The favourite colour of [name] is [colour].
+ [name] likes the colour [colour] best.
+ Their favourite colour is [colour].
+ Of all colours, [name] prefers [colour].
+ [name] {always|often} wears [colour], the colour they like best.
- [name] finds [colour] the nicest colour of all.
- Asked for a favourite colour, [name] says [colour].
? What is [name]'s favourite colour?
? Which colour does [name] like best?
? What colour does [name] prefer?
? What is the favourite colour of [name]?
? Which colour is the favourite of [name]?
? What is the colour that [name] likes?
? Which colour is best for [name]?
? What colour pleases [name] most?
? In which colour would [name] paint a room?
! What colour does [name] love most?
! Which colour would [name] choose?
> The favourite colour of [name] is [colour].
@ month | birthday month | month
+ [name] {was born in|has a birthday in} [month].
+ The birthday of [name] is in [month].
+ Their birthday is in [month].
+ [name] celebrates {a|their} birthday in [month].
+ Each [month], [name] has a birthday party.
- In [month], [name] becomes a year older.
- The month in which [name] was born is [month].
? When is [name]'s birthday?
? In which month was [name] born?
? In what month is the birthday of [name]?
? When does [name] have a birthday?
? Which month is the birthday of [name] in?
? In what month does [name] turn a year older?
? What month is [name]'s birthday in?
? When was [name] born, in which month?
? What is the birthday month of [name]?
? When can we congratulate [name]?
! What is the birth month of [name]?
! In which month does [name] celebrate a birthday?
> The birthday of [name] is in [month].
@ sibling | name of the sibling | person
+ [name] has a {brother|sister} {called|named} [sibling].
+ The {brother|sister|twin} of [name] is [sibling].
+ [name] {often visits|grew up with} {a brother|a sister} named [sibling].
+ Their {brother|sister} is called [sibling].
+ [name] and [sibling] are {brother and sister|siblings|twins}.
- [sibling] is the younger sibling of [name].
- [name] has one sibling, [sibling].
? What is the name of [name]'s sibling?
? Who is the sibling of [name]?
? What is [name]'s sibling called?
? Which sibling does [name] have?
? Who is [name]'s sibling?
? Who is the brother or sister of [name]?
? What is [name]'s brother or sister called?
? With whom did [name] grow up?
? Which person is the sibling of [name]?
! How is the sibling of [name] called?
! What name does [name]'s sibling have?
> The sibling of [name] is [sibling].
= [name] is [job:a] who lives in [town].
= [name] is [job:a] from [town] and enjoys [hobby].
= [name] is [age] years old and works as [job:a].
= [name] lives in [town] and has [pet:a].
= [name] has [pet:a] and enjoys [hobby].
= [name] is [job:a] whose favourite food is [food].
= [name], who is [age], lives in [town] and enjoys [hobby].
"""

PEOPLE = [PERSON]
