"""The values that contexts are filled with: names real and invented, numbers, things. Owns which value belongs where.

Every value belongs for good to one split: a stable hash of its text decides, see ``split_of``.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence

from .grammar import Split
from .wordlists import (
    ANIMALS,
    AWARDS,
    COLOURS,
    CROPS,
    DISHES,
    EVENT_KINDS,
    EVENT_THEMES,
    FIRMS,
    FIRST_NAMES,
    FLAVOURS,
    GOODS,
    HOBBIES,
    JOBS,
    LOOKS,
    MONTHS,
    OBJECTS,
    PET_NAMES,
    ROOMS,
    SPOTS,
    SUBJECTS,
    SURNAMES,
    TITLE_NOUNS,
    TITLE_WORDS,
    TOPIC_WORDS,
    TOPICS,
    TOWNS,
    VEHICLES,
    WEEKDAYS,
)

_WORDS = [*ANIMALS, *AWARDS, *CROPS, *DISHES, *FLAVOURS, *GOODS, *HOBBIES, *JOBS, *OBJECTS, *SPOTS, *SUBJECTS]

Drawer = Callable[[random.Random, Split], str]

_STARTS = [
    "b",
    "br",
    "c",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "sk",
    "sl",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "y",
    "z",
    "zw",
]
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "ia", "oo", "au"]
_MIDDLES = [
    "b",
    "d",
    "g",
    "k",
    "l",
    "ll",
    "lm",
    "ld",
    "m",
    "mb",
    "n",
    "nd",
    "nn",
    "p",
    "r",
    "rb",
    "rd",
    "rl",
    "rm",
    "rn",
    "rv",
    "s",
    "st",
    "t",
    "v",
    "x",
    "z",
    "lb",
    "lv",
    "nt",
    "sk",
]
_PERSON_ENDS = [
    "a",
    "o",
    "e",
    "an",
    "en",
    "in",
    "on",
    "ia",
    "ina",
    "elle",
    "is",
    "us",
    "ey",
    "or",
    "ette",
    "ard",
    "ric",
    "win",
    "wen",
    "bert",
    "mund",
    "lind",
    "ro",
    "vy",
]
_TOWN_ENDS = [
    "ford",
    "by",
    "ton",
    "wick",
    "ham",
    "beck",
    "field",
    "haven",
    "mere",
    "stead",
    "port",
    "dale",
    "bridge",
    "wood",
    "burg",
    "minster",
    "mouth",
    "well",
]
_SURNAME_ENDS = [
    "er",
    "son",
    "man",
    "ley",
    "sen",
    "ski",
    "ez",
    "ard",
    "ott",
    "win",
    "gate",
    "stone",
    "berg",
    "ling",
    "ow",
    "ins",
    "mar",
    "dell",
]
_BRAND_ENDS = [
    "o",
    "ix",
    "ex",
    "a",
    "ora",
    "ium",
    "on",
    "ic",
    "ent",
    "is",
    "eo",
    "ara",
    "yx",
    "ply",
    "rix",
    "tek",
    "lux",
]


def split_of(value: str) -> Split:
    """Where a value belongs, whoever asks and whenever: three in four are for training, the others for evaluation."""
    return {0: Split.FINAL, 4: Split.HELD}.get(zlib.crc32(value.lower().encode()) % 8, Split.TRAIN)


def fresh(make: Callable[[], str], split: Split) -> str:
    """Draw until a value belongs to the split; where a short list has none of it, another has to do."""
    for _ in range(300):
        value = make()
        if split_of(value) is split:
            break
    return value


def choose(values: Sequence[str], rng: random.Random, split: Split) -> str:
    """One of the listed values, on the wanted side."""
    return fresh(lambda: rng.choice(values), split)


def invent(ends: Sequence[str], rng: random.Random, split: Split) -> str:
    """An invented name built from syllables, such as Morvina or Talbeck."""

    def make() -> str:
        stem = rng.choice(_STARTS) + rng.choice(_VOWELS) + rng.choice(_MIDDLES)
        if rng.random() < 0.25:
            stem += rng.choice("aeio") + rng.choice("lmnrstvd")
        return (stem + rng.choice(ends)).capitalize()

    return fresh(make, split)


def _real_or_invented(real: Sequence[str], ends: Sequence[str]) -> Drawer:
    def draw(rng: random.Random, split: Split = Split.TRAIN) -> str:
        # Invented ones never repeat: they teach copying, where a real one is soon known by heart.
        share = 0.25 if split is Split.TRAIN else 0.4
        return choose(real, rng, split) if rng.random() < share else invent(ends, rng, split)

    return draw


first_name = _real_or_invented(FIRST_NAMES, _PERSON_ENDS)
surname = _real_or_invented(SURNAMES, _SURNAME_ENDS)
place = _real_or_invented(TOWNS, _TOWN_ENDS)
pet_name = _real_or_invented(PET_NAMES, ["o", "y", "a", "ie", "us", "le", "et", "i"])


def person(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A person: a first name, in some draws with a surname."""
    first = first_name(rng, split)
    return f"{first} {surname(rng, split)}" if rng.random() < 0.3 else first


def company(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A firm: an invented brand, mostly with what sort of firm it is."""
    brand = invent(_BRAND_ENDS, rng, split)
    return f"{brand} {rng.choice(FIRMS)}" if rng.random() < 0.6 else brand


def product(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A named device: an invented brand, at times with a model number."""
    brand = invent(_BRAND_ENDS, rng, split)
    return f"{brand} {rng.randint(2, 900)}" if rng.random() < 0.4 else brand


def river(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """The name of a river or lake, without the article."""
    return invent(["e", "en", "er", "ey", "a", "ow", "ar", "ine"], rng, split)


def title(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """The title of a book."""
    return fresh(lambda: f"The {rng.choice(TITLE_WORDS)} {rng.choice(TITLE_NOUNS)}", split)


def _strange(own: Sequence[str], rng: random.Random, split: Split) -> str:
    """One of a value's own words; in training, half of the time a word that nothing but the text suggests.

    A model that has always read "cat", "dog" or "parrot" where a pet is told answers with one of them: it has learnt
    the list, not to copy. So any word may stand there, or one that nobody has seen.
    """
    chance = rng.random() if split is Split.TRAIN else 1.0
    if chance < 0.25:
        return word(rng, split)
    return choose(_WORDS, rng, split) if chance < 0.5 else rng.choice(own)


def _listed(values: Sequence[str]) -> Drawer:
    return lambda rng, split: fresh(lambda: _strange(values, rng, split), split)


def _any(values: Sequence[str]) -> Drawer:
    return lambda rng, split: rng.choice(values)


def _pairs(lefts: Sequence[str], rights: Sequence[str]) -> Drawer:
    return lambda rng, split: fresh(lambda: f"{_strange(lefts, rng, split)} {_strange(rights, rng, split)}", split)


def _number(low: int, high: int, unit: str = "", step: int = 1) -> Drawer:
    def draw(rng: random.Random, split: Split) -> str:
        return fresh(lambda: f"{rng.randrange(low, high, step)}{unit}", split)

    return draw


def price(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """An amount of money, written in one of several ways."""

    def make() -> str:
        amount = rng.choice([rng.randint(2, 99), rng.randint(100, 950)])
        return rng.choice([f"{amount} dollars", f"{amount} euros", f"{amount} pounds", f"${amount}"])

    return fresh(make, split)


def clock(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A time of day."""

    def make() -> str:
        minute = rng.choice(["00", "15", "30", "45", "10", "20", "40", "50"])
        return rng.choice([f"{rng.randint(1, 12)} {rng.choice(['am', 'pm'])}", f"{rng.randint(7, 22)}:{minute}"])

    return fresh(make, split)


def date(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A day of the year such as 14 March."""
    return fresh(lambda: f"{rng.randint(1, 28)} {rng.choice(MONTHS)}", split)


def word(rng: random.Random, split: Split = Split.TRAIN) -> str:
    """A made-up word in lower case."""
    return invent([*_PERSON_ENDS, *_TOWN_ENDS, *_BRAND_ENDS, "ly", "ing"], rng, split).lower()


DRAWERS: dict[str, Drawer] = {
    "person": person,
    "place": place,
    "company": company,
    "product": product,
    "river": river,
    "title": title,
    "price": price,
    "clock": clock,
    "date": date,
    "pet_name": pet_name,
    "job": _listed(JOBS),
    "hobby": _listed(HOBBIES),
    "animal": _listed(ANIMALS),
    "goods": _listed(GOODS),
    "subject": _listed(SUBJECTS),
    "crop": _listed(CROPS),
    "spot": _listed(SPOTS),
    "award": _listed(AWARDS),
    "food": _pairs(FLAVOURS, DISHES),
    "object": _pairs(LOOKS, OBJECTS),
    "topic": _pairs(TOPIC_WORDS, TOPICS),
    "event": _pairs(EVENT_THEMES, EVENT_KINDS),
    "room": _pairs(ROOMS, ["room", "hall", "office", "lab"]),
    "colour": _any(COLOURS),
    "month": _any(MONTHS),
    "weekday": _any(WEEKDAYS),
    "vehicle": _any(VEHICLES),
    "age": _number(18, 95),
    "pet_age": _number(2, 18),
    "year": _number(1850, 2024),
    "staff": _number(11, 990),
    "extension": _number(100, 9999),
    "hours": _number(2, 49, " hours"),
    "days": _number(2, 60, " days"),
    "count": _number(2, 60),
    "pages": _number(40, 900),
    "kilos": _number(2, 90, " kilograms"),
    "residents": _number(300, 9900, "", 10),
    "minutes": _number(10, 180, " minutes", 5),
    "degrees": _number(120, 251, " degrees", 5),
    "grams": _number(50, 990, " grams", 10),
    "table": _number(2, 60),
}
