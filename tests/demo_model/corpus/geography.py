"""Questions about countries: capitals, continents, languages and money."""

from __future__ import annotations

from tests.demo_model.corpus.facts import CAPITALS, CONTINENTS, CURRENCIES, LANGUAGES
from tests.demo_model.corpus.relations import Relation, facts_of, reversed_facts

RELATIONS = (
    Relation(
        "capital",
        facts_of(CAPITALS),
        (
            "What is the capital of {key}?",
            "What's the capital of {key}?",
            "What is the capital city of {key}?",
            "Which city is the capital of {key}?",
            "What city is the capital of {key}?",
            "Name the capital of {key}.",
            "Give me the capital of {key}.",
            "Capital of {key}?",
            "{key}: what is the capital?",
        ),
        "what the capital of {key} is",
        (
            "The capital of {key} is which city?",
            "Name the capital city of {key}.",
            "Tell me the capital of {key}.",
        ),
        ("The capital of {key} is {value}.", "{value} is the capital of {key}."),
    ),
    Relation(
        "capital_of",
        reversed_facts(CAPITALS),
        (
            "{key} is the capital of which country?",
            "{key} is the capital of what country?",
            "Which country has {key} as its capital?",
            "What country has the capital {key}?",
            "Of which country is {key} the capital?",
            "{key} is the capital city of which country?",
            "Name the country whose capital is {key}.",
            "Which country's capital is {key}?",
        ),
        "which country has the capital {key}",
        (
            "What country has {key} as its capital?",
            "Tell me the country whose capital is {key}.",
            "{key} is the capital city of what country?",
        ),
        ("{key} is the capital of {value}.", "The country whose capital is {key} is {value}."),
    ),
    Relation(
        "city",
        reversed_facts(CAPITALS),
        (
            "In which country is {key}?",
            "Which country is {key} in?",
            "Where is {key}?",
            "In what country is {key}?",
            "What country is {key} in?",
            "To which country does {key} belong?",
            "{key} is in which country?",
            "Name the country of {key}.",
            "Where can I find {key}?",
        ),
        "in which country {key} is",
        (
            "{key} is a city in which country?",
            "In which country do you find {key}?",
            "In which country can I visit {key}?",
        ),
        ("{key} is in {value}.", "{key} is a city in {value}."),
    ),
    Relation(
        "continent",
        facts_of(CONTINENTS),
        (
            "On which continent is {key}?",
            "Which continent is {key} in?",
            "What continent is {key} on?",
            "{key} is on which continent?",
            "To which continent does {key} belong?",
            "Name the continent of {key}.",
            "In which continent do we find {key}?",
            "What is the continent of {key}?",
        ),
        "which continent {key} is on",
        (
            "What continent is {key} in?",
            "{key} is in which continent?",
            "What continent does {key} belong to?",
        ),
        ("{key} is in {value}.", "{key} is a country in {value}."),
    ),
    Relation(
        "language",
        facts_of(LANGUAGES),
        (
            "What language do people speak in {key}?",
            "Which language is spoken in {key}?",
            "What is the main language of {key}?",
            "What language is spoken in {key}?",
            "Name the language of {key}.",
            "What is the language of {key}?",
            "In {key}, what language do people speak?",
            "Which language do most people in {key} speak?",
        ),
        "which language people speak in {key}",
        (
            "Which language do people speak in {key}?",
            "Name the main language of {key}.",
            "What is the language that people speak in {key}?",
        ),
        ("The main language of {key} is {value}.", "People in {key} speak {value}."),
    ),
    Relation(
        "currency",
        facts_of(CURRENCIES),
        (
            "What is the currency of {key}?",
            "Which currency is used in {key}?",
            "What currency does {key} use?",
            "What money do people use in {key}?",
            "Name the currency of {key}.",
            "With what currency do people pay in {key}?",
            "What kind of money is used in {key}?",
            "{key}: what is the currency?",
        ),
        "what the currency of {key} is",
        (
            "Which currency does {key} use?",
            "Which money is used in {key}?",
            "Give me the currency of {key}.",
        ),
        ("The currency of {key} is the {value}.", "People in {key} pay with the {value}."),
    ),
)
