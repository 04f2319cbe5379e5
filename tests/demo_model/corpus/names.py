"""The values that contexts are filled with: names real and invented, numbers, things. Owns what is held out.

Every value belongs for good to training or to evaluation: a stable hash of its text decides, see ``is_held_out``.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence

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

Drawer = Callable[[random.Random, bool], str]

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


def is_held_out(value: str) -> bool:
    """Whether a value is kept out of training: one in four is, whoever asks and whenever."""
    return zlib.crc32(value.lower().encode()) % 4 == 0


def fresh(make: Callable[[], str], held_out: bool) -> str:
    """Draw until a value lies on the wanted side."""
    while is_held_out(value := make()) != held_out:
        pass
    return value


def choose(values: Sequence[str], rng: random.Random, held_out: bool) -> str:
    """One of the listed values, on the wanted side."""
    return fresh(lambda: rng.choice(values), held_out)


def invent(ends: Sequence[str], rng: random.Random, held_out: bool) -> str:
    """An invented name built from syllables, such as Morvina or Talbeck."""

    def make() -> str:
        stem = rng.choice(_STARTS) + rng.choice(_VOWELS) + rng.choice(_MIDDLES)
        if rng.random() < 0.25:
            stem += rng.choice("aeio") + rng.choice("lmnrstvd")
        return (stem + rng.choice(ends)).capitalize()

    return fresh(make, held_out)


def _real_or_invented(real: Sequence[str], ends: Sequence[str]) -> Drawer:
    def draw(rng: random.Random, held_out: bool = False) -> str:
        return choose(real, rng, held_out) if rng.random() < 0.4 else invent(ends, rng, held_out)

    return draw


first_name = _real_or_invented(FIRST_NAMES, _PERSON_ENDS)
surname = _real_or_invented(SURNAMES, _SURNAME_ENDS)
place = _real_or_invented(TOWNS, _TOWN_ENDS)
pet_name = _real_or_invented(PET_NAMES, ["o", "y", "a", "ie", "us", "le", "et", "i"])


def person(rng: random.Random, held_out: bool = False) -> str:
    """A person: a first name, in some draws with a surname."""
    first = first_name(rng, held_out)
    return f"{first} {surname(rng, held_out)}" if rng.random() < 0.3 else first


def company(rng: random.Random, held_out: bool = False) -> str:
    """A firm: an invented brand, mostly with what sort of firm it is."""
    brand = invent(_BRAND_ENDS, rng, held_out)
    return f"{brand} {rng.choice(FIRMS)}" if rng.random() < 0.6 else brand


def product(rng: random.Random, held_out: bool = False) -> str:
    """A named device: an invented brand, at times with a model number."""
    brand = invent(_BRAND_ENDS, rng, held_out)
    return f"{brand} {rng.randint(2, 900)}" if rng.random() < 0.4 else brand


def river(rng: random.Random, held_out: bool = False) -> str:
    """The name of a river or lake, without the article."""
    return invent(["e", "en", "er", "ey", "a", "ow", "ar", "ine"], rng, held_out)


def title(rng: random.Random, held_out: bool = False) -> str:
    """The title of a book."""
    return fresh(lambda: f"The {rng.choice(TITLE_WORDS)} {rng.choice(TITLE_NOUNS)}", held_out)


def _listed(values: Sequence[str]) -> Drawer:
    return lambda rng, held_out: choose(values, rng, held_out)


def _any(values: Sequence[str]) -> Drawer:
    return lambda rng, held_out: rng.choice(values)


def _pairs(lefts: Sequence[str], rights: Sequence[str]) -> Drawer:
    return lambda rng, held_out: fresh(lambda: f"{rng.choice(lefts)} {rng.choice(rights)}", held_out)


def _number(low: int, high: int, unit: str = "", step: int = 1) -> Drawer:
    def draw(rng: random.Random, held_out: bool) -> str:
        return fresh(lambda: f"{rng.randrange(low, high, step)}{unit}", held_out)

    return draw


def price(rng: random.Random, held_out: bool = False) -> str:
    """An amount of money, written in one of several ways."""

    def make() -> str:
        amount = rng.choice([rng.randint(2, 99), rng.randint(100, 950)])
        return rng.choice([f"{amount} dollars", f"{amount} euros", f"{amount} pounds", f"${amount}"])

    return fresh(make, held_out)


def clock(rng: random.Random, held_out: bool = False) -> str:
    """A time of day."""

    def make() -> str:
        minute = rng.choice(["00", "15", "30", "45", "10", "20", "40", "50"])
        return rng.choice([f"{rng.randint(1, 12)} {rng.choice(['am', 'pm'])}", f"{rng.randint(7, 22)}:{minute}"])

    return fresh(make, held_out)


def date(rng: random.Random, held_out: bool = False) -> str:
    """A day of the year such as 14 March."""
    return fresh(lambda: f"{rng.randint(1, 28)} {rng.choice(MONTHS)}", held_out)


def word(rng: random.Random, held_out: bool = False) -> str:
    """A made-up word in lower case."""
    return invent([*_PERSON_ENDS, *_TOWN_ENDS, *_BRAND_ENDS, "ly", "ing"], rng, held_out).lower()


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
