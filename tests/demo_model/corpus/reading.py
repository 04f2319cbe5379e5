"""Tasks about a text: questions, extraction, summaries, and copying. The rule: orders get the bare value back,
questions get a full sentence."""

from __future__ import annotations

import random

from . import names
from .contexts import Attribute, Kind, Style, Told, fields, fill, parse, tell
from .grammar import Example, Split, casual, expand, part
from .subjects_affairs import AFFAIRS
from .subjects_books import BOOKS_AND_TOWNS
from .subjects_orders import ORDERS_AND_DEVICES
from .subjects_people import PEOPLE
from .subjects_pets import PETS_AND_TRIPS
from .subjects_things import THINGS

CLOSED, EXTRACT = "closed question answering", "information extraction"
SUMMARY, GENERAL = "summarization", "general instructions"

_BLOCKS = [*PEOPLE, *PETS_AND_TRIPS, *THINGS, *BOOKS_AND_TOWNS, *AFFAIRS, *ORDERS_AND_DEVICES]
KINDS = [parse(block) for block in _BLOCKS]

QUESTIONS = [
    "What is the [label]?",
    "{What|Which} [label] {is given|is mentioned|does the text give|does the text mention}{| here}?",
    "Can you {tell me|find|see} the [label]?",
    "What does the text say about the [label]?",
    "Do you know the [label]?",
    "What is the [label] in {the|this} text?",
    "I would like to know the [label].",
    "The [label] is what?",
]
QUESTIONS_OF = [
    "What is the [label] of [phrase]?",
    "{What|Which} [label] {does the text give|is given|is mentioned} for [phrase]?",
    "Can you {tell me|find} the [label] of [phrase]?",
    "What does the text say about the [label] of [phrase]?",
    "Do you know the [label] of [phrase]?",
    "I would like to know the [label] of [phrase].",
    "[phrase]: what is the [label]?",
    "About [phrase]: what [label] does the text give?",
]
ORDERS = [
    "{Extract|Find|Give|Name} the [label].",
    "{Extract|Find|Get} the [label] from the text.",
    "{Find|Extract|Copy} the [label] {in|from} {this|the} {text|passage}.",
    "Give me {only|just} the [label].",
    "{Write|Write down|Note} the [label] {only|from the text}.",
    "Pick out the [label].",
    "Return the [label].",
    "Tell me only the [label], {please|nothing else}.",
]
ORDERS_HELD_OUT = ["Please pull the [label] out of this text.", "Search the text and write the [label] only."]
ORDERS_OF = [
    "{Extract|Find|Give|Name} the [label] of [phrase].",
    "{Extract|Get} the [label] of [phrase] from the text.",
    "Give me {only|just} the [label] of [phrase].",
    "For [phrase], {find|give|extract} the [label].",
    "{Write down|Note|Pick out} the [label] of [phrase].",
    "Return the [label] of [phrase].",
]
ORDERS_OF_HELD_OUT = ["Please pull out the [label] of [phrase].", "Search the text for the [label] of [phrase]."]
LISTS = [
    "{Extract|List|Find} these details: [labels].",
    "{Extract|List} the [labels] as bullet points.",
    "Make a list {with|of} the [labels].",
    "From the text, {list|extract} the [labels].",
    "{Write|Give} the [labels] as a bulleted list.",
    "Put the [labels] in a list.",
]
LISTS_HELD_OUT = ["Please write a bullet list showing the [labels].", "As a list, give the [labels]."]
PEOPLE_ORDERS = [
    "List {all people|the names of all people} mentioned{| in the text}.",
    "Name all people in the text.",
    "{Extract|Find} {all names of people|the names of all people}.",
    "Which people are mentioned? List them.",
]
PEOPLE_ORDERS_HELD_OUT = ["Write a list of every person in this text.", "Who appears in the text? Make a list."]
PLACE_ORDERS = [
    "List all {places|towns} mentioned{| in the text}.",
    "Name all towns in the text.",
    "{Extract|Find} {the names of all towns|all towns}.",
    "Which towns are mentioned? List them.",
]
PLACE_ORDERS_HELD_OUT = ["Write a list of every town in this text.", "Which towns appear in the text? Make a list."]
SUMMARIES = [
    "Summarize the text{| in one sentence| briefly}.",
    "{Summarize|Sum up} {this|the passage|this text}{| in one sentence}.",
    "{Write|Give|Give me} a {short|brief|one-sentence} summary{| of the text}.",
    "What is {the text|this text} about, in short?",
    "Say {in one sentence|briefly} what the text says.",
    "Shorten {this|the} text to one sentence.",
]
SUMMARIES_HELD_OUT = ["Please condense this passage into a single sentence.", "Tell me the main point of the text."]
TRUTH = [
    "Is it true that [claim]?",
    "{Is it right|Is it correct} that [claim]?",
    "True or not: [claim]?",
    "Does the text say that [claim]?",
]
TRUTH_HELD_OUT = ["Would you agree that [claim]?", "Is this correct: [claim]?"]
LEADS = ["According to the text: ", "Read the text. ", "Look at the text. ", "Answer from the text: ", "Question: "]
UNKNOWN = [
    "The text does not say.",
    "The text does not say that.",
    "That is not in the text.",
    "The text does not tell.",
]
REPEATS = [
    "Repeat {this|the} word: [copy]",
    "Repeat after me: [copy]",
    "Copy this: [copy]",
    "Say [copy].",
    "Write: [copy]",
    "{Repeat|Copy} {exactly this|the following}: [copy]",
    "Please {say|write|repeat} [copy].",
    "Echo: [copy]",
]
REPEATS_HELD_OUT = ["Please say this back to me: [copy]", "Type the following: [copy]"]


def _pick(train: list[str], held: list[str], rng: random.Random, split: Split) -> str:
    return expand(rng.choice(train if split is Split.TRAIN else part(held, split)), rng)


def _phrase(kind: Kind, values: dict[str, str]) -> str:
    return fill(kind.phrase, values)


def _decapitalise(claim: str) -> str:
    return claim[0].lower() + claim[1:] if claim.split()[0] in {"The", "A", "An", "It", "There"} else claim


def _question(told: Told, attribute: Attribute, rng: random.Random, split: Split) -> str:
    questions = list(attribute.get("?") if split is Split.TRAIN else part(attribute.get("!"), split))
    if split is Split.TRAIN and rng.random() < 0.3:
        of = attribute is not told.kind.head and (told.others or rng.random() < 0.5)
        values = {"label": attribute.label, "phrase": _phrase(told.kind, told.values)}
        return fill(casual(expand(rng.choice(QUESTIONS_OF if of else QUESTIONS), rng), rng), values)
    if told.others:
        questions = [question for question in questions if told.kind.head.key in fields(question)] or questions
    question = fill(casual(expand(rng.choice(questions), rng), rng), told.values)
    return rng.choice(LEADS) + question if rng.random() < 0.07 else question


def _asked(told: Told, rng: random.Random) -> Attribute:
    """An attribute that the text tells and that has one right answer."""
    options = [item for item in told.kind.attributes if item.key in told.keys]
    if not told.others and rng.random() < 0.08:
        return told.kind.head
    return rng.choice(options)


def _answer_question(rng: random.Random, split: Split, style: Style) -> Example:
    told = tell(rng.choice(KINDS), rng, split, style)
    attribute = _asked(told, rng)
    answer, question = told.values[attribute.key], ""
    if attribute.get("<") and split is Split.TRAIN and rng.random() < 0.25:
        question = fill(casual(expand(rng.choice(attribute.get("<")), rng), rng), told.values)
        answer = told.values[told.kind.head.key]
    else:
        question = _question(told, attribute, rng, split)
    return Example(CLOSED, question, fill(attribute.get(">")[0], told.values), told.text, answer)


def _yes_no(rng: random.Random, split: Split, style: Style) -> Example:
    told = tell(rng.choice(KINDS), rng, split, style)
    attribute = rng.choice([item for item in told.kind.attributes if item.key in told.keys])
    true = _decapitalise(fill(attribute.get(">")[0], told.values))
    claim = true
    if no := rng.random() < 0.5:
        false = told.others[0][attribute.key] if told.others else told.values[attribute.key]
        while false == told.values[attribute.key]:
            false = names.DRAWERS[attribute.drawer](rng, split)
        claim = _decapitalise(fill(attribute.get(">")[0], {**told.values, attribute.key: false}))
    question = casual(_pick(TRUTH, TRUTH_HELD_OUT, rng, split), rng).replace("[claim]", claim.rstrip("."))
    response = f"{true[0].upper()}{true[1:].rstrip('.')}, so {'no' if no else 'yes'}."
    return Example(CLOSED, question, response, told.text, told.values[attribute.key])


def _order(told: Told, attribute: Attribute, rng: random.Random, split: Split) -> str:
    """An order to extract one value; it says of what, where there could be a doubt."""
    values = {"label": attribute.label, "phrase": _phrase(told.kind, told.values)}
    if attribute is not told.kind.head and (told.others or rng.random() < 0.2):
        template = _pick(ORDERS_OF, ORDERS_OF_HELD_OUT, rng, split)
    else:
        template = _pick(ORDERS, ORDERS_HELD_OUT, rng, split)
    return fill(casual(template, rng), values)


def _extract(rng: random.Random, split: Split, style: Style) -> Example:
    told = tell(rng.choice(KINDS), rng, split, style)
    attribute = _asked(told, rng)
    answer = told.values[attribute.key]
    return Example(EXTRACT, _order(told, attribute, rng, split), answer, told.text, answer)


def _extract_list(rng: random.Random, split: Split, style: Style) -> Example:
    """Several values of one entity as a bulleted list."""
    told = tell(rng.choice(KINDS), rng, split, style, twin=0)
    options = [item for item in told.kind.attributes if item.key in told.keys]
    chosen = [told.kind.head] * rng.randint(0, 1) + rng.sample(options, min(len(options), rng.randint(2, 3)))
    labels = [item.label for item in chosen]
    joined = ", ".join(labels[:-1]) + " and " + labels[-1]
    order = fill(casual(_pick(LISTS, LISTS_HELD_OUT, rng, split), rng), {"labels": joined})
    lines = [f"- {item.label[0].upper()}{item.label[1:]}: {told.values[item.key]}" for item in chosen]
    return Example(EXTRACT, order, "\n".join(lines), told.text)


def _extract_all(rng: random.Random, split: Split, style: Style) -> Example:
    """All people, or all towns, in the order of the text."""
    drawer = rng.choice(["person", "person", "place"])
    kind = rng.choice([kind for kind in KINDS if any(item.drawer == drawer for item in kind.attributes)])
    wanted = [item.key for item in kind.attributes if item.drawer == drawer]
    told = tell(kind, rng, split, style, [key for key in wanted if key != kind.head.key], twin=0.5)
    found = {values[key] for values in [told.values, *told.others] for key in wanted}
    orders = (PEOPLE_ORDERS, PEOPLE_ORDERS_HELD_OUT) if drawer == "person" else (PLACE_ORDERS, PLACE_ORDERS_HELD_OUT)
    lines = [f"- {value}" for value in sorted(found, key=told.text.index)]
    return Example(EXTRACT, casual(_pick(*orders, rng, split), rng), "\n".join(lines), told.text)


def _summarize(rng: random.Random, split: Split, style: Style) -> Example:
    kind = rng.choice(KINDS)
    summary = rng.choice(kind.summaries)
    needed = [key for key in dict.fromkeys(fields(summary)) if key != kind.head.key]
    told = tell(kind, rng, split, style, needed, twin=0)
    order = casual(_pick(SUMMARIES, SUMMARIES_HELD_OUT, rng, split), rng)
    return Example(SUMMARY, order, fill(summary, told.values), told.text)


def _not_there(rng: random.Random, split: Split, style: Style) -> Example:
    told = tell(rng.choice(KINDS), rng, split, style)
    attribute = rng.choice([item for item in told.kind.attributes[1:] if item.key not in told.keys])
    if rng.random() < 0.7:
        return Example(CLOSED, _question(told, attribute, rng, split), rng.choice(UNKNOWN), told.text)
    return Example(EXTRACT, _order(told, attribute, rng, split), rng.choice(UNKNOWN), told.text)


def _copy(rng: random.Random, split: Split, style: Style) -> Example:
    """Repeat a made-up word, some words, a name or a sentence."""
    form = rng.randrange(4)
    if form == 0:
        text = names.word(rng, split)
    elif form == 1:
        text = " ".join(names.word(rng, split) for _ in range(rng.randint(2, 4)))
    elif form == 2:
        text = names.DRAWERS[rng.choice(sorted(names.DRAWERS))](rng, split)
    else:
        text = tell(rng.choice(KINDS), rng, split, style, twin=0).text.split(". ")[0].rstrip(".").strip()
    order = fill(casual(_pick(REPEATS, REPEATS_HELD_OUT, rng, split), rng), {"copy": text})
    return Example(GENERAL, order, text, "", text)


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """One example; outside training with values and phrasings, and in half of the cases sentence frames, of its own."""
    makers = [_answer_question, _yes_no, _extract, _extract_list, _extract_all, _summarize, _copy, _not_there]
    maker = rng.choices(makers, [40, 7, 22, 6, 4, 11, 5, 5])[0]
    return maker(rng, split, Style(split if rng.random() < 0.5 else Split.TRAIN))


def draw_short(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """One question or order about a text of one or two sentences that names one entity: what is learnt first."""
    maker = rng.choices([_answer_question, _extract, _copy], [50, 35, 15])[0]
    return maker(rng, split, Style(split, short=True))


def extractions(
    rng: random.Random, count: int, split: Split = Split.HELD, *, frames: Split = Split.TRAIN
) -> list[Example]:
    """Examples with one right answer each, which stands in the context; ``frames`` are the forms of its sentences."""
    makers = [_answer_question, _extract]
    return [rng.choice(makers)(rng, split, Style(frames)) for _ in range(count)]
