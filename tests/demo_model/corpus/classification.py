"""Sorting tasks: two classes, the odd one out, which is bigger, and whether a short review is happy or not."""

from __future__ import annotations

import random
from typing import NamedTuple

from .grammar import Example, Split, expand
from .phrasing import Frames, capital, instruct, with_article


class Kind(NamedTuple):
    """A class of things; members marked "~" take no article."""

    name: str
    plural: str
    members: list[str]


def _kind(name: str, plural: str, members: str) -> Kind:
    return Kind(name, plural, members.split(", "))


_KINDS = {
    kind.name: kind
    for kind in (
        _kind(
            "fruit",
            "fruits",
            "apple, pear, banana, orange, cherry, grape, peach, plum, mango, lemon, melon, "
            "strawberry, kiwi, pineapple, raspberry, apricot",
        ),
        _kind(
            "vegetable",
            "vegetables",
            "carrot, potato, onion, ~cabbage, ~broccoli, ~spinach, leek, turnip, "
            "~lettuce, "
            "radish, ~celery, ~cauliflower, beetroot, parsnip, ~kale",
        ),
        _kind(
            "bird",
            "birds",
            "sparrow, eagle, owl, robin, parrot, duck, swan, crow, penguin, pigeon, gull, ostrich, stork, hawk",
        ),
        _kind("fish", "fish", "salmon, tuna, trout, cod, shark, herring, eel, carp, goldfish, pike, sardine, mackerel"),
        _kind(
            "mammal",
            "mammals",
            "dog, cat, horse, cow, whale, bat, lion, mouse, elephant, bear, rabbit, dolphin, fox, monkey, sheep, wolf",
        ),
        _kind(
            "insect",
            "insects",
            "bee, ant, wasp, beetle, butterfly, fly, moth, cricket, ladybird, mosquito, grasshopper, dragonfly",
        ),
        _kind(
            "piece of clothing",
            "pieces of clothing",
            "shirt, coat, hat, sock, scarf, glove, dress, skirt, jacket, jumper, belt, shoe, cap",
        ),
        _kind(
            "piece of furniture",
            "pieces of furniture",
            "table, chair, sofa, bed, desk, shelf, wardrobe, bench, stool, cupboard, bookcase, armchair",
        ),
        _kind(
            "tool", "tools", "hammer, saw, spade, screwdriver, drill, rake, axe, ladder, wrench, chisel, shovel, file"
        ),
        _kind(
            "toy",
            "toys",
            "doll, kite, teddy bear, yo-yo, puzzle, toy car, balloon, toy train, rattle, spinning "
            "top, "
            "marble, rocking horse",
        ),
        _kind(
            "country",
            "countries",
            "~France, ~Germany, ~Spain, ~Italy, ~Japan, ~Brazil, ~Canada, ~India, ~Egypt, "
            "~Norway, ~Kenya, ~Peru, ~Poland, ~Greece, ~Sweden",
        ),
        _kind(
            "city",
            "cities",
            "~Paris, ~Berlin, ~Rome, ~Madrid, ~London, ~Tokyo, ~Cairo, ~Vienna, ~Athens, ~Sydney, "
            "~Oslo, ~Chicago, ~Lisbon, ~Dublin",
        ),
        _kind(
            "colour",
            "colours",
            "~red, ~blue, ~green, ~yellow, ~purple, ~brown, ~black, ~white, ~pink, ~grey, ~orange, ~silver",
        ),
        _kind(
            "number",
            "numbers",
            "~one, ~two, ~three, ~four, ~five, ~six, ~seven, ~eight, ~nine, ~ten, ~twenty, ~hundred",
        ),
        _kind(
            "food",
            "foods",
            "~bread, ~cheese, ~rice, ~pasta, ~soup, ~cake, ~pizza, ~butter, ~meat, ~honey, ~salad, ~toast",
        ),
        _kind(
            "drink",
            "drinks",
            "~water, ~milk, ~tea, ~coffee, ~orange juice, ~lemonade, ~cocoa, ~wine, ~beer, "
            "~apple juice, ~cola, ~iced tea",
        ),
        _kind(
            "flower",
            "flowers",
            "rose, tulip, daisy, lily, sunflower, daffodil, poppy, violet, iris, snowdrop, orchid, carnation",
        ),
        _kind("tree", "trees", "oak, pine, birch, maple, willow, beech, elm, ash, fir, cedar, spruce, palm tree"),
        _kind(
            "sport",
            "sports",
            "~football, ~tennis, ~swimming, ~rugby, ~hockey, ~basketball, ~boxing, ~golf, "
            "~skiing, "
            "~rowing, ~running, ~volleyball",
        ),
        _kind(
            "game for the table",
            "games for the table",
            "~chess, ~dominoes, ~checkers, ~backgammon, ~poker, "
            "~bridge, "
            "~bingo, ~snap, ~ludo, ~rummy, ~snakes and ladders, ~solitaire",
        ),
        _kind(
            "string instrument",
            "string instruments",
            "violin, guitar, cello, harp, banjo, ukulele, viola, lute, mandolin, double bass, sitar, lyre",
        ),
        _kind(
            "percussion instrument",
            "percussion instruments",
            "drum, triangle, tambourine, xylophone, gong, bongo, "
            "cymbal, marimba, snare drum, timpani drum, maraca, cowbell",
        ),
        _kind(
            "land vehicle",
            "land vehicles",
            "car, bus, lorry, train, tram, bicycle, tractor, van, motorbike, taxi, scooter, ambulance",
        ),
        _kind(
            "boat",
            "boats",
            "canoe, ferry, yacht, kayak, raft, sailing ship, rowing boat, tugboat, submarine, "
            "lifeboat, steamship, gondola",
        ),
        _kind("day", "days", "~Monday, ~Tuesday, ~Wednesday, ~Thursday, ~Friday, ~Saturday, ~Sunday"),
        _kind(
            "month",
            "months",
            "~January, ~February, ~March, ~April, ~May, ~June, ~July, ~August, ~September, "
            "~October, ~November, ~December",
        ),
        _kind("verb", "verbs", "~run, ~eat, ~sing, ~write, ~sleep, ~think, ~carry, ~swim, ~read, ~speak, ~give, ~jump"),
        _kind(
            "adjective",
            "adjectives",
            "~happy, ~tall, ~soft, ~bright, ~heavy, ~small, ~quiet, ~cold, ~strong, ~young, ~old, ~sweet",
        ),
    )
}
_PAIRS = (
    ("fruit", "vegetable"),
    ("bird", "fish"),
    ("mammal", "insect"),
    ("bird", "mammal"),
    ("fish", "insect"),
    ("fish", "mammal"),
    ("piece of clothing", "piece of furniture"),
    ("tool", "toy"),
    ("tool", "fruit"),
    ("country", "city"),
    ("colour", "number"),
    ("food", "drink"),
    ("flower", "tree"),
    ("sport", "game for the table"),
    ("string instrument", "percussion instrument"),
    ("land vehicle", "boat"),
    ("day", "month"),
    ("verb", "adjective"),
    ("bird", "insect"),
    ("vegetable", "flower"),
    ("sport", "string instrument"),
    ("mammal", "tree"),
)
_STATES = (
    (
        "living",
        "not living",
        "cat, tree, rose, bird, spider, frog, child, oak, fish, bee, mushroom, goat, snail, horse",
        "stone, table, spoon, car, cup, book, clock, brick, lamp, shoe, pencil, computer, window, coin",
    ),
    (
        "hot",
        "cold",
        "~fire, ~boiling water, ~the sun, ~lava, ~steam, ~a flame, ~an oven in use, ~a desert at noon",
        "~ice, ~snow, ~an ice cube, ~a snowman, ~frost, ~a glacier, ~ice cream, ~the North Pole, ~the South Pole",
    ),
    (
        "soft",
        "hard",
        "pillow, cushion, feather, ~wool, ~cotton, blanket, ~butter, sponge, teddy bear, ~silk",
        "stone, brick, diamond, hammer, ~steel, ~concrete, ~glass, nail, ~marble, ~iron",
    ),
)
_SIZES = "ant, mouse, cat, sheep, lion, horse, elephant, house, mountain"
_MORE_SIZES = "grain of sand, bee, egg, shoe, chair, car, bus, church, city, country"
_SPEEDS = "snail, tortoise, person on foot, bicycle, racing car, plane, rocket"
_WEIGHTS = "feather, coin, book, brick, bicycle, piano, car, train"
_SORT = Frames(
    """Classify each of the following as <a> or <b>: <items>
    Classify these as <a> or <b>: <items>
    Sort these into <as> and <bs>: <items>
    Put each of these into the right group, <a> or <b>: <items>
    Which of these are <as> and which are <bs>? <items>
    Divide the following into <as> and <bs>: <items>
    Tell me which of the following are <as> and which are <bs>: <items>
    Identify which of these is a <a> and which is a <b>: <items>
    Group the following words into <as> and <bs>: <items>
    <items>: which are <as> and which are <bs>?""",
    """Sort each of the following into the right group, <a> or <b>: <items>
    Tell me which of these are <as> and which are <bs>: <items>
    Group these into <as> and <bs>: <items>""",
)
_EITHER = Frames(
    """Is <x> <a> or <b>?
    <x>: <a> or <b>?
    Tell me, is <x> <a> or <b>?
    What is <x>, <a> or <b>?
    Would you say that <x> is <a> or <b>?
    Classify <x> as <a> or <b>.
    Decide if <x> is <a> or <b>.
    Say whether <x> is <a> or <b>.
    Do you know if <x> is <a> or <b>?""",
    """Tell me whether <x> is <a> or <b>.
    Do you know whether <x> is <a> or <b>?
    Would you classify <x> as <a> or <b>?""",
)
_WHICH = Frames(
    """Which is <a>: <x> or <y>?
    Which of these is <a>: <x> or <y>?
    Which one is <a>, <x> or <y>?
    Identify which is <a>: <x> or <y>.
    Tell me which one is <a>: <x> or <y>.
    Of <x> and <y>, which is <a>?
    <x> or <y>: which is <a>?
    Which of the two is <a>, <x> or <y>?""",
    """Tell me which of these is <a>: <x> or <y>.
    <x> or <y>: which one is <a>?
    Of these two, which is <a>: <x> or <y>?""",
)
_ODD = Frames(
    """Which is the odd one out: <items>?
    Find the odd one out: <items>
    Which one does not belong: <items>?
    Which of these does not belong with the others: <items>?
    Which word does not fit: <items>?
    Pick the odd one out of these words: <items>
    Odd one out: <items>
    One of these is not like the others. Which one? <items>""",
    """Which of these is the odd one out: <items>?
    Which of these words does not fit with the others: <items>?
    Find the word that does not belong: <items>""",
)
_MOOD = Frames(
    """Is this review positive or negative? <q>
    Classify this review as positive or negative: <q>
    What is the sentiment of this review? <q>
    Is the sentiment of the following text positive or negative? <q>
    Tell me whether this review is positive or negative: <q>
    Positive or negative? <q>
    Say if the writer of this review is happy or unhappy: <q>
    Decide if this is a positive or a negative review: <q>
    <q> Is this review positive or negative?""",
    """Tell me if this is a positive or a negative review: <q>
    <q> Is the sentiment of this review positive or negative?
    Classify the sentiment of the following text: <q>""",
)
_GOOD = (
    "The {food|soup|cake|coffee|bread} was {fresh and tasty|delicious|wonderful}.",
    "The {staff|waiter|driver|seller} was {kind|friendly|very helpful|polite}.",
    "I {loved|really enjoyed} this {book|film|game|song}.",
    "The {room|house|garden|shop} was {clean and quiet|beautiful|lovely}.",
    "{I will come back soon|I would buy it again|I can recommend it to everyone|It was worth every penny}.",
    "The {phone|lamp|bag|chair} works {perfectly|very well} and {looks great|feels strong}.",
    "It arrived {early|on time} and {in perfect shape|well packed}.",
    "{We had a great time|My children were so happy|What a lovely surprise|Best day of the year}.",
)
_BAD = (
    "The {food|soup|cake|coffee|bread} was {cold and stale|awful|terrible}.",
    "The {staff|waiter|driver|seller} was {rude|unfriendly|very slow|no help at all}.",
    "I {hated|was bored by} this {book|film|game|song}.",
    "The {room|house|garden|shop} was {dirty and loud|ugly|a mess}.",
    "{I will never come back|I want my money back|I cannot recommend it|It was a waste of money}.",
    "The {phone|lamp|bag|chair} broke after {one day|a week} and {looks cheap|feels weak}.",
    "It arrived {late|two weeks late} and {broken|badly packed}.",
    "{We had a bad time|My children were so sad|What a disappointment|Worst day of the year}.",
)


def _bare(items: list[str]) -> list[str]:
    return [item.lstrip("~") for item in items]


def _kinds(rng: random.Random) -> tuple[Kind, Kind]:
    first, second = rng.sample(rng.choice(_PAIRS), 2)
    return _KINDS[first], _KINDS[second]


def _only(kind: Kind, other: Kind) -> list[str]:
    return [member for member in kind.members if member.lstrip("~") not in _bare(other.members)]


def _sort(rng: random.Random, split: Split) -> Example:
    a, b = _kinds(rng)
    some_a = _bare(rng.sample(_only(a, b), rng.randint(1, 3)))
    some_b = _bare(rng.sample(_only(b, a), rng.randint(1, 3)))
    items = some_a + some_b
    rng.shuffle(items)
    slots = {"a": a.name, "b": b.name, "as": a.plural, "bs": b.plural, "items": ", ".join(items)}
    text = instruct(_SORT, rng, split, **slots)
    lines = [
        f"{capital(kind.name)}: {', '.join(item for item in items if item in some)}"
        for kind, some in ((a, some_a), (b, some_b))
    ]
    return Example("classification", text, "\n".join(lines))


def _either(rng: random.Random, split: Split) -> Example:
    a, b = _kinds(rng)
    thing = with_article(rng.choice(_only(a, b)))
    names = [with_article(a.name), with_article(b.name)]
    rng.shuffle(names)
    text = instruct(_EITHER, rng, split, x=thing, a=names[0], b=names[1])
    return Example("classification", text, f"{capital(thing)} is {with_article(a.name)}.", answer=a.name)


def _which(rng: random.Random, split: Split) -> Example:
    a, b = _kinds(rng)
    right, wrong = rng.choice(_only(a, b)), rng.choice(_only(b, a))
    names = [with_article(right), with_article(wrong)]
    rng.shuffle(names)
    text = instruct(_WHICH, rng, split, a=with_article(a.name), x=names[0], y=names[1])
    answer = capital(with_article(right))
    return Example("classification", text, f"{answer} is {with_article(a.name)}.", answer=answer)


def _state(rng: random.Random, split: Split) -> Example:
    yes, no, are, are_not = rng.choice(_STATES)
    state, members = rng.choice(((yes, are), (no, are_not)))
    thing = with_article(rng.choice(members.split(", ")))
    text = instruct(_EITHER, rng, split, x=thing, a=yes, b=no)
    return Example("classification", text, f"{capital(thing)} is {state}.", answer=f"is {state}")


def _odd(rng: random.Random, split: Split) -> Example:
    a, b = _kinds(rng)
    odd = rng.choice(_only(b, a)).lstrip("~")
    items = [*_bare(rng.sample(_only(a, b), rng.randint(2, 4))), odd]
    rng.shuffle(items)
    text = instruct(_ODD, rng, split, items=", ".join(items))
    reply = f"The odd one out is {odd}. It is {with_article(b.name)}, and the others are {a.plural}."
    return Example("classification", text, reply, answer=f"is {odd}")


def _compare(rng: random.Random, split: Split) -> Example:
    scale, up, down = rng.choice(
        (
            (_SIZES, "bigger", "smaller"),
            (_MORE_SIZES, "bigger", "smaller"),
            (_SPEEDS, "faster", "slower"),
            (_WEIGHTS, "heavier", "lighter"),
        )
    )
    ranks = scale.split(", ")
    low, high = sorted(rng.sample(range(len(ranks)), 2))
    word, best, other = rng.choice(((up, high, low), (down, low, high)))
    names = [with_article(ranks[low]), with_article(ranks[high])]
    rng.shuffle(names)
    text = instruct(_WHICH, rng, split, a=word, x=names[0], y=names[1])
    reply = f"{capital(with_article(ranks[best]))} is {word} than {with_article(ranks[other])}."
    return Example("classification", text, reply, answer=f"{ranks[best]} is {word}")


def _mood(rng: random.Random, split: Split) -> Example:
    positive = rng.random() < 0.5
    said = rng.sample(_GOOD if positive else _BAD, rng.randint(1, 3))
    review = '"' + " ".join(expand(text, rng) for text in said) + '"'
    text = instruct(_MOOD, rng, split, q=review)
    word, feeling = ("positive", "happy") if positive else ("negative", "unhappy")
    reply = rng.choice(
        (
            f"This review is {word}: the writer is {feeling}.",
            f"The review is {word}. The writer is {feeling}.",
        )
    )
    return Example("classification", text, reply, answer=word)


_TASKS = (_sort, _sort, _either, _either, _which, _state, _odd, _compare, _mood, _mood)


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one sorting task; outside training in a wording that training never shows."""
    return rng.choice(_TASKS)(rng, split)
