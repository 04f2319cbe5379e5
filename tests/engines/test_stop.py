"""Stop texts of the user end an answer, and are no part of it, however the tokens divide them."""

import json
import shutil
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pytest
from real_engines import GuessingEngine, start
from tokenizers import Tokenizer as Backend

from dolly_widget import DOLLY, PLAIN, GenerationResult, PromptTemplate, SamplingParams
from dolly_widget.engines.answer import Endings, endings
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.models import Model

LETTER = DOLLY.render("Write a love letter.")
GREEDY = SamplingParams(max_new_tokens=60, temperature=0)
NEVER = "\N{SNOWMAN}"


class Whole(NamedTuple):
    """An answer that nothing stopped, and where each of its tokens begins in its text."""

    result: GenerationResult
    begins: list[int]

    def cut(self, first, last, before=0, after=0):
        """The text of the tokens ``first`` to ``last``, and so many characters more on each side."""
        return self.result.text[self.begins[first] - before : self.begins[last + 1] + after]

    def tokens_up_to(self, place):
        """How many tokens it takes until the text is as long as ``place``."""
        return next(count for count, begin in enumerate(self.begins) if begin >= place)


@pytest.fixture(scope="module", params=[GenAIEngine, OptimumEngine, GuessingEngine])
def engine_class(request):
    return request.param


@pytest.fixture(scope="module")
def engine(engine_class, demo_dir):
    engine = start(engine_class, demo_dir)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def whole(engine):
    result = engine.generate(LETTER, GREEDY)
    assert result.new_tokens == 60
    decode = engine.model.tokenizer.decode
    return Whole(result, [len(decode(result.token_ids[:count])) for count in range(61)])


STOPS = {
    "a token": lambda whole: [whole.cut(12, 12)],
    "a part of a token": lambda whole: [next(c for c in whole.result.text[20:] if whole.result.text.count(c) == 1)],
    "parts of several tokens": lambda whole: [whole.cut(12, 15, -1, 1)],
    "the first token": lambda whole: [whole.cut(0, 0)],
    "the first character": lambda whole: [whole.result.text[0]],
    "line breaks": lambda whole: ["\n\n"],
    "a line break of two": lambda whole: ["\n"],
    "with a line break": lambda whole: [whole.result.text[whole.result.text.index("\n\n") - 2 :][:6]],
    "one that is longer and never comes": lambda whole: [whole.cut(10, 16) + NEVER, whole.cut(12, 13, -1, 1)],
    "one that is longer and comes later": lambda whole: [whole.cut(11, 16), whole.cut(12, 13)],
    "the earlier of two": lambda whole: [whole.cut(20, 21), whole.cut(12, 13)],
    "one inside another": lambda whole: [whole.cut(12, 13, 0, 1), whole.cut(12, 13)],
}


@pytest.mark.parametrize("kind", STOPS)
def test_the_answer_ends_where_a_stop_text_begins(engine, whole, kind):
    text = whole.result.text
    stops = STOPS[kind](whole)
    # What is complete first ends it, at its beginning.
    place, end = min((text.index(stop) + len(stop), stop) for stop in stops if stop in text)
    pieces = []
    result = engine.generate(LETTER, replace(GREEDY, stop=stops), on_text=pieces.append)
    count = whole.tokens_up_to(place)
    cut = min(found for stop in stops if (found := text[: whole.begins[count]].find(stop)) >= 0)
    assert result.text == "".join(pieces) == text[:cut].rstrip()
    assert result.finish_reason == "stop"
    assert result.token_ids == whole.result.token_ids[:count]
    assert "ended by itself" in result.statistics
    assert end not in result.text


def test_stop_texts_that_do_not_come_change_nothing(engine, whole):
    stops = [NEVER, whole.result.text[:9] + NEVER, "###", whole.result.text + "!"]
    pieces = []
    result = engine.generate(LETTER, replace(GREEDY, stop=stops), on_text=pieces.append)
    assert result.text == "".join(pieces) == whole.result.text
    assert (result.token_ids, result.finish_reason) == (whole.result.token_ids, "length")


def test_the_next_answer_does_not_remember_them(engine, whole):
    assert engine.generate(LETTER, replace(GREEDY, stop=[whole.cut(3, 4)])).new_tokens < 60
    assert engine.generate(LETTER, GREEDY).token_ids == whole.result.token_ids


def test_a_beginning_that_holds_one_ends_at_once_and_one_may_begin_in_it(engine, whole):
    ids, stopped = whole.result.token_ids, replace(GREEDY, stop=[whole.cut(12, 15)])
    result = engine.generate(LETTER, stopped, prefix_ids=ids[:20])
    assert (result.new_tokens, result.finish_reason) == (0, "stop")
    assert result.text == whole.result.text[: whole.begins[12]].rstrip()
    half = engine.generate(LETTER, stopped, prefix_ids=ids[:14])
    assert (half.text, half.finish_reason) == (result.text, "stop")
    assert half.token_ids[:14] == ids[:14]


@pytest.fixture(scope="module")
def endless(engine_class, demo_dir, tmp_path_factory):
    """An engine of a model that has no end token: its "### End" is a token as any other."""
    model_dir = shutil.copytree(demo_dir, tmp_path_factory.mktemp("endless") / "model")
    for name in ("generation_config.json", "config.json"):
        path = model_dir / name
        if path.is_file():
            path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token_id": None}))
    engine = start(engine_class, model_dir, template=PLAIN)
    yield engine
    engine.close()


def test_the_text_of_a_special_token_is_an_end_id(endless):
    """Control tokens have no text in an answer: watching for it would find nothing."""
    hello, params = DOLLY.render("Say hello."), replace(GREEDY, max_new_tokens=40)
    end = endless.model.tokenizer.special_id("### End")
    on_and_on = endless.generate(hello, params)
    assert end in on_and_on.token_ids[:-1]
    assert on_and_on.finish_reason == "length"
    result = endless.generate(hello, replace(params, stop=["### End"]))
    assert result.token_ids == on_and_on.token_ids[: on_and_on.token_ids.index(end) + 1]
    assert result.finish_reason == "stop"
    assert result.text == endless.model.tokenizer.decode(result.token_ids).rstrip()


def test_an_end_that_only_the_tokenizer_names_ends_an_answer(engine_class, whole, demo_dir, tmp_path):
    """And is no part of its text, although this one is an ordinary word."""
    model_dir = shutil.copytree(demo_dir, tmp_path / "model")
    settings = model_dir / "tokenizer_config.json"
    ids = whole.result.token_ids
    place, word = next(
        (place, spelling)
        for place, token_id in enumerate(ids[5:], start=5)
        for spelling in [Backend.from_file(str(model_dir / "tokenizer.json")).id_to_token(token_id)]
        if token_id not in ids[:place]
    )
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "eos_token": word}))
    engine = start(engine_class, model_dir)
    result = engine.generate(LETTER, GREEDY)
    engine.close()
    assert (result.token_ids, result.finish_reason) == (ids[: place + 1], "stop")
    assert result.text == engine.model.tokenizer.decode(ids[:place]).rstrip()


def test_what_ends_an_answer_is_of_the_model_the_template_and_the_user(demo_dir):
    model = Model(demo_dir)
    template = PromptTemplate("own", ("### End", "###"))
    special = partial(model.tokenizer.special_id)
    found = endings(model, template, ("### Instruction:", "\n\n", "###"))
    assert found == Endings(model.info.end_ids | {special("### End"), special("### Instruction:")}, ("###", "\n\n"))
    assert endings(model, PLAIN) == Endings(model.info.end_ids, ())
