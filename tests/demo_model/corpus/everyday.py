"""Questions about everyday things: the calendar, amounts, records, books, inventions, trades and tools."""

from __future__ import annotations

from collections.abc import Sequence

from tests.demo_model.corpus.facts import (
    AMOUNTS,
    AUTHORS,
    DAYS,
    INVENTORS,
    JOBS,
    MONTHS,
    ORDINALS,
    PARTS,
    RECORDS,
    SEASONS,
    TOOLS,
)
from tests.demo_model.corpus.relations import Fact, Relation, facts_of, with_article


def _next(cycle: Sequence[str]) -> tuple[Fact, ...]:
    return facts_of(zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def _previous(cycle: Sequence[str]) -> tuple[Fact, ...]:
    return tuple(Fact(fact.value, fact.key, fact.key) for fact in _next(cycle))


def _counted(table: dict[tuple[str, str], str]) -> tuple[Fact, ...]:
    return tuple(Fact(whole, number, number, part) for (part, whole), number in table.items())


def _after(unit: str, facts: tuple[Fact, ...]) -> Relation:
    """The relation from a day, a month or a season to the next one."""
    return Relation(
        f"{unit}_after",
        tuple(fact._replace(more=unit) for fact in facts),
        (
            "What {more} comes after {key}?",
            "Which {more} comes after {key}?",
            "Which {more} follows {key}?",
            "What is the {more} after {key}?",
            "What is the next {more} after {key}?",
            "Name the {more} after {key}.",
            "What comes after {key}?",
            "After {key} comes which {more}?",
        ),
        "which {more} comes after {key}",
        (
            "What {more} follows {key}?",
            "Name the {more} that comes after {key}.",
            "Which is the next {more} after {key}?",
        ),
        ("The {more} after {key} is {value}.", "After {key} comes {value}.", "{value} comes after {key}."),
    )


def _before(unit: str, facts: tuple[Fact, ...]) -> Relation:
    """The relation from a day, a month or a season to the previous one."""
    return Relation(
        f"{unit}_before",
        tuple(fact._replace(more=unit) for fact in facts),
        (
            "What {more} comes before {key}?",
            "Which {more} comes before {key}?",
            "Which {more} is just before {key}?",
            "What is the {more} before {key}?",
            "What is the previous {more} before {key}?",
            "Name the {more} before {key}.",
            "What comes before {key}?",
            "Before {key} comes which {more}?",
        ),
        "which {more} comes before {key}",
        (
            "What {more} is just before {key}?",
            "Name the {more} that comes before {key}.",
            "Which is the {more} before {key}?",
        ),
        ("The {more} before {key} is {value}.", "Before {key} comes {value}.", "{value} comes before {key}."),
    )


RELATIONS = (
    _after("day", _next(DAYS)),
    _before("day", _previous(DAYS)),
    _after("month", _next(tuple(MONTHS))),
    _before("month", _previous(tuple(MONTHS))),
    _after("season", _next(SEASONS)),
    _before("season", _previous(SEASONS)),
    Relation(
        "month_days",
        tuple(Fact(month, days, days[:2]) for month, days in MONTHS.items()),
        (
            "How many days does {key} have?",
            "How many days are in {key}?",
            "How many days are there in {key}?",
            "How many days has {key} got?",
            "{key} has how many days?",
            "What is the number of days in {key}?",
            "How long is {key}, in days?",
            "Count the days of {key}.",
        ),
        "how many days {key} has",
        (
            "In {key}, how many days are there?",
            "{key} has got how many days?",
            "Tell me the number of days in {key}.",
        ),
        ("{key} has {value}.", "The month of {key} has {value}."),
    ),
    Relation(
        "month_position",
        facts_of(zip(ORDINALS, MONTHS, strict=True)),
        (
            "What is the {key} month of the year?",
            "Which month is the {key} of the year?",
            "Name the {key} month of the year.",
            "Which is the {key} month?",
            "What month is the {key} of the year?",
            "Give me the {key} month of the year.",
            "Counting from January, what is the {key} month?",
            "The {key} month of the year is called what?",
        ),
        "which month is the {key} of the year",
        (
            "Which month is the {key} month of the year?",
            "Counting from January, which month is the {key}?",
            "What is the name of the {key} month?",
        ),
        ("The {key} month of the year is {value}.", "{value} is the {key} month of the year."),
    ),
    Relation(
        "amount",
        _counted(AMOUNTS),
        (
            "How many {more} are in {key}?",
            "How many {more} are there in {key}?",
            "What is the number of {more} in {key}?",
            "{key} has how many {more}?",
            "In {key}, how many {more} are there?",
            "Give me the number of {more} in {key}.",
            "How many {more} does {key} have?",
            "The number of {more} in {key}?",
        ),
        "how many {more} are in {key}",
        (
            "In {key} there are how many {more}?",
            "Tell me the number of {more} in {key}.",
            "What number of {more} are there in {key}?",
        ),
        ("There are {value} {more} in {key}.", "{key} has {value} {more}."),
    ),
    Relation(
        "parts",
        _counted(PARTS),
        (
            "How many {more} does {key} have?",
            "How many {more} has {key} got?",
            "What is the number of {more} of {key}?",
            "{key} has how many {more}?",
            "Count the {more} of {key}.",
            "Give me the number of {more} of {key}.",
            "{key}: how many {more}?",
            "The number of {more} of {key}?",
        ),
        "how many {more} {key} has",
        (
            "{key} has got how many {more}?",
            "What number of {more} does {key} have?",
            "Tell me the number of {more} of {key}.",
        ),
        ("{key} has {value} {more}.", "The number of {more} of {key} is {value}."),
    ),
    Relation(
        "record",
        facts_of(RECORDS),
        (
            "What is {key}?",
            "What's {key}?",
            "Name {key}.",
            "Give me {key}.",
            "Can you give me {key}?",
            "I am looking for {key}: what is it?",
            "Please name {key}.",
            "{key} is what?",
        ),
        "what {key} is",
        (
            "Please give me {key}.",
            "What would you say {key} is?",
            "{key}: what is it?",
        ),
        ("{key} is {value}.", "The answer is {value}: it is {key}."),
    ),
    Relation(
        "author",
        facts_of(AUTHORS),
        (
            "Who wrote {key}?",
            "Who is the author of {key}?",
            'Who wrote "{key}"?',
            'Who is the author of "{key}"?',
            "Which author wrote {key}?",
            "Name the author of {key}.",
            "Who was the writer of {key}?",
            "{key} was written by whom?",
            "By whom was {key} written?",
        ),
        "who wrote {key}",
        (
            "Which writer wrote {key}?",
            "Who was the author of {key}?",
            'Tell me the author of "{key}".',
        ),
        ("{key} was written by {value}.", "{value} wrote {key}.", "The author of {key} is {value}."),
    ),
    Relation(
        "inventor",
        facts_of(INVENTORS),
        (
            "Who invented {key}?",
            "Who was the inventor of {key}?",
            "Which inventor made {key}?",
            "Name the inventor of {key}.",
            "By whom was {key} invented?",
            "{key} was invented by whom?",
            "Who came up with {key}?",
            "Who made {key}?",
        ),
        "who invented {key}",
        (
            "Tell me the inventor of {key}.",
            "Which inventor came up with {key}?",
            "Who is the inventor of {key}?",
        ),
        ("{key} was invented by {value}.", "{value} invented {key}."),
    ),
    Relation(
        "job",
        facts_of((with_article(job), does) for job, does in JOBS.items()),
        (
            "What does {key} do?",
            "What is the job of {key}?",
            "What work does {key} do?",
            "What does {key} do at work?",
            "Describe the job of {key}.",
            "What is the work of {key}?",
            "Explain the job of {key}.",
            "What does {key} do all day?",
        ),
        "what {key} does",
        (
            "Describe the work of {key}.",
            "What job does {key} do?",
            "Explain what {key} does at work.",
        ),
        ("{key} {value}.", "At work, {key} {value}."),
    ),
    Relation(
        "tool",
        facts_of((with_article(tool), use) for tool, use in TOOLS.items()),
        (
            "What is {key} used for?",
            "What do you use {key} for?",
            "What is {key} for?",
            "What can you do with {key}?",
            "What do people do with {key}?",
            "What is the use of {key}?",
            "For what do we use {key}?",
            "Explain what {key} is used for.",
        ),
        "what {key} is used for",
        (
            "What do people use {key} for?",
            "For what is {key} used?",
            "What do you do with {key}?",
        ),
        ("You use {key} to {value}.", "{key} is used to {value}."),
    ),
)
