"""Questions with a choice: yes or no, and either or, about every fact. The answer says the fact before its "yes"."""

from __future__ import annotations

import random
import re

from tests.demo_model.corpus.grammar import Example, Split, expand, part
from tests.demo_model.corpus.names import split_of
from tests.demo_model.corpus.questions import RELATIONS
from tests.demo_model.corpus.relations import Fact, Relation, ask, capitalized, fill, put, typed

# Around a question such as "is Paris the capital of France?", and around the claim "Paris is the capital of France".
_AROUND_QUESTION = (
    "<it>",
    "{Tell me|Please tell me|Say|A question|Question|Quick question|One more question|I have a question}: <it>",
    "{Tell me|Answer me} {this|one thing|honestly}{:|.} <it>",
    "{Hi|Hello|Hey|Good morning}{!|.|,} <it>",
    "{Do you know|Can you tell me|May I ask|What do you think|Right or wrong|Any idea}? <it>",
    "{A|One} {yes-or-no|simple|short|quick} question{:|.} <it>",
    "{Please |}{answer|reply|say}{| just| only}: <it>",
    "{Please |}{Answer|Reply|Respond}{| just| only} {with yes or no|with a yes or a no|yes or no}. <it>",
    "{Yes/no|In one word|Just yes or no|Simply yes or no|No or yes|For a quiz|To be sure|Honestly}{:|,|?|.} <it>",
    "<it> {Answer yes or no.|Yes or no?|Is it so?|Yes/no?|Please answer.|Please say yes or no.|Do you know?}",
    "<it> {What do you think?|What would you say?|Just yes or no, please.|A yes or a no is enough.|True?}",
)
_AROUND_CLAIM = (
    "{Is it|Is it really|Could it be} {true|right|so|a fact|the case} that <it>?",
    "{Do you|Would you|Can you|Could you} {agree|confirm|believe|accept} that <it>?",
    "{Do you|Would you|Should I|Can I} {think|believe|tell people|write} that <it>?",
    "{Am I|Are we|Is she|Is he|Are they} {right|correct} {that|in saying that|to say that} <it>?",
    "{True or false|True or not|Right or wrong|Fact or fiction|False or true}{:|?} <it>.",
    "{Is this|Is the following|Is this sentence|Is this claim} {true|right|a fact}{:|?} <it>{.|?}",
    "{I think|I believe|I heard|I read|My friend says|People say|Somebody told me|It says here} that <it>. "
    "{Is that right?|Is it true?|Is it so?|Am I right?|Is that correct?|Right?|True?|Do you agree?}",
    "<it>: {is that true?|right or wrong?|true or false?|yes or no?|is it so?}",
    "<it>, {right?|yes or no?|true or false?|correct?|is that so?}",
    "<it>. {True or false?|Right or wrong?|Is that true?|Yes or no?|Do you agree?|Correct?|Would you agree?}",
    "{Please |}{Check|Confirm|Judge|Tell me if this is true|Say if this is right}{:|.} <it>.",
)
_AROUND_QUESTION_HELD_OUT = ("Please answer yes or no: <it>", "Yes or no? <it>")
_AROUND_CLAIM_HELD_OUT = ("Is it correct that <it>?", "Would you say that <it>?")
_AROUND_CHOICE = ("{q}: {a} or {b}?", "{q}, {a} or {b}?", "{q}? {a} or {b}?")
_PREPOSITION = re.compile(r" (in|of|by) \{value\}")

_TO_DO = {"has": "have", "eats": "eat", "lives": "live", "stands": "stand", "gives": "give", "grows": "grow"}
_TO_DO |= {"belongs": "belong", "wrote": "write", "invented": "invent", "speak": "speak", "use": "use", "pay": "pay"}
_HELPERS = {"wrote": "did", "invented": "did", "speak": "do", "use": "do", "pay": "do"}
_VERB = re.compile(rf" (is|are|was|{'|'.join(_TO_DO)}) ")

# What an animal surely does not eat, and where it surely does not live: other animals' answers may be true of it, too.
_FAR = {
    "food": ("meat", "grass", "fish", "insects", "bamboo", "nectar", "eucalyptus leaves", "seeds"),
    "home": ("in the sea", "in the desert", "in the Arctic", "in a hive", "in Australia", "on a farm"),
}
_PLANTS = {"grass", "leaves", "bamboo", "nectar", "seeds", "plants", "hay", "vegetables", "grain", "pollen", "bark"}
_BY_ANSWER = {"sound", "month_days", "legs"}  # their values are no answers by themselves: "moos", "no"
_NO_CLAIM = {"definition"}
_NO_CHOICE = {"definition", "job", "tool"}

_CLAIMED = [relation for relation in RELATIONS if relation.name not in _NO_CLAIM]
_CHOSEN = [relation for relation in RELATIONS if relation.name not in _NO_CHOICE]


def _lower(sentence: str) -> str:
    """A sentence as it stands inside another one: names keep their capital."""
    return re.sub(r"^(The|A|An|In|There|People|You|Mixing|When)\b", lambda match: match[0].lower(), sentence)


def inverted(statement: str) -> str | None:
    """The statement as a question: "{key} has {value} legs." as "does {key} have {value} legs?", if it has one."""
    match = _VERB.search(statement)
    if not match or statement.startswith(("In ", "When ", "Counting", "At ")):
        return None
    subject, verb, rest = _lower(statement[: match.start()]), match[1], statement[match.end() :].rstrip(".")
    if verb in _TO_DO:
        return f"{_HELPERS.get(verb, 'does')} {subject} {_TO_DO[verb]} {rest}?"
    return f"{verb} {subject} {rest}?"


def _words(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"\w+", text.lower()) if word not in {"the", "a", "an", "in", "of", "or"}}


def _others(relation: Relation, fact: Fact) -> list[Fact]:
    """The facts of a relation whose values are surely wrong for this one."""
    if relation.name not in _FAR:
        told = {*_words(fact.value), *_words(fact.key), "i"}  # the numeral "I" is also a part of longer ones
        return [other for other in relation.facts if not _words(other.value) & told]
    eats_plants = bool(_PLANTS & set(re.findall(r"\w+", fact.value)))
    far = [value for value in _FAR[relation.name] if not _words(value) & _words(fact.value)]
    if relation.name == "food":
        far = [value for value in far if (value in {"meat", "fish"}) == eats_plants]
    return [Fact(fact.key, value, value) for value in far]


def _wrong(relation: Relation, fact: Fact, rng: random.Random, split: Split) -> Fact | None:
    """The fact with a wrong value; which wrong one is asked about in which split is decided for good."""
    others = [other for other in _others(relation, fact) if split_of(f"{fact.key} {other.value}") is split]
    if not others:
        return None
    other = rng.choice(others)
    return fact._replace(value=other.value, answer=other.answer)


def _claims(relation: Relation) -> list[str]:
    """The answers that say the value in a whole sentence."""
    whole = [
        response for response in relation.responses if not response.startswith(("One ", "Two ")) and ":" not in response
    ]
    return [response for response in whole if "{value}" in response]


def _stated(relation: Relation, fact: Fact) -> str:
    """The fact as a clause, without its full stop, which belongs to "Washington, D.C."."""
    statement = fill(relation.responses[0], fact)
    return statement if fact.value.endswith(".") else statement.rstrip(".")


def _around(frame: str, told: str) -> str:
    """A question or claim in its frame; behind the end of a sentence it begins with a capital."""
    before, after = frame.split("<it>")
    told = capitalized(told) if before.endswith((". ", "! ", "? ")) else told
    return capitalized(f"{before}{told}{after}").replace("..", ".")


def yes_no(relation: Relation, fact: Fact, rng: random.Random, split: Split) -> Example:
    """A fact claimed, rightly or wrongly: "Is Rome the capital of France?"."""
    wrong = _wrong(relation, fact, rng, split) if rng.random() < 0.5 else None
    claim, claimed = rng.choice(_claims(relation)), wrong or fact
    question = inverted(claim)
    if question and rng.random() < 0.6:
        frames = _AROUND_QUESTION if split is Split.TRAIN else part(_AROUND_QUESTION_HELD_OUT, split)
        inner = question
    else:
        frames = _AROUND_CLAIM if split is Split.TRAIN else part(_AROUND_CLAIM_HELD_OUT, split)
        inner = _lower(claim.rstrip("."))
    asked = _around(expand(rng.choice(frames), rng), put(inner, claimed))
    answer = "no" if wrong else "yes"
    response = f"{_stated(relation, fact)}, so {answer}."
    if split is Split.TRAIN:
        asked = typed(asked, rng, relation.keep_case)
    return Example(relation.category, asked, response, answer=answer)


def _choice(relation: Relation, fact: Fact, names: tuple[str, str], rng: random.Random, split: Split) -> str:
    """The question with both names, in either order: as an alternative at the end, or in the place of the value."""
    first, second = rng.sample(names, 2)
    questions = [question for question in map(inverted, _claims(relation)) if question]
    if questions and relation.name not in _BY_ANSWER and rng.random() < 0.5:
        question = rng.choice(questions)
        match = _PREPOSITION.search(question)
        preposition = f"{match[1]} " if match and rng.random() < 0.6 else ""
        return fill(question, fact._replace(value=f"{first} or {preposition}{second}"))
    asked = ask(relation, fact, rng, split).rstrip("?.")
    frames = _AROUND_CHOICE if split is Split.TRAIN else part(_AROUND_CHOICE[:2], split)
    return rng.choice(frames).format(q=asked, a=first, b=second)


def either_or(relation: Relation, fact: Fact, rng: random.Random, split: Split) -> Example | None:
    """A fact and a wrong value to choose from: "Is Paris in France or in Spain?"; none where no wrong one is left."""
    wrong = _wrong(relation, fact, rng, split)
    if wrong is None:
        return None
    names = (fact.answer, wrong.answer) if relation.name in _BY_ANSWER else (fact.value, wrong.value)
    asked = _choice(relation, fact, names, rng, split)
    if split is Split.TRAIN:
        asked = typed(asked, rng, relation.keep_case)
    return Example(relation.category, asked, fill(relation.responses[0], fact), answer=fact.answer, wrong=wrong.answer)


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """A random question with a choice."""
    if rng.random() < 0.7:
        relation = rng.choices(_CLAIMED, [len(relation.facts) ** 0.7 for relation in _CLAIMED])[0]
        return yes_no(relation, rng.choice(relation.facts), rng, split)
    relation = rng.choices(_CHOSEN, [len(relation.facts) ** 0.7 for relation in _CHOSEN])[0]
    return either_or(relation, rng.choice(relation.facts), rng, split) or draw(rng, split)


def every_yes_no(rng: random.Random, split: Split) -> list[Example]:
    """Every fact once, claimed rightly or wrongly."""
    return [yes_no(relation, fact, rng, split) for relation in _CLAIMED for fact in relation.facts]


def every_either_or(rng: random.Random, split: Split) -> list[Example]:
    """Every fact that has a wrong value of this split once, as a choice of two."""
    drawn = [either_or(relation, fact, rng, split) for relation in _CHOSEN for fact in relation.facts]
    return [example for example in drawn if example]
