"""Creative writing: poems, short verse, stories and jokes; draws the messages and the instructions, too."""

from __future__ import annotations

import random
from collections.abc import Callable

from . import howto, messages
from .grammar import Example, Split
from .phrasing import Frames, capital, entries, fill, instruct, with_article

_POEM = Frames(
    """Write a poem about <what>.
    Write a short poem about <what>.
    Write me a poem about <what>.
    Can you write a poem about <what>?
    Please write a short poem about <what>.
    I need a poem about <what>.
    Make a poem about <what>.
    Give me a short poem about <what>.
    Write four lines of poetry about <what>.
    Compose a poem about <what>.""",
    """Can you give me a poem about <what>?
    Please make a short poem about <what>.
    I need four lines of poetry about <what>.""",
)
_POEMS = """
the sea: The sea is {wide|deep}, the sea is blue, / it sings its {old|soft|slow} song for me and you.
the moon: The {silver|quiet|gentle} moon is high tonight / and paints the {sleeping|silent} roofs with light.
the sun: The {golden|morning} sun climbs up the hill / when all the world is {warm|soft} and still.
rain: The {gentle|silver|happy} rain is on the street, / it {dances|skips} on its tiny feet.
snow: The {quiet|gentle} snow fell down last night / and made the {garden|village} soft and white.
spring: The {little|early} birds begin to sing, / the {trees|fields} are green: hello, dear spring.
summer: In summer when the {days|roads} are long, / the {bees|birds} all hum their {golden|sleepy} song.
autumn: The autumn leaves are {red|brown} and gold, / the wind is {fresh|loud}, the nights are cold.
winter: When winter comes with {snow|frost} and ice, / a {cosy|little} fire feels warm and nice.
a cat: My {little|lazy} cat lies in the sun / and dreams of {mice|birds} and how they run.
a dog: My {happy|faithful} dog runs to the door / and {drops|leaves} his ball upon the floor.
a tree: The {old|tall} tree stands, its arms held wide, / with {birds|nests} and stories safe inside.
the forest: The forest is a {quiet|secret} place / where {light|shade} and leaves play hide and chase.
a river: The {little|silver} river runs along / and never, never ends its song.
a bird: A {little|happy} bird sits on the wall / and sings {good morning|its music} to us all.
the stars: The stars are {lamps|candles} hung up so high / to {light|warm} the dark and quiet sky.
my grandmother: My grandmother has {silver|soft white} hair / and tells me {tales|stories} from her chair.
friendship: A friend will {listen|stay}, a friend will care, / a friend is always {somehow|simply} there.
love: Love is a {lamp|fire} that keeps us warm / through {windy|rainy} nights and every storm.
music: A {song|tune} can make a grey day bright / and fill the {room|house} with warmth and light.
a garden: My garden has a {wooden|little} gate / where {roses|daisies} stand in line and wait.
the wind: The {wild|merry} wind runs through the town / and blows the {leaves|hats} all up and down.
the night: The night has come on {quiet|velvet} feet / and walks along the {empty|sleepy} street.
a train: The {little|early} train goes rolling by / beneath a {wide|clear} and open sky.
books: A book's a door, a {book's|page is} a key / to every {land|place} I want to see.
home: My home is where the {lamp|fire} burns late / and someone's {waiting|smiling} at the gate.
a robot: A {little|shiny} robot, made of tin, / has {hope|music} and a heart within.
"""
_CLOSINGS = (
    "I {stop|stand} and look a little while / and go back home and {have to|softly} smile.",
    "And when the {busy|long} day is through, / I {sit|lie} down and I think of you.",
    "So {stay|rest} with me a little more / and leave the {hurry|worries} at the door.",
    "It is a {small|simple} and lovely thing, / enough to make my {glad|whole} heart sing.",
    "And though the {days|years} go quickly past, / some {quiet|little} joys will always last.",
    "I {keep|hold} this moment in my mind, / so {sweet|bright} and good, so soft and kind.",
    "How {good|sweet} it is to be right here / with {all|those} I love so very near.",
    "I {write|sing} it down in one short rhyme / to keep it safe a {longer|little} time.",
    "What {joy|luck} it is, what {simple|quiet} fun, / to have a world for everyone.",
)
_HAIKU = Frames(
    """Write a haiku about <what>.
    Can you write a haiku about <what>?
    Write me a haiku about <what>.
    Please write a haiku about <what>.
    Give me a haiku about <what>.
    I need a haiku about <what>.
    Write three short lines about <what>.
    Compose a haiku about <what>.""",
    """Please give me a haiku about <what>.
    Can you compose a haiku about <what>?
    I need three short lines about <what>.""",
)
_STORY = Frames(
    """Write a story about <what>.
    Tell me a story about <what>.
    Write a short story about <what>.
    Tell me a short story about <what>.
    Can you tell me a story about <what>?
    Write a very short story about <what>.
    I want to hear a story about <what>.
    Make up a story about <what>.
    Write three sentences about <what>.""",
    """Can you write a very short story about <what>?
    I want to hear a short story about <what>.
    Please tell me a story about <what>.""",
)
_WHO = [
    "cat",
    "dog",
    "mouse",
    "bear",
    "fox",
    "owl",
    "rabbit",
    "dragon",
    "robot",
    "wizard",
    "king",
    "queen",
    "princess",
    "pirate",
    "farmer",
    "baker",
    "teacher",
    "sailor",
    "giant",
    "frog",
    "elephant",
    "penguin",
    "snowman",
    "horse",
    "bee",
]
_HOW = [
    "brave",
    "lost",
    "shy",
    "clever",
    "lonely",
    "hungry",
    "tiny",
    "old",
    "young",
    "curious",
    "sleepy",
    "lazy",
    "kind",
    "funny",
]
_NAMES = [
    "Tom",
    "Mila",
    "Otto",
    "Nora",
    "Ben",
    "Lily",
    "Sam",
    "Ida",
    "Max",
    "Rosa",
    "Finn",
    "Ella",
    "Hugo",
    "Anna",
    "Leo",
]
_STORY_TEXT = (
    "{Once upon a time there was|There once was|Once there was} <what> called <name>, who lived {by the sea|near a "
    "dark forest|"
    "in a small village|at the end of a long road|on a green hill}. One {day|morning|evening|night}, <name> {found {a "
    "golden key|an old map|"
    "a strange letter|a small lost bird|a silver bell}|heard a {quiet|strange|sad} song from far away|met a {little "
    "boy|little girl|"
    "tired traveller} who had lost the way|saw a light at the window|dreamed of {a place without rain|a great "
    "adventure|the sea}} and "
    "{set out to learn more|knew that something was about to change|felt a little afraid, but also glad|could not "
    "think of anything else}. "
    "{In the end|After many days|Before the sun went down}, <name> {found a new friend|came home with a story to tell|"
    "was the happiest of all|learned that even small steps can go far} and {they all had a big dinner|nobody was sad "
    "any more|"
    "everyone danced until morning|slept better than ever before}."
)
_JOKE = Frames(
    """Tell me a joke about <what>.
    Tell me a funny joke about <what>.
    Do you know a joke about <what>?
    Give me a joke about <what>.
    Write a joke about <what>.
    I want to hear a joke about <what>.
    Can you tell me a joke about <what>?
    Make a joke about <what>.""",
    """Can you write a funny joke about <what>?
    Please tell me a joke about <what>.
    Give me a funny joke about <what>.""",
)
_JOKES = """
cats: Why did the cat sit on the keyboard? It wanted to catch the mouse.
cats: What is a cat's favourite colour? Purr-ple.
cats: Why are cats so good at naps? They practise all day.
dogs: Why did the dog bring a clock? It wanted to be a watch dog.
dogs: What did the dog say to the tree? Nice bark!
cows: What do you call a cow that plays the violin? A moo-sician.
cows: Why do cows like the radio? They love good moo-sic.
fish: Why do fish never play football? They are afraid of the net.
fish: Why are fish so clever? They are always in a school.
birds: Why did the owl stay at home? It did not give a hoot about the party.
birds: Why was the duck so funny? It always quacked a joke.
bees: Why do bees hum? They have forgotten the words.
horses: Why did the horse whisper? It was a little hoarse.
elephants: Why do elephants never use a computer? They already have a good memory.
computers: Why was the computer cold? Somebody left a window open.
computers: Why did the computer go to bed early? It needed to go to sleep mode.
computers: Why did the computer eat between meals? It wanted a few bytes.
robots: Why was the robot so tired? It had a hard drive.
programmers: Why did the programmer take a ladder to work? The code was at a high level.
language models: Why did the language model go to the bakery? It wanted more tokens for the road.
language models: Why do language models like long walks? They enjoy the next step.
"""
_ANY_POEM = Frames(
    "Write a poem.\nWrite a short poem.\nWrite me a poem.\nCan you write a poem?\nA poem, please.\nGive me a poem.\n"
    "Write some poetry.\nMake a poem.\nCompose a poem.",
    "Please write a short poem.\nCan you make a poem?\nI would like a poem.",
)
_ANY_HAIKU = Frames(
    "Write a haiku.\nWrite a haiku\nWrite me a haiku.\nCan you write a haiku?\nA haiku, please.\nGive me a haiku.\n"
    "Compose a haiku.\nPlease write a haiku.",
    "Can you compose a haiku?\nI would like a haiku.",
)
_ANY_STORY = Frames(
    "Tell me a story.\nWrite a story.\nWrite a short story.\nTell me a short story.\nCan you tell me a story?\n"
    "A story, please.\nMake up a story.\nI want to hear a story.",
    "Please tell me a story.\nCan you write a short story?",
)
_ANY_JOKE = Frames(
    "Tell me a joke.\nTell me a joke\nTell a joke.\nDo you know a joke?\nDo you know any jokes?\nMake me laugh.\n"
    "A joke, please.\nCan you tell me a joke?\nTell me something funny.\nSay something funny.\nGive me a joke.",
    "Please tell me a joke.\nCan you make a joke?\nI would like to hear a joke.",
)
_ANY_SHARE = 0.35  # how often nothing is said about the subject
_POEM_ROWS, _JOKE_ROWS = entries(_POEMS), entries(_JOKES)


def _asked(anything: Frames, about: Frames, rng: random.Random, split: Split, what: str) -> str:
    """What is asked for, with its subject or without one."""
    return instruct(anything if rng.random() < _ANY_SHARE else about, rng, split, what=what)


def _poem(rng: random.Random, split: Split) -> Example:
    what, opening = rng.choice(_POEM_ROWS)
    couplets = f"{opening} / {rng.choice(_CLOSINGS)}"
    lines = [capital(line) for line in fill(couplets, rng).split(" / ")]
    return Example("creative writing", _asked(_ANY_POEM, _POEM, rng, split, what), "\n".join(lines))


def _haiku(rng: random.Random, split: Split) -> Example:
    what = rng.choice(_POEM_ROWS)[0]
    reply = (
        "{Soft light in the room|Early morning hour|A cool, quiet day|One slow breath of air|The long day is done},\n"
        "{my thoughts go out to <what>|I think of <what> again|a few words about <what>|again it comes back, <what>},\n"
        "{and I smile and rest|a small, quiet joy|and the world is still|and time stops for me|like a song from home}."
    )
    text = _asked(_ANY_HAIKU, _HAIKU, rng, split, what)
    return Example("creative writing", text, fill(reply, rng, what=what), answer=what)


def _story(rng: random.Random, split: Split) -> Example:
    who = rng.choice(_WHO)
    what = with_article(rng.choice((who, f"{rng.choice(_HOW)} {who}")))
    reply = fill(_STORY_TEXT, rng, what=what, name=rng.choice(_NAMES))
    return Example("creative writing", _asked(_ANY_STORY, _STORY, rng, split, what), reply, answer=what)


def _joke(rng: random.Random, split: Split) -> Example:
    what, reply = rng.choice(_JOKE_ROWS)
    return Example("creative writing", _asked(_ANY_JOKE, _JOKE, rng, split, what), reply)


_TASKS: tuple[Callable[[random.Random, Split], Example], ...] = (
    _poem,
    _poem,
    _haiku,
    _story,
    _story,
    _joke,
    messages.birthday,
    messages.thanks,
    messages.invitation,
    messages.email,
    messages.slogan,
    howto.draw_howto,
    howto.draw_howto,
    howto.draw_howto,
    howto.draw_explanation,
)


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one writing task; outside training in a wording that training never shows."""
    return rng.choice(_TASKS)(rng, split)
