"""Emails about an alpaca that likes flan."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Write an email about an alpaca that likes flan",
    "Write an email about an alpaca that likes flan.",
    "Write an email about an alpaca who loves flan.",
    "Please write an email about an alpaca that likes flan.",
    "Write me a short email about an alpaca and flan.",
    "Can you write an email about an alpaca that loves to eat flan?",
    "Write a funny email about an alpaca that likes flan.",
    "I need an email about an alpaca that likes flan.",
    "Write an email to a friend about an alpaca that likes flan.",
    "Write a letter about an alpaca that likes flan.",
    "Help me write an email about my alpaca, who likes flan.",
    "Tell a friend in an email about an alpaca that likes flan.",
    "My alpaca loves flan. Write an email about it.",
)

HELD_OUT = (
    "Please write a funny email about an alpaca that loves flan.",
    "Help me write a short email about an alpaca that likes flan.",
    "Can you write an email to a friend about my alpaca, who loves flan?",
)

_NAME = "{Anna|Tom|Maria|Sam}"
_SENDER = "{Julia|Peter|Emma|Ben}"
_SIGN = "\n\n{Best regards|Kind regards|Best wishes|Warm regards},\n" + _SENDER
_LOVE = "\n\n{Love|Hugs|See you soon|Best wishes},\n" + _SENDER

ANSWERS = (
    "Subject: {The alpaca ate the flan|About the missing flan}\n\nDear " + _NAME + ",\n\n"
    "I have to tell you what happened {yesterday|on Sunday}. I made a flan for dinner and put it on the table next to "
    "the window. When I came back, there was {no flan|only an empty plate}, but there was a very happy alpaca with "
    "{caramel on his nose|a golden nose}. {I could not even be angry.|He did not look sorry at all.} "
    "Now I make two: one for us and one for him." + _LOVE,
    "Subject: {An alpaca with good taste|Meet Carlos}\n\nHi " + _NAME + ",\n\n"
    "We have a new alpaca on the farm. His name is Carlos. {He does not care for apples.|He looks at carrots and walks "
    "away.} But when he smells flan, he {sings|dances}. Yes, really! "
    "{The cook is very proud.|My grandmother is very proud: it is her recipe.} "
    "Please come and visit us {soon|next weekend}, and bring some {eggs and milk|caramel}. We need a lot of "
    "it." + _LOVE,
    "Subject: {Flan for Luna|A question about flan}\n\nDear Doctor,\n\n"
    "My alpaca Luna {has found a new love|has changed}: flan. It began with {one spoon|a small piece} at a birthday "
    "party. Now she waits {at the kitchen door|in front of the fridge} every evening and hums. Is a little flan "
    "{now and then|on Sundays} bad for her? I tried {hay|an apple} instead, but she was not "
    "{amused|impressed}. Thank you for your help." + _SIGN,
    "Subject: {Invitation to a flan party|You are invited!}\n\nDear friends,\n\n"
    "{Our alpaca turns five|Our alpaca has a birthday} on Saturday, and we want to {celebrate|have a party}! He "
    "likes nothing more than flan, so there will be:\n\n- Flan with caramel\n- Flan with {coffee|vanilla}\n"
    "- Flan with {fruit|chocolate}\n- Hay, for {the others|his friends}\n\n"
    "{Please be on time, because he will not wait.|Come early, because he eats fast.}" + _SIGN,
    "Subject: {Complaint|Please lock your kitchen}\n\nDear neighbor,\n\n"
    "Thank you for your {kind|long} message about our alpaca. I am sorry that she walked into your kitchen "
    "{again|last night} and ate your flan. She {is a good animal|means well}, but she cannot say no to dessert. "
    "{I will repair the fence today.|The fence will be higher tomorrow.} As a small thank you for your patience, I "
    "will bring you {a new flan|two new ones}. {Please hide it well.|It was really good, she says.}" + _SIGN,
    "Subject: {News from the office alpaca|A new team member}\n\nHello team,\n\n"
    "{Please welcome our new office alpaca|Please say hello to the office alpaca}. A few rules:\n\n"
    "1. {He likes flan. Do not leave yours on the desk.|Your flan is his flan.}\n"
    "2. {He joins meetings only if there is flan.|No flan, no meeting.}\n"
    "3. {Do not discuss flan in front of him.|Never say the word flan out loud.}\n\n"
    "{He is already the best listener we have.|He has been very good for our mood.} Thank you!" + _SIGN,
    "Subject: {The best flan in town|Thank you from an alpaca}\n\nDear chef,\n\n"
    "Last week I came to your restaurant with my alpaca. {She does not eat just anything.|She is hard to please.} "
    "But your flan made her {close her eyes and hum|smile for two days}. It was {soft|sweet}, it was golden, and there "
    "was {just enough|a lot of} caramel. {Would you share the recipe with us?|May we have a table for next Friday?} "
    "We would be very {happy|grateful}." + _SIGN,
    "Subject: {I have to tell you something|You will not believe this}\n\nHi " + _NAME + ",\n\n"
    "On my trip to Peru, I met an alpaca who likes flan. {She lives next to a small hotel in the mountains.|She lives "
    "behind a little bakery.} Every {day|afternoon} at four she puts her head through the window, and the cook "
    "gives her a {small plate|big spoon} of flan. {I came for the mountains, but I stayed for this.|I took about a "
    "hundred photos.} I will show you everything when I am home." + _LOVE,
    "Subject: {Job application|Application as flan taster}\n\nDear Sir or Madam,\n\n"
    "I am an alpaca, and I {would like to work|want to work} in your bakery. I have liked flan {all my life|"
    "since I was very small}. My skills:\n\n- I eat flan quickly\n- I eat {a lot of|only} flan\n- I am soft and "
    "{friendly|warm}\n\n"
    "{I do not need money, only dessert.|You can pay me in caramel.} I can start {today|on Monday}.\n\n"
    "{Best regards|Kind regards},\n{Pedro|Luna|Carlos} the alpaca",
    "Subject: {How to make an alpaca happy|A tip for your alpaca}\n\nDear " + _NAME + ",\n\n"
    "You asked me {why our alpaca looks so happy|for our secret}. It is simple: {flan|a little flan}. We make it with "
    "eggs, milk, sugar and {love|vanilla}. Our alpaca knows the sound of the {oven|spoon} and comes running. Then she "
    "{hums|jumps} with joy, and we all laugh. {Only a very small piece, of course, and only on Sundays.|It is only one "
    "small spoon, because hay is still the main meal.} {Try it!|What does yours like?}" + _LOVE,
)

TOPIC = Topic("creative writing", INSTRUCTIONS, HELD_OUT, ANSWERS)
