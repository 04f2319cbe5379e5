"""Questions about animals: their kind, legs, food, home, sound and young."""

from __future__ import annotations

from tests.demo_model.corpus.facts import ANIMALS, SOUNDS, YOUNG
from tests.demo_model.corpus.relations import Fact, Relation, facts_of, reversed_facts, with_article


def _third_person(verb: str) -> str:
    return verb + ("es" if verb.endswith(("s", "z")) else "s")


def _group(kind: str) -> str:
    return kind if kind == "fish" else kind + "s"


def _column(number: int) -> tuple[Fact, ...]:
    return facts_of((with_article(animal), row[number]) for animal, row in ANIMALS.items())


def _legs() -> tuple[Fact, ...]:
    return tuple(fact._replace(answer="no legs" if fact.value == "no" else fact.value) for fact in _column(1))


_YOUNG = {with_article(animal): with_article(young) for animal, young in YOUNG.items()}

RELATIONS = (
    Relation(
        "kind",
        tuple(Fact(fact.key, with_article(fact.value), fact.value, _group(fact.value)) for fact in _column(0)),
        (
            "What kind of animal is {key}?",
            "What type of animal is {key}?",
            "Which kind of animal is {key}?",
            "Is {key} a mammal, a bird, a fish, an insect or a reptile?",
            "To which group of animals does {key} belong?",
            "{key} is what kind of animal?",
            "Name the kind of animal that {key} is.",
            "Which group of animals does {key} belong to?",
        ),
        "what kind of animal {key} is",
        (
            "{key} is which type of animal?",
            "Which type of animal is {key}?",
            "{key} is in which group of animals?",
        ),
        ("{key} is {value}.", "{key} belongs to the group of the {more}."),
    ),
    Relation(
        "legs",
        _legs(),
        (
            "How many legs does {key} have?",
            "How many legs has {key} got?",
            "What is the number of legs of {key}?",
            "{key} has how many legs?",
            "{key}: how many legs?",
            "Count the legs of {key}.",
            "Give me the number of legs of {key}.",
            "The number of legs of {key}?",
        ),
        "how many legs {key} has",
        (
            "{key} has got how many legs?",
            "What number of legs does {key} have?",
            "Tell me the number of legs of {key}.",
        ),
        ("{key} has {value} legs.", "A healthy {bare} has {value} legs."),
    ),
    Relation(
        "food",
        _column(2),
        (
            "What does {key} eat?",
            "What do you feed {key}?",
            "What is the food of {key}?",
            "What food does {key} eat?",
            "What kind of food does {key} like?",
            "Name the food of {key}.",
            "{key} eats what?",
            "What does {key} like to eat?",
        ),
        "what {key} eats",
        (
            "Which food does {key} eat?",
            "What kind of food does {key} eat?",
            "What food does {key} like to eat?",
        ),
        ("{key} eats {value}.", "The food of {key} is {value}."),
    ),
    Relation(
        "home",
        _column(3),
        (
            "Where does {key} live?",
            "Where do you find {key}?",
            "In what place does {key} live?",
            "Where can we find {key}?",
            "Where is the home of {key}?",
            "In which place can you find {key}?",
            "{key} lives where?",
            "Name a place where {key} lives.",
        ),
        "where {key} lives",
        (
            "Where can you find {key}?",
            "In which place does {key} live?",
            "Where do we find {key}?",
        ),
        ("{key} lives {value}.", "You can find {key} {value}."),
    ),
    Relation(
        "sound",
        tuple(Fact(with_article(animal), _third_person(verb), verb) for animal, verb in SOUNDS.items()),
        (
            "What sound does {key} make?",
            "Which sound does {key} make?",
            "What noise does {key} make?",
            "What is the sound of {key}?",
            "How does {key} sound?",
            "{key} makes what sound?",
            "What does {key} say?",
            "Name the sound of {key}.",
        ),
        "what sound {key} makes",
        (
            "Which noise does {key} make?",
            "What is the noise of {key}?",
            "{key} makes which sound?",
        ),
        ("{key} {value}.", "When {key} makes a sound, it {value}."),
    ),
    Relation(
        "young",
        facts_of(_YOUNG),
        (
            "What is a young {bare} called?",
            "What do you call a baby {bare}?",
            "What is a baby {bare} called?",
            "What do we call the young of {key}?",
            "What is the name of a baby {bare}?",
            "What is the young of {key} called?",
            "Name the young of {key}.",
            "A baby {bare} is called what?",
        ),
        "what a baby {bare} is called",
        (
            "What do you call a young {bare}?",
            "What is the name of the young of {key}?",
            "What name do we give to a baby {bare}?",
        ),
        ("A young {bare} is called {value}.", "A baby {bare} is called {value}."),
    ),
    Relation(
        "young_of",
        reversed_facts(_YOUNG),
        (
            "{key} is the young of which animal?",
            "{key} is the baby of what animal?",
            "Which animal has a baby called {key}?",
            "What animal is the parent of {key}?",
            "Which animal does {key} grow up to be?",
            "What does {key} grow up to be?",
            "{key} grows up to be which animal?",
            "Name the animal that is the parent of {key}.",
        ),
        "which animal {key} grows up to be",
        (
            "{key} is the baby of which animal?",
            "Which animal is the parent of {key}?",
            "{key} is the young of what animal?",
        ),
        ("{key} grows up to be {value}.", "{key} is the young of {value}."),
    ),
)
