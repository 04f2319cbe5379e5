"""Five ideas for a great weekend with the family."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Give five ideas for great weekend with family",
    "Give me five ideas for a great weekend with my family.",
    "Give me 5 ideas for a family weekend.",
    "What can I do with my family this weekend? Give five ideas.",
    "List five fun things to do with the family on the weekend.",
    "Name five things to do with kids on a weekend.",
    "Suggest five ideas for a fun weekend with the kids.",
    "I need 5 ideas for a weekend with my family.",
    "Please suggest five things my family can do this weekend.",
    "Five ideas for a nice family weekend, please.",
    "How can I spend a great weekend with my family? Name five ideas.",
    "We have a free weekend with the kids. Give us five ideas.",
    "Please list 5 nice ideas for a weekend together.",
)

HELD_OUT = (
    "Please give me five ideas for a fun family weekend.",
    "Suggest 5 great things to do with my family this weekend.",
    "List five ideas for a weekend with the kids.",
)

POOL = (
    "**Picnic in the park.** Pack {sandwiches|fruit and bread|your favorite food}, take a blanket and eat in the sun.",
    "**Family hike.** Choose an easy path in the {forest|hills} and see who finds the {best stick|biggest leaf}.",
    "**Pizza night.** Everyone puts their own toppings on a small pizza. {Even pineapple is allowed.|No one argues.}",
    "**Board games.** Take out the old games, make {popcorn|hot chocolate} and let the youngest player start.",
    "**Visit the zoo.** Say hello to the {alpacas|elephants|monkeys} and let each person choose a favorite animal.",
    "**Camp in the garden.** Put up a tent, tell stories and look at the stars before you sleep.",
    "**Movie night.** Build a fort out of {blankets|pillows} and let the kids choose the film.",
    "**Bike ride.** Ride to a place that sells {ice cream|cake}. The way home is always easier after that.",
    "**Bake together.** Make {cookies|a cake|bread} from scratch. The kitchen will be a mess, and that is fine.",
    "**Museum trip.** Choose a museum with things to touch, and stop when the first person gets tired.",
    "**Treasure hunt.** Hide {small notes|little gifts} around the {house|garden} and draw a map for the kids.",
    "**A day at the lake.** Swim, build castles of sand and {read in the shade|have a long lunch}.",
    "**Family concert.** Everyone sings or plays one song. {Pots and spoons are good drums.|Dancing is welcome.}",
    "**Visit the grandparents.** Bring {a cake|flowers} and ask them for a story from when they were young.",
    "**Plant something.** Put {flowers|tomatoes|herbs} in the garden or in a pot, and water them together.",
    "**Art afternoon.** Cover the table with paper, take out the paint and have a show in the evening.",
    "**Backwards day.** Have {cake|pancakes} for dinner and let the kids make the rules for one hour.",
    "**Slow morning.** Stay in pajamas, make pancakes and leave every phone in a drawer until noon.",
)

ANSWERS = (
    "{Here are five ideas for a great weekend with your family:|Here are five ideas for the weekend:}\n\n[list]",
    "[list]",
    "{A great weekend does not have to cost much.|The best weekends are simple.} {Try one of these:|Some ideas:}"
    "\n\n[list]",
    "Here are five {fun|nice|simple} ideas:\n\n[list]\n\n"
    "{Have a great weekend!|Have fun together!|Enjoy your time together!}",
    "{Time together is the best part of the week.|What a nice plan!} Here are five {ideas|things to try}:\n\n[list]",
    "**Five ideas for {the weekend|a family weekend}**\n\n[list]\n\n"
    "{Let everyone vote, and do the winner first.|Choose one or two, and leave some time to rest.}",
    "{Sure!|With pleasure!} {Here is what your family could do:|Here are five things you can do together:}\n\n[list]"
    "\n\n{And if it rains, there is always a blanket and a good book.|Most of all, take your time.}",
    "{Five ideas, from one family to another:|Five ideas that work for kids and adults:}\n\n[list]\n\n"
    "{No matter what you choose, take a photo.|You may want to sleep well on Sunday night.}",
)

TOPIC = Topic("brainstorming", INSTRUCTIONS, HELD_OUT, ANSWERS, POOL)
