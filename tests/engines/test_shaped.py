"""The demonstration model's answers are held to a shape: the text parses, and the value is of the type."""

import datetime
import enum
import json
import random
import re
import shutil
import threading
from dataclasses import dataclass, replace

import jsonschema
import pytest
from real_engines import start

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.shapes import shape_of
from dolly_widget.text.template import DOLLY

PROMPT = DOLLY.render("Who is Napoleon?")
GREEDY = SamplingParams(temperature=0, max_new_tokens=200)
# High enough that whatever the grammar lets through does come.
HOT = SamplingParams(temperature=2.5, top_p=1, max_new_tokens=1500)
FORMATS = jsonschema.FormatChecker(["date"])


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Person:
    name: str
    born: datetime.date
    colours: list[Colour]
    is_emperor: bool
    height: float | None


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir)
    yield engine
    engine.close()


class RandomSchema:
    """Schemas of the subset that ``shape_of`` states. Texts and lists have limits, so that each answer ends."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def schema(self, depth=0):
        kinds = [self._integer, self._number, self._text, self._date, self._pattern, self._enum, self._const]
        kinds += [self._simple] + ([self._object, self._array, self._any, self._several] * 2 if depth < 2 else [])
        return self._random.choice(kinds)(depth)

    def _integer(self, _):
        low, high = sorted(self._random.choice([0, 1, 9, 10, 99, 120, 1000, 4096]) * self._sign() for _ in "ab")
        limits = {"minimum": low, "maximum": high}
        if high - low > 2 and self._random.random() < 0.3:
            limits = {"exclusiveMinimum": low, "exclusiveMaximum": high}
        return {"type": "integer", **self._some(limits)}

    def _number(self, _):
        low, high = sorted(self._random.randint(-200, 200) for _ in "ab")
        return {"type": "number", **self._some({"minimum": low, "maximum": high})}

    def _text(self, _):
        low = self._random.choice([0, 0, 1, 3])
        return {"type": "string", "minLength": low, "maxLength": low + self._random.randint(0, 12)}

    def _date(self, _):
        return {"type": "string", "format": "date"}

    def _pattern(self, _):
        part = self._random.choice(["[a-z]{1,4}", "(yes|no)", r"\d{2}", "[^a-y]", "a?b", ".{0,3}", r"\w-\s"])
        return {"type": "string", "pattern": f"^{part}{self._random.choice(['', '!', '(ab|c){2}'])}$"}

    def _enum(self, _):
        values = ["a", "ab", 'quoted "b"', "ü\\", "", 0, 1.5, -7, True, None]
        return {"enum": self._random.sample(values, self._random.randint(1, 4))}

    def _const(self, _):
        return {"const": self._random.choice(["x", 3, None, False, "cafe\nb"])}

    def _simple(self, _):
        return {"type": self._random.choice(["boolean", "null"])}

    def _object(self, depth):
        names = self._random.sample(["a", "bc", 'd"e', "ü", "0f", "g h"], self._random.randint(1, 4))
        required = [name for name in names if self._random.random() < 0.6]
        fields = {name: self.schema(depth + 1) for name in names}
        return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}

    def _array(self, depth):
        low = self._random.choice([0, 0, 1, 2])
        most = low + self._random.randint(0, 3)
        return {"type": "array", "items": self.schema(depth + 1), "minItems": low, "maxItems": most}

    def _any(self, depth):
        return {"anyOf": [self.schema(depth + 1) for _ in range(self._random.randint(1, 3))]}

    def _several(self, _):
        return {"type": ["integer", self._random.choice(["boolean", "null"])], **self._some({"maximum": 10})}

    def _sign(self):
        return self._random.choice([1, 1, -1])

    def _some(self, limits):
        return {name: limit for name, limit in limits.items() if self._random.random() < 0.8}


def check_random_schemas(engine, seeds):
    for seed in seeds:
        schema = RandomSchema(seed).schema()
        result = engine.generate(PROMPT, replace(HOT, seed=seed), answer=schema)
        jsonschema.validate(json.loads(result.text), schema, format_checker=FORMATS)
        assert result.value == json.loads(result.text), f"seed {seed}"


def test_answers_parse_and_are_valid_for_random_schemas(engine):
    check_random_schemas(engine, range(60))


@pytest.mark.slow
def test_answers_parse_and_are_valid_for_a_thousand_random_schemas(engine):
    check_random_schemas(engine, range(1000))


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z]{3,8}( \d{1,6})?",
        r"(yes|no), because .{5,20}",
        r"\w{1,3}@\w{1,9}?\.(com|org)",
        r"[^a-y]{4}[\-\]^\\]",
        "(?s).{5}",
        "a|b|",
        "[äöü€🙂]{2}cafe",
        r"\d{4}-\d\d",
        "(?i)hello",
        "(?i)[^a-z]{3}",
        r'"\\"{2}',
    ],
)
def test_a_pattern_matches_the_whole_answer(engine, pattern):
    for seed in range(8):
        result = engine.generate(PROMPT, replace(HOT, seed=seed), answer=re.compile(pattern))
        # White space at the end is not part of an answer.
        assert re.fullmatch(pattern, result.text) or re.match(pattern, result.text + "     ")
        assert result.value == result.text


@pytest.mark.parametrize("answer", [int, float, datetime.date, bool, Colour, Person, ["no", "none", "nobody"]])
@pytest.mark.parametrize("params", [GREEDY, replace(HOT, temperature=0.5, seed=4)])
def test_a_value_is_of_the_type_that_was_asked_for(engine, answer, params):
    value = engine.generate(PROMPT, params, answer=answer).value
    assert value in answer if isinstance(answer, list) else type(value) is answer
    if isinstance(value, Person):
        assert type(value.born) is datetime.date
        assert all(type(each) is Colour for each in value.colours)


def test_a_thousand_choices_of_which_each_begins_the_next_are_held_to(engine):
    texts = ["a" * count for count in range(1, 1001)]
    assert engine.generate(PROMPT, replace(HOT, seed=1), answer=texts).value in texts


def test_choices_that_begin_others_come_too(engine):
    prompt = DOLLY.render("Who is in the house? Say no, none or nobody.")
    values = {
        engine.generate(prompt, replace(HOT, temperature=4, seed=seed), answer=["no", "none", "nobody"]).value
        for seed in range(60)
    }
    assert values == {"no", "none", "nobody"}


def test_a_limit_in_the_middle_is_an_error_with_the_text_so_far(engine):
    with pytest.raises(IncompleteAnswerError, match="max_new_tokens was reached: allow more") as caught:
        engine.generate(PROMPT, replace(GREEDY, max_new_tokens=6), answer=Person)
    assert caught.value.text.startswith('{"name"')
    assert caught.value.result.finish_reason == "length"
    assert caught.value.result.value is None


def test_a_stop_in_the_middle_is_an_error_with_the_text_so_far(engine):
    stop, pieces = threading.Event(), []

    def on_text(piece):
        pieces.append(piece)
        stop.set()

    with pytest.raises(IncompleteAnswerError, match="it was stopped") as caught:
        engine.generate(PROMPT, GREEDY, answer=Person, on_text=on_text, stop=stop)
    assert caught.value.text == "".join(pieces).rstrip()


def test_an_answer_that_is_whole_at_the_limit_has_a_value(engine):
    whole = engine.generate(PROMPT, GREEDY, answer=["Napoleon"])
    count = len(whole.token_ids) - 1  # without the token that ended it
    assert engine.generate(PROMPT, replace(GREEDY, max_new_tokens=count), answer=["Napoleon"]).value == "Napoleon"


@pytest.mark.parametrize(
    ("changes", "arguments", "sentence"),
    [
        ({"presence_penalty": 1}, {}, "given shape does not go with presence_penalty"),
        ({"stop": ("a",)}, {}, "given shape does not go with stop"),
        ({}, {"prefix_ids": [40]}, "given shape does not go with prefix_ids"),
        ({}, {"answer": []}, "There are no choices"),
    ],
)
def test_what_does_not_go_with_a_shape_is_refused_before_anything_runs(engine, changes, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        engine.generate(
            PROMPT,
            replace(GREEDY, **changes),
            **{"answer": ["a"], **arguments},
            on_text=lambda piece: pytest.fail("it ran"),
        )


def test_an_engine_that_cannot_constrain_says_so(demo_dir):
    other = start(OptimumEngine, demo_dir)
    with pytest.raises(ValueError, match="does not support answer="):
        other.generate(PROMPT, GREEDY, answer=["a", "b"])
    other.close()


def test_a_model_whose_files_do_not_say_its_tokens_is_refused_in_a_sentence(demo_dir, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(demo_dir, bare, ignore=shutil.ignore_patterns("openvino_detokenizer.*", "openvino_tokenizer.*"))
    other = start(GenAIEngine, bare)
    with pytest.raises(ValueError, match=r"has no openvino_detokenizer\.xml"):
        other.generate(PROMPT, GREEDY, answer=["a", "b"])
    other.close()


def test_an_answer_without_a_shape_has_no_value(engine):
    assert engine.generate(PROMPT, replace(GREEDY, max_new_tokens=3)).value is None


def test_the_same_shape_is_the_same_for_another_thread(engine):
    shape = shape_of(["a", "b"])
    first, second = (engine.generate(PROMPT, GREEDY, answer=each).text for each in (shape, ["a", "b"]))
    assert first == second


def test_a_number_ends_where_the_model_ends_it(engine):
    """The model writes line breaks before its end: with none allowed, 42 became 4210."""
    text = "Anna is {} years old and lives in Rome."
    for age in (7, 42, 63):
        result = engine.generate(engine.template.render("Extract the age.", text.format(age)), GREEDY, answer=int)
        assert result.value == age
        assert result.text == str(age)
    pattern = re.compile(r"\d+")
    result = engine.generate(engine.template.render("Extract the age.", text.format(42)), GREEDY, answer=pattern)
    assert result.value == result.text == "42"
