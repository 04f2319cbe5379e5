"""What contexts tell of books, towns and recipes, and how it is asked. The notation is explained in ``contexts``."""

from __future__ import annotations

BOOK = """
@ title | title | title
* [title]
? What is the title of the book?
? Which book is the text about?
? What is the book called?
? What book is it?
? Which title does the book have?
? What is the name of the book?
! What title does the book have?
! How is the book called?
> The book is called [title].
@ author | author | person
+ [author] {wrote|is the author of} [title].
+ [title] is a book by [author].
+ The author of [title] is [author].
+ The author is {called|named} [author].
+ The book [title] was written by [author].
- [title] came from the pen of [author].
- With [title], [author] became a known author.
? Who wrote [title]?
? Who is the author of [title]?
? By whom was [title] written?
? Which author wrote [title]?
? What is the name of the author of [title]?
? Who is the writer of [title]?
? Which person wrote [title]?
? Whose book is [title]?
? Who created the book [title]?
! From whom is the book [title]?
! Which person wrote the book [title]?
< What did [author] write?
< Which book is by [author]?
> [author] wrote [title].
@ year | year | year
+ [title] {came out|was published|appeared} in [year].
+ The book [title] is from [year].
+ It was {printed|published} in [year].
+ In [year], [title] {came out|was published}.
+ [title] was first sold in [year].
- Readers could first buy [title] in [year].
- [year] was the year in which [title] was printed.
? When was [title] published?
? When did [title] come out?
? In which year was [title] published?
? What year is [title] from?
? In what year did [title] come out?
? What is the year of [title]?
? What year was [title] published?
? Since which year can people read [title]?
! In what year did [title] appear?
! When was the book [title] first printed?
> [title] was published in [year].
@ pages | number of pages | pages
+ [title] has [pages] pages.
+ The book [title] is [pages] pages long.
+ It has [pages] pages.
+ There are [pages] pages in [title].
+ It takes [pages] pages to tell the story of [title].
- A reader of [title] must turn [pages] pages.
- [title] fills [pages] pages.
? How many pages does [title] have?
? How long is [title]?
? What is the number of pages of [title]?
? How many pages are in [title]?
? How thick is [title]?
? How many pages must I read in [title]?
? What is the length of [title] in pages?
! How many pages long is [title]?
! Of how many pages does [title] consist?
> [title] has [pages] pages.
@ topic | subject of the book | subject
+ [title] is about [topic].
+ The book [title] {tells of|deals with} [topic].
+ It is a {book|story} about [topic].
+ The subject of [title] is [topic].
+ In [title], you can read about [topic].
- [title] makes readers think of [topic].
- Whoever reads [title] learns much about [topic].
? What is [title] about?
? What does [title] deal with?
? What is the subject of [title]?
? What does the book [title] tell of?
? What is the topic of [title]?
? Which subject does [title] have?
? What is the story of [title] about?
? What does the reader of [title] learn about?
! What can you read about in [title]?
! What subject does [title] have?
< Which book is about [topic]?
> [title] is about [topic].
@ place | place of the library | place
+ A copy of [title] is in the library of [place].
+ The library of [place] {has|lends} [title].
+ You can find it in the library of [place].
+ Readers can borrow [title] in the library of [place].
- The library in [place] bought [title].
- In [place], the library keeps [title].
? Which town's library has [title]?
? In which town can you borrow [title]?
? Where can you find [title]?
? Where is a copy of [title]?
? In which library can you find [title]?
? Where can I borrow [title]?
? In what town is a copy of [title]?
? Which town has a copy of [title]?
! In what town does a library keep [title]?
! Where can readers get [title]?
> [title] is in the library of [place].
= [title] is a book by [author] about [topic].
= [title] by [author] was published in [year].
= [title] is a book about [topic] with [pages] pages.
= [author] wrote [title], which has [pages] pages.
"""

TOWN = """
@ town | name of the town | place
* [town]
? Which town is the text about?
? What is the name of the town?
? What town is described?
? Which town does the text describe?
? What is the name of the place?
! What is the town called?
! Which town does this passage present?
> The text is about [town].
@ river | river | river
+ [town] {lies|is} on the river [river].
+ The river [river] {runs|flows} through [town].
+ The river there is {called|named} the [river].
+ Many boats on the river [river] stop in [town].
+ People in [town] {swim|fish} in the river [river].
- At [town], a bridge crosses the river [river].
- The water of the river [river] reaches [town].
? Which river flows through [town]?
? On which river is [town]?
? What is the river in [town] called?
? What is the name of the river in [town]?
? Which river is near [town]?
? What river does [town] have?
? By which river does [town] lie?
? What is the river of [town]?
! Which river runs by [town]?
! At what river does [town] lie?
> [town] lies on the river [river].
@ people | number of inhabitants | residents
+ [town] has [people] {inhabitants|residents}.
+ {About|Around} [people] people live in [town].
+ There are [people] {inhabitants|residents}.
+ [town] is home to [people] people.
+ The number of inhabitants of [town] is [people].
- In [town], [people] people have their homes.
- [town] counts [people] people.
? How many people live in [town]?
? How many inhabitants does [town] have?
? What is the number of inhabitants of [town]?
? How many residents are there in [town]?
? How large is the population of [town]?
? How many residents has [town]?
? How many people have a home in [town]?
! What is the population of [town]?
! How many people call [town] home?
> [town] has [people] inhabitants.
@ goods | thing it is known for | crop
+ [town] is {known|famous} for [goods].
+ Visitors come to [town] for its [goods].
+ The town is {known|famous} for [goods].
+ People know [town] for [goods].
+ What made [town] famous is [goods].
- Whoever hears of [town] thinks of [goods].
- [town] owes its good name to [goods].
? What is [town] known for?
? What is [town] famous for?
? What do visitors come to [town] for?
? For what is [town] known?
? What is the speciality of [town]?
? What makes [town] famous?
? What is [town] proud of?
? What can you buy in [town]?
! What made [town] well known?
! What do people know [town] for?
< Which town is {known|famous} for [goods]?
> [town] is known for [goods].
@ mayor | mayor | person
+ The mayor of [town] is [mayor].
+ [mayor] is the mayor of [town].
+ The mayor is {called|named} [mayor].
+ [mayor] {became|was elected} mayor of [town] {last year|in May|in autumn}.
+ [town] has a mayor named [mayor].
- As mayor, [mayor] leads [town].
- In [town], people voted for [mayor] as mayor.
? Who is the mayor of [town]?
? What is the name of the mayor of [town]?
? What is the mayor of [town] called?
? Which person is mayor of [town]?
? Who leads [town]?
? Who runs [town] as its mayor?
? Which mayor does [town] have?
? Who was chosen as mayor of [town]?
! Who leads [town] as mayor?
! Who was elected mayor in [town]?
> The mayor of [town] is [mayor].
@ year | founding year | year
+ [town] was {founded|built} in [year].
+ The town {was founded in|has existed since} [year].
+ [town] has existed since [year].
+ The founding year of [town] is [year].
+ In [year], [town] was founded.
- The first houses of [town] were built in [year].
- The history of [town] began in [year].
? When was [town] founded?
? In which year was [town] founded?
? What is the founding year of [town]?
? Since when has [town] existed?
? What year was [town] founded?
? When did [town] begin?
? How old is [town], since when does it stand?
? From which year is [town]?
! What year was [town] founded in?
! How long has [town] been there, since which year?
> [town] was founded in [year].
@ spot | best-known place | spot
+ The best-known place in [town] is the [spot].
+ In [town], tourists visit the [spot] {first|most}.
+ Most tourists visit the [spot].
+ Many photos of [town] show the [spot].
+ [town] is proud of its [spot].
- Nobody leaves [town] without a look at the [spot].
- The pride of [town] is the [spot].
? What is the best-known place in [town]?
? What do tourists visit in [town]?
? Which place in [town] is best known?
? What should you see in [town]?
? Which place do visitors of [town] like?
? What can tourists see in [town]?
? What is [town]'s best-known place?
? Where do visitors of [town] go?
! Which spot in [town] do visitors like most?
! What is the most famous place in [town]?
> The best-known place in [town] is the [spot].
= [town] is a town on the river [river] known for [goods].
= [town] is a town with [people] inhabitants on the river [river].
= [town], founded in [year], is known for [goods].
= [town] is a town with [people] inhabitants, and its mayor is [mayor].
"""

RECIPE = """
@ dish | dish | food
* the [dish]
? What dish is the recipe for?
? What is being cooked?
? Which dish is made?
? What do they cook?
? Which dish is the text about?
? What is the meal?
! What does the recipe make?
! Which meal does the text explain?
> The dish is [dish].
@ cook | cook | person
+ [cook] {cooks|makes|prepares} the [dish].
+ The cook of the [dish] is [cook].
+ The recipe for the [dish] {is|comes} from [cook].
+ The cook is {called|named} [cook].
+ Today [cook] is making the [dish].
- [cook] stands in the kitchen and prepares the [dish].
- Nobody makes the [dish] better than [cook].
? Who {cooks|makes} the [dish]?
? Who prepares the [dish]?
? What is the name of the cook of the [dish]?
? Who is the cook of the [dish]?
? Who is making the [dish]?
? Who stands in the kitchen for the [dish]?
? By whom is the [dish] cooked?
! Which person cooks the [dish]?
! By whom is the [dish] made?
> [cook] makes the [dish].
@ time | cooking time | minutes
+ The [dish] {cooks for|takes|needs} [time].
+ The cooking time of the [dish] is [time].
+ It must cook for [time].
+ After [time], the [dish] is {ready|done}.
+ Give the [dish] [time] to cook.
- You have to wait [time] until the [dish] is ready.
- Making the [dish] is a matter of [time].
? How long does the [dish] take?
? How long does the [dish] cook?
? What is the cooking time of the [dish]?
? How long does the [dish] need?
? How many minutes does the [dish] cook?
? After how many minutes is the [dish] done?
? For how long must the [dish] cook?
? How much time does the [dish] take?
! After how long is the [dish] ready?
! How much time does the [dish] need?
> The [dish] takes [time].
@ heat | oven temperature | degrees
+ The [dish] needs an oven at [heat].
+ Heat the oven to [heat] for the [dish].
+ The oven must be at [heat].
+ The oven temperature for the [dish] is [heat].
+ Keep the [dish] warm at [heat].
- An oven of [heat] is right for the [dish].
- For the [dish], the oven is turned up to [heat].
? How hot should it be for the [dish]?
? What is the temperature for the [dish]?
? At what temperature is the [dish] made?
? What oven temperature does the [dish] need?
? How many degrees does the [dish] need?
? To how many degrees should I heat the oven for the [dish]?
? What heat does the [dish] need?
? How hot is the oven for the [dish]?
! To how many degrees is the oven heated for the [dish]?
! Which heat does the [dish] need?
> The [dish] needs [heat].
@ guests | number of guests | count
+ The [dish] is {enough|made} for [guests] guests.
+ There are [guests] guests for the [dish].
+ It is enough for [guests] guests.
+ [guests] guests will eat the [dish].
+ The number of guests for the [dish] is [guests].
- The [dish] must feed [guests] guests.
- A party of [guests] guests waits for the [dish].
? How many guests is the [dish] for?
? For how many guests is the [dish]?
? How many guests will eat the [dish]?
? What is the number of guests for the [dish]?
? How many people is the [dish] for?
? How many guests get the [dish]?
? For how many people is the [dish]?
! How many people get some of the [dish]?
! How many guests does the [dish] feed?
> The [dish] is for [guests] guests.
@ butter | amount of butter | grams
+ The [dish] needs [butter] of butter.
+ Take [butter] of butter for the [dish].
+ Add [butter] of butter.
+ The amount of butter for the [dish] is [butter].
+ There {are|must be} [butter] of butter in the [dish].
- Mix the [dish] with [butter] of butter.
- Buy [butter] of butter to make the [dish].
? How much butter does the [dish] need?
? How much butter is in the [dish]?
? How much butter do you need for the [dish]?
? What is the amount of butter for the [dish]?
? How many grams of butter does the [dish] need?
? How many grams of butter are in the [dish]?
? What amount of butter does the [dish] take?
! What amount of butter goes into the [dish]?
! How many grams of butter does the [dish] take?
> The [dish] needs [butter] of butter.
@ day | weekday | weekday
+ The [dish] is {made|cooked|served} on [day].
+ On [day], there is the [dish].
+ It will be served on [day].
+ The [dish] is {planned|meant} for [day].
+ Everyone waits for [day] to eat the [dish].
- The [dish] comes to the table on [day].
- [day] is the day for the [dish].
? When is the [dish] served?
? On which day is the [dish] made?
? What day is the [dish] for?
? On what day can you eat the [dish]?
? On which weekday is the [dish] served?
? When is the [dish] eaten?
? When do the guests get the [dish]?
? Which weekday is the [dish] for?
! When does the [dish] come to the table?
! For which day is the [dish]?
> The [dish] is served on [day].
= [cook] makes the [dish] for [guests] guests.
= The [dish] takes [time] and is for [guests] guests.
= The [dish] by [cook] takes [time] at [heat].
= [cook] makes the [dish] with [butter] of butter.
"""

BOOKS_AND_TOWNS = [BOOK, TOWN, RECIPE]
