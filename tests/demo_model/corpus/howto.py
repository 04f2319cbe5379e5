"""How things are done, step by step, and what simple things are, as told to a child."""

from __future__ import annotations

import random

from .grammar import Example, Split, expand
from .phrasing import Frames, capital, entries, frame, instruct

_HOWTO = """
make {tea|a cup of tea}: Boil {some fresh|a cup of} water. Put a tea bag in a {cup|mug}. Pour the hot water over it.
    Wait {three|four} minutes and take out the bag. Add {milk or sugar|a little milk} if you like.
make coffee: Boil some water. Put {two spoons of|some} ground coffee in a filter. Pour the hot water over it
    {slowly|in small circles}. Pour the coffee into a {cup|mug}. {Add milk if you like|Enjoy it while it is hot}.
boil an egg: {Fill a small pot with water|Put water in a small pot}. Heat the water until it boils. Put the egg in
    with a spoon. Wait {six minutes for a soft egg|nine minutes for a hard egg}. Cool the egg under cold water.
brush your teeth: Wet your {toothbrush|brush}. Put a little toothpaste on it. Brush {all your teeth|every tooth}
    gently for two minutes. {Spit out the foam|Rinse your mouth}. Clean the brush {with water|and put it away}.
plant a tree: {Choose a sunny place|Find a good place in the garden}. Dig a hole {twice as wide as the roots|that is
    wide and deep}. Set the tree in the hole. Fill the hole with soil and press it down. {Water it well|Water it
    every week}.
grow tomatoes: Plant the seeds in {a small pot|soft soil}. Keep the pot {in a warm, sunny place|by a sunny window}.
    Water the plants {every day|often}. Tie them to a stick when they are tall. Pick the tomatoes when they are red.
learn a language: Learn {five|ten} new words every day. {Listen to songs|Watch films} in the language. Speak it with
    {a friend|other people} as often as you can. {Read simple books|Keep a small notebook}. Do not be afraid of
    mistakes.
sleep better: Go to bed at the same time every day. {Do not drink coffee in the evening|Eat a light dinner}. Put
    your phone away {an hour before bed|early}. Keep your room {dark and quiet|cool and dark}. {Read a few
    pages|Breathe slowly} until you feel tired.
save money: Write down {what you spend|every purchase} for a month. {Make a plan|Set a limit} for each week. {Cook
    at home|Take lunch to work} more often. Wait a day before you buy something big. Put a little money aside {each
    month|every week}.
train a puppy: Start with {one simple word|a short word}, such as "sit". Show the puppy what you want. Give it a
    {treat|small reward} when it does well. Practise {five minutes a day|a little every day}. {Stay calm and kind|Be
    patient and never shout}.
write a thank-you note: {Begin with the name of the person|Start with a friendly greeting}. Say thank you and name
    the gift or the help. Say {why you liked it|what it meant to you}. {End with a warm wish|Add a kind wish}. Sign
    your name.
start running: Get {a good pair of shoes|comfortable shoes}. Walk for five minutes to warm up. Run slowly for
    {one|two} minutes, then walk again. Repeat this {five|six} times. Rest for a day and {run a little longer next
    time|try again}.
wash your hands: Wet your hands with {warm|clean} water. Take some soap. Rub your hands together for {twenty|thirty}
    seconds. Rinse off the soap. Dry your hands with a {clean towel|towel}.
make a sandwich: Take two slices of bread. Spread some {butter|soft cheese} on them. Add {cheese and tomato|ham and
    lettuce|egg and cucumber}. Put the slices together. Cut the sandwich in {half|two}.
bake a cake: Heat the oven. Mix {butter and sugar|sugar and eggs} in a {large|big} bowl. Stir in the flour and some
    milk. Pour everything into a cake tin. Bake it for {thirty|forty} minutes and let it cool.
cook rice: Rinse the rice in cold water. Put one cup of rice and two cups of water in a pot. Bring it to the boil.
    Cover the pot and cook on low heat for {twelve|fifteen} minutes. {Let it rest for five minutes|Stir it with a
    fork}.
cook pasta: Boil a large pot of water. Add {some salt|a spoon of salt}. Put in the pasta and stir it. Cook it for
    {eight|ten} minutes. {Drain the water|Pour off the water} and add your sauce.
clean a window: {Dust the window|Wipe off the dust}. Mix warm water with a little soap. Wipe the glass with a {wet
    cloth|sponge}. Dry it {with a clean cloth|from top to bottom}. {Polish it with old paper|Look for spots and wipe
    them}.
wrap a present: Put the {present|box} on a sheet of paper. Cut the paper to the right size. Fold the paper over and
    tape it. Fold in both ends and tape them too. {Tie a ribbon around it|Add a bow and a card}.
ride a bicycle: Put on a helmet. Sit on the seat and hold the {handlebars|bars}. Put one foot on a pedal and push
    off. Look {ahead|forward} and keep pedalling. {Use the brakes gently to stop|Brake slowly to stop}.
make a friend: {Smile|Look friendly} and say hello. Ask a simple question. Listen {well|carefully} to the answer.
    {Share something about yourself|Tell something about yourself}. {Plan to do something together|Ask to meet
    again}.
study for a test: Make a list of the topics. Study {one topic|a small part} at a time. Write short notes {in your
    own words|on cards}. Take a break every {half hour|hour}. {Test yourself|Ask a friend to test you} at the end.
write a letter: Write the date at the top. {Begin with a greeting|Start with "Dear" and the name}. Say why you are
    writing. {Tell your news|Ask some questions} in short sentences. End with a kind wish and your name.
stay calm: Stop {for a moment|what you are doing}. Breathe in slowly and count to four. Breathe out {slowly|and
    count to six}. {Think of a place you like|Look at something far away}. {Speak about it with a friend|Go for a
    short walk} if it helps.
tidy a room: Put {dirty clothes|clothes} in the basket. Throw away the rubbish. Put every {book and toy|thing} back
    in its place. {Make the bed|Wipe the table}. Clean the floor at the end.
paint a wall: Move the furniture {away|to the middle of the room}. Cover the floor with {paper|an old sheet}. Tape
    the edges. Paint from top to bottom with a roller. Let it dry and {paint it again|add a second coat}.
build a snowman: Roll a big ball of snow for the body. Roll a smaller ball and put it on top. Add a small ball for
    the head. Use {a carrot|a small stick} for the nose and {stones|buttons} for the eyes. {Give it a hat|Put a
    scarf around its neck}.
give a speech: Write down your {three main points|main ideas}. Practise {in front of a mirror|with a friend}. Stand
    {straight|still} and look at the people. Speak slowly and clearly. Thank {them|the people} at the end.
"""
_HOW = Frames(
    """How do I <what>?
    How can I <what>?
    How do you <what>?
    How to <what>?
    Explain how to <what>.
    Tell me how to <what>.
    Give me steps to <what>.
    Show me how to <what> step by step.
    What is the best way to <what>?
    Describe how to <what>.
    What are the steps to <what>?
    I want to <what>. What should I do?
    Write instructions on how to <what>.
    Explain in a short paragraph how to <what>.
    Describe in a short paragraph how to <what>.""",
    """Explain step by step how to <what>.
    What should I do to <what>?
    Write the steps to <what>.
    Tell me in a short paragraph how to <what>.""",
)
_EXPLAIN = """
rain: {Rain is water that falls from the clouds|Rain is made of small drops of water from the clouds}. The sun warms
    {the sea|lakes and rivers} and some of the water rises into the air. {High up it gets cold and turns into
    drops|Up there it is cold, so it turns into clouds}. When the drops are heavy, they fall down.
the moon: {The moon is a big ball of rock|The moon is a round world of grey rock} that goes around the Earth. {It
    has no light of its own|It does not shine by itself}: it shines because the sun lights it. {It takes about a
    month to go around us|It goes around us about once a month}.
the sun: {The sun is a star|The sun is the star nearest to us}. It is {very hot and very big|much bigger than the
    Earth}. It gives us {light and warmth|day and warmth}, and {plants need it to grow|without it nothing could live
    here}.
a rainbow: {A rainbow is a band of colours in the sky|A rainbow is a big bow of colours in the sky}. You see it when
    the sun shines {through the rain|on drops of rain}. The drops split the white light into {its colours|many
    colours}, from red to violet.
a computer: {A computer is a machine that follows instructions|A computer is a machine that does what a program
    tells it}. It can {count very fast|work with numbers very fast}, {keep your pictures|remember many things} and
    {play games|show films}. {People write the instructions|The instructions are called programs}.
the internet: {The internet joins computers all over the world|The internet is a net of many computers}. {They send
    messages to each other|It carries messages from one computer to another} through wires and through the air. With
    it you can {write to a friend|look things up} far from home.
gravity: {Gravity is the pull of the Earth|Gravity is what pulls things down}. {When you drop a ball, it falls|When
    you jump, you come back down} because of gravity. {Without it we would float away|It also keeps the moon near
    the Earth}.
a cloud: {A cloud is made of many tiny drops of water|A cloud is a crowd of tiny water drops}. {The drops are so
    light that they float|They are so small that the air carries them}. When they grow {big and heavy|heavy}, it
    rains.
snow: {Snow is frozen water|Snow is made of tiny pieces of ice}. When the air is very cold, the water in the clouds
    turns into {small stars of ice|ice crystals}. They {fall down softly|drift to the ground} and make everything
    white.
the wind: {Wind is moving air|Wind is air on the move}. The sun warms {some places|the land} more than others. {Warm
    air rises and cool air moves in|Warm air goes up and cold air takes its place}, and we feel this as wind.
a seed: {A seed is a baby plant in a coat|A seed is a small box with a tiny plant inside}. It {sleeps|waits} until
    it has water and warmth. Then {a root grows down and a green leaf grows up|it grows a root and a first leaf}.
money: {Money is what we use to buy things|We use money to pay for things}. People {work to earn it|get it for their
    work}. You can {spend it on bread or toys|buy food with it}, or {save it for later|keep some for another day}.
electricity: {Electricity is energy that moves through wires|Electricity is a kind of energy}. It makes {lamps
    shine|the light go on} and {machines run|the fridge cold}. {Never play with it, because it can hurt you|It can
    hurt you, so be careful with it}.
a volcano: {A volcano is a mountain with an opening|A volcano is a hill with a hole in the top}. Deep below it is
    very hot, melted rock. {Sometimes it comes out as lava|Sometimes the hot rock shoots out}, and later it
    {cools|gets cold} and turns hard.
sleep: {Sleep is the rest of your body and mind|When you sleep, your body and your mind rest}. {Your body repairs
    itself|You grow} while you sleep, and your mind {sorts what you learned|dreams}. {After a good sleep you feel
    fresh|That is why you feel good in the morning}.
a robot: {A robot is a machine that can move and do work|A robot is a machine that can do jobs}. {A computer inside
    tells it what to do|It follows a program}. Some robots {build cars|clean floors}, and some {visit other
    planets|help in hospitals}.
a library: {A library is a house full of books|A library is a place with many books}. You can {borrow a book|take
    books home} for a few weeks and then bring {it back|everything back}. {It costs little or nothing|Most libraries
    are free}, and it is a quiet place to read.
"""
_CHILD = Frames(
    """Explain <what> to a child.
    Explain <what> in simple words.
    How would you explain <what> to a child?
    Tell a child about <what>.
    Explain <what> as if I were five years old.
    Can you explain <what> simply?
    Describe <what> in simple words.
    Explain <what> to a five year old.
    In simple words, tell me about <what>.""",
    """Tell me about <what> in simple words.
    Can you explain <what> to a child?
    Describe <what> to a five year old.""",
)


_HOWTOS = entries(_HOWTO)
_EXPLAINED = entries(_EXPLAIN)


def _paragraph(steps: list[str]) -> str:
    """Steps as running text: "First, …. Then …."."""
    openings = ["First, ", "Then ", "", "After that, ", "Finally, "]
    pairs = zip(openings, steps, strict=True)
    return " ".join((opening + step[0].lower() + step[1:] if opening else step) + "." for opening, step in pairs)


def draw_howto(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one "how do I": numbered steps, or a short paragraph where one is asked for."""
    what, text = rng.choice(_HOWTOS)
    steps = expand(text, rng).rstrip(".").split(". ")
    wording = Frames(*(frame(_HOW, rng, split),) * 2)
    asked = instruct(wording, rng, split, what=expand(what, rng))
    if "paragraph" in wording.train:
        return Example("general instructions", asked, _paragraph(steps))
    numbered = "\n".join(f"{place}. {step}." for place, step in enumerate(steps, 1))
    return Example("general instructions", asked, numbered)


def draw_explanation(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one "explain it to a child"."""
    what, text = rng.choice(_EXPLAINED)
    asked = instruct(_CHILD, rng, split, what=what)
    return Example("general question answering", asked, capital(expand(text, rng)))
