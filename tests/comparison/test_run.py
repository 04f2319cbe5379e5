"""``compare``: what is run, in which order and with which settings; what becomes of it as data, text and HTML."""

import json
import math
import shutil
import threading
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine
from together_engine import TogetherEngine

from dolly_widget import DOLLY, PLAIN, SamplingParams, compare, load_engine
from dolly_widget.bench import measuring
from dolly_widget.bench.measuring import time_to_first_token
from dolly_widget.comparison import run
from dolly_widget.comparison.differences import first_difference
from dolly_widget.engines import EngineSetup
from dolly_widget.errors import EngineError, ModelError, PromptTooLongError
from dolly_widget.models.demo import OPENVINO_DIR

QUESTION = "Who is Dolly?"
HOSTILE = "</td></table><script>alert(1)</script>\x1b[31m\u202e & \"'"


@pytest.fixture(scope="module")
def three():
    """The demo model under three settings."""
    return compare(QUESTION, settings=[{"temperature": 0}, {"temperature": 2}, {"temperature": 0}], seed=3)


@pytest.fixture
def loads(monkeypatch):
    """Stands in for loading: engines by the name of their directory, and what was loaded, answered and freed."""

    class Loads:
        events, engines, setups = [], {}, []

        def __call__(self, setup, prepared):
            name = prepared.model.directory.name
            engine = self.engines.get(name) or Noted(self.events, prepared.model)
            self.events.append(("load", name))
            self.setups.append(setup)
            if isinstance(engine, Exception):
                raise engine
            return engine

    loads = Loads()
    loads.events, loads.engines, loads.setups = [], {}, []
    monkeypatch.setattr(run, "start_engine", loads)
    monkeypatch.setattr(run, "load_libraries", lambda engine: None)
    return loads


class Noted(ScriptedEngine):
    """Says "ok", and notes when."""

    def __init__(self, events, model=None, fails=lambda params: None):
        super().__init__()
        self._events, self._fails = events, fails
        self.model = model or self.model

    def generate(self, prompt, params, **options):
        if QUESTION in str(prompt):
            self._events.append(("answer", self.model.directory.name, params.temperature))
            if error := self._fails(params):
                raise error
        return super().generate(prompt, params, **options)

    def close(self):
        super().close()
        self._events.append(("free", self.model.directory.name))


@pytest.fixture
def copies(demo_dir, tmp_path):
    """Directories of the demo model, by name."""

    def copy(*names):
        return [shutil.copytree(demo_dir, tmp_path / name) for name in names]

    return copy


# --- with the demo model --------------------------------------------------------------------------------------------


def test_each_row_is_the_answer_that_its_settings_give(three):
    with closing(load_engine()) as engine:
        for row in three.rows:
            alone = engine.generate(DOLLY.render(QUESTION), row.params)
            assert row.result.token_ids == alone.token_ids
            assert row.text == alone.text
    assert [row.label for row in three.rows] == ["temperature 0", "temperature 2", "temperature 0"]


def test_a_row_tells_where_it_departs_from_the_first(three):
    first, hot, same = three.rows
    assert first.first_difference is same.first_difference is None
    assert hot.first_difference == first_difference(hot.result.token_ids, first.result.token_ids)
    assert (first.departure, same.departure) == ("", "the same answer")
    assert " instead of " in hot.departure
    assert all("".join(row.tokens) == row.text for row in three.rows)


def test_figures_are_those_of_the_model_and_the_answer(three):
    for row in three.rows:
        assert (row.model, row.precision, row.device, row.engine) == ("demo", "INT8", "AUTO", "genai")
        assert row.size_bytes == (OPENVINO_DIR / "openvino_model.bin").stat().st_size
        assert row.tokens_per_s == three.rows[0].result.tokens_per_s
        assert row.ttft_s > 0
        assert row.memory_bytes == three.rows[0].memory_bytes
    assert (three.rows[0].memory_bytes is None) == (measuring.private_bytes() is None)


class _Together(TogetherEngine):
    """Is slower where it writes several answers at a time."""

    def generate(self, prompt, params, **options):
        if QUESTION not in str(prompt):  # what is measured
            return self._result(["ok"], "stop", params)
        return replace(super().generate(prompt, params, **options), tpot_s=0.1)

    def generate_many(self, requests, **options):
        for place, outcome in super().generate_many(requests, **options):
            is_answer = not isinstance(outcome, Exception)
            yield place, replace(outcome, tpot_s=0.5) if is_answer else outcome


def test_the_first_answer_is_alone_and_its_speed_is_that_of_those_at_once():
    engine = _Together(["one"], ["two"], [ValueError("No.")], ["four"])
    table = compare(QUESTION, model=engine, settings=[{"top_k": n} for n in range(1, 5)])
    assert [(row.text, row.error) for row in table.rows] == [("one", ""), ("two", ""), ("", "No."), ("four", "")]
    assert engine.at_once == 3
    assert [row.speed_alone for row in table.rows] == [None, 10, 10, 10]
    assert [row.tokens_per_s for row in table.rows if row.text] == [10, 10, 10]
    assert table.rows[1].result.tokens_per_s == 2
    assert "written alone" in str(table)
    assert "written alone" in table._repr_html_()
    assert table.as_dicts()[3]["speed_alone"] == 10


def test_as_many_are_alone_as_it_takes_to_know_the_speed():
    engine = _Together([ValueError("No.")], ["two"], ["three"], ["four"])
    table = compare(QUESTION, model=engine, settings=[{"top_k": n} for n in range(1, 5)])
    assert [row.speed_alone for row in table.rows] == [None, None, 10, 10]
    assert engine.at_once == 2


def test_a_single_answer_that_is_left_is_alone_too():
    table = compare(QUESTION, model=_Together(), settings=[{"top_k": 1}, {"top_k": 2}])
    assert [row.speed_alone for row in table.rows] == [None, None]
    assert "written alone" not in str(table)


def test_one_fresh_seed_is_drawn_for_all_and_reported():
    drawn = [compare(QUESTION, settings=[{}, {"top_k": 5}], max_new_tokens=2) for _ in range(2)]
    for each in drawn:
        assert {row.params.seed for row in each.rows} == {row.result.seed for row in each.rows} == {each.seed}
    assert drawn[0].seed != drawn[1].seed


def test_a_row_may_have_a_seed_of_its_own():
    rows = compare(QUESTION, settings=[{"seed": 1}, SamplingParams(max_new_tokens=2, seed=2)]).rows
    assert [row.params.seed for row in rows] == [1, 2]
    assert rows[0].label.endswith("seed 1")


def test_an_engine_that_was_given_stays_open():
    with closing(load_engine()) as engine:
        (row,) = compare(QUESTION, model=engine, max_new_tokens=2).rows
        assert (row.label, row.engine, row.memory_bytes) == ("demo", "genai", None)
        assert engine.generate(DOLLY.render("Hi"), SamplingParams(max_new_tokens=1)).new_tokens == 1


def test_a_setting_that_fails_is_a_row_with_its_error():
    good, bad = compare(QUESTION, settings=[{"max_new_tokens": 2}, {"max_new_tokens": 32_000}]).rows
    assert good.text
    assert not good.error
    assert bad.result is None
    assert "too long for this model" in bad.error
    assert math.isnan(bad.tokens_per_s)


def test_texts_are_compared_where_the_tokenizer_is_another(copies, demo_dir):
    (other,) = copies("other")
    with (other / "tokenizer.json").open("a") as file:
        file.write("\n")
    table = compare(QUESTION, model=[demo_dir, other], temperature=0, settings=[{}, {"max_new_tokens": 5}])
    assert [row.compared_by for row in table.rows] == ["tokens", "tokens", "characters", "characters"]
    assert [row.first_difference for row in table.rows] == [None, 5, None, 5]
    assert table.rows[3].departure.startswith(f"{len(table.rows[3].text)} characters in common, then nothing more")
    assert "compared by their characters" in table._repr_html_()
    assert "compared by their characters" in str(table)


def test_the_time_to_first_token_is_that_of_prompts_unlike_any_before():
    """An engine remembers how prompts began, and answers what it knows at once."""
    engine = ScriptedEngine()
    for _ in range(2):
        assert time_to_first_token(engine, engine.model, 40) == 0.25
    prompts = [prompt for prompt, _ in engine.calls]
    assert len({prompt[:40] for prompt in prompts}) == len(prompts) == 8


def test_a_prompt_of_another_length_is_not_what_is_measured(monkeypatch):
    lengths = []
    monkeypatch.setattr(run, "time_to_first_token", lambda engine, model, count, stop: lengths.append(count) or 0.125)
    (row,) = compare(QUESTION, max_new_tokens=1).rows
    assert lengths == [row.result.prompt_tokens]
    assert row.ttft_s == 0.125


# --- what is loaded, and when ---------------------------------------------------------------------------------------


def test_models_are_answered_one_after_the_other_and_freed_before_the_next(loads, copies):
    table = compare(QUESTION, model=copies("a", "b"), settings=[{"temperature": 0}, {"temperature": 1}])
    assert loads.events == [
        event
        for name in "ab"
        for event in (("load", name), ("answer", name, 0.0), ("answer", name, 1.0), ("free", name))
    ]
    labels = [f"{name}, temperature {value}" for name in "ab" for value in (0, 1)]
    assert [row.label for row in table.rows] == labels


def test_every_precision_of_every_model_is_compared_in_order(loads, copies, monkeypatch):
    ready = {directory.name: directory for directory in copies("x-int8", "x-int4", "y")}

    def resolve(model, weight_format, revision, **options):
        return ready[model if model == "y" else f"{model}-{weight_format}"]

    monkeypatch.setattr("dolly_widget.engines.setup.find", resolve)
    monkeypatch.setattr("dolly_widget.engines.setup.resolve", resolve)
    table = compare(QUESTION, model=["x", "y"], weight_format=["int8", "int4"])
    assert [row.model for row in table.rows] == ["x-int8", "x-int4", "y"]


def test_all_that_is_said_of_the_engine_reaches_it(loads, copies):
    model, draft = copies("a", "b")
    options = {"device": "CPU", "template": PLAIN, "ov_config": {"N": 1}, "draft": draft}
    whole = EngineSetup(model, engine="optimum", device="CPU")
    compare(QUESTION, model=model, **options)
    compare(QUESTION, model=whole)
    assert loads.setups == [EngineSetup(model, **options), whole]


def test_a_model_that_cannot_be_loaded_is_a_row_and_the_others_go_on(loads, copies):
    loads.engines["a"] = EngineError("It is broken.")
    failed, answered = compare(QUESTION, model=copies("a", "b")).rows
    assert (failed.error, failed.text, failed.memory_bytes) == ("It is broken.", "", None)
    assert (answered.text, answered.departure) == ("ok", "")


def test_an_answer_that_fails_leaves_the_others_and_frees_the_model(loads, copies):
    loads.engines["a"] = Noted(loads.events, fails=lambda params: params.temperature and EngineError("No."))
    rows = compare(QUESTION, model=copies("a"), settings=[{"temperature": 1}, {"temperature": 0}]).rows
    assert [row.error for row in rows] == ["No.", ""]
    assert loads.engines["a"].is_closed


def test_where_all_fail_the_first_error_is_raised(loads, copies):
    loads.engines |= {"a": EngineError("It is broken."), "b": EngineError("This one too.")}
    with pytest.raises(EngineError, match="It is broken"):
        compare(QUESTION, model=copies("a", "b"))


def test_a_question_that_is_too_long_is_raised():
    with pytest.raises(PromptTooLongError, match="shorten"):
        compare("sheep " * 3000)


def test_an_interrupt_stops_the_answer_and_leaves_nothing_loaded(loads, copies, monkeypatch):
    answering = threading.Event()

    class Endless(Noted):
        def generate(self, prompt, params, *, stop, **options):
            if QUESTION in str(prompt):
                answering.set()
                assert stop.wait(LIMIT_S)
                return self._result([], "cancelled", params)
            return super().generate(prompt, params, stop=stop, **options)

    class Interrupted(run.Job):
        is_interrupted = False

        def wait(self, timeout_s=None):
            if not self.is_interrupted:
                self.is_interrupted = True
                assert answering.wait(LIMIT_S)
                raise KeyboardInterrupt
            return super().wait(timeout_s)

    loads.engines["a"] = Endless(loads.events)
    monkeypatch.setattr(run, "Job", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare(QUESTION, model=copies("a", "b"))
    assert loads.engines["a"].is_closed
    assert ("load", "b") not in loads.events


# --- wrong arguments ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"instruction": " \n"}, ValueError, "The instruction is empty"),
        ({"settings": []}, ValueError, "settings is empty: give at least one"),
        ({"model": []}, ValueError, "model is empty"),
        ({"weight_format": ()}, ValueError, "weight_format is empty"),
        ({"settings": [{"temprature": 1}]}, TypeError, "There is no sampling setting 'temprature'; choose from"),
        (
            {"temprature": 1},
            TypeError,
            "There is no setting 'temprature'; choose from revision, .*, tokenizer, max_new_tokens, ",
        ),
        ({"settings": [{}, {"top_p": 2}]}, ValueError, "top_p must be above 0 to 1, not 2"),
        ({"settings": {"top_k": "5"}}, TypeError, "top_k must be a whole number"),
        ({"settings": 5}, TypeError, "settings must be a single value or a list"),
        ({"settings": [5]}, TypeError, "settings must not contain 5"),
        ({"settings": SamplingParams(), "top_k": 5}, ValueError, "holds all settings: set top_k in it"),
        ({"model": 5}, TypeError, "model must be a single value or a list"),
        ({"model": ["demo", "no/where/at all"]}, ModelError, "There is no model"),
        ({"engine": "llama"}, ValueError, "There is no engine 'llama'"),
        ({"device": "TPU"}, ValueError, "There is no device 'TPU'"),
        ({"weight_format": "int3"}, ValueError, "There is no weight format 'int3'"),
        ({"weight_format": ["int8", "int4"]}, ValueError, "make no difference here"),
        (
            {"model": EngineSetup(), "device": "CPU"},
            TypeError,
            "An EngineSetup takes no further options: set device in it",
        ),
        (
            {"device": "CPU", "engine": "optimum", "draft": "demo"},
            ValueError,
            "'optimum' does not support prompt_lookup or draft",
        ),
        ({"draft": "no/where/at all"}, ModelError, "There is no model"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_loaded(loads, arguments, error, message):
    with pytest.raises(error, match=message):
        compare(**{"instruction": QUESTION, **arguments})
    assert loads.events == []


# --- how it is shown ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a text, and the texts in them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.setdefault(self._open[-1], []).append(data)

    def count(self, tag, **attributes):
        return sum(name == tag and attributes.items() <= attrs.items() for name, attrs in self.tags)


def test_the_data_is_plain(three):
    rows = json.loads(json.dumps(three.as_dicts(), allow_nan=False))
    assert len(rows) == 3
    assert rows[1]["temperature"] == 2
    assert rows[1]["text"] == three.rows[1].text
    assert rows[1]["first_difference"] == three.rows[1].first_difference
    assert rows[0]["first_difference"] is None


def test_what_is_no_number_is_none_in_the_data(three):
    data = replace(three.rows[0], result=None, ttft_s=math.nan, error="No.").as_dict()
    assert (data["tokens_per_s"], data["ttft_s"], data["new_tokens"], data["error"]) == (None, None, None, "No.")


def test_the_repr_is_the_same_in_every_run(three):
    assert repr(three) == "Comparison('Who is Dolly?', 3 rows)"


def test_the_text_holds_figures_answers_and_what_to_know(three):
    lines = str(three).splitlines()
    assert lines[0] == "Who is Dolly? (seed 3)"
    assert lines[2].split() == ["tokens", "tokens/s", "first", "token", "size", "memory"]
    assert lines[3].startswith("temperature 0  ")
    assert len({len(line) for line in lines[2:6]}) == 1
    assert f"  {three.rows[0].text}" in lines
    assert "The demonstration model is tiny" in lines[-1]


def test_the_page_is_a_table_with_a_row_for_each_answer(three):
    page = Page(three._repr_html_())
    assert (page.count("table"), page.count("caption"), page.count("tr")) == (1, 1, 4)
    assert (page.count("th", scope="col"), page.count("th", scope="row")) == (6, 3)
    assert page.count("td", rowspan="3") == 3  # what the model takes is said once
    assert page.count("mark") == 1
    assert page.count("style") == page.count("script") == 0


def test_the_departing_token_is_framed_and_what_came_before_is_not(three):
    row = replace(three.rows[1], tokens=("Dolly", " is", " a", " ghost"), first_difference=2)
    page = Page(replace(three, rows=(three.rows[0], row))._repr_html_())
    assert page.texts["mark"] == [" a"]
    assert "Dolly is" in page.texts["span"]
    assert " ghost" in page.texts["div"]


def test_a_character_of_several_tokens_is_framed_whole(three):
    row = replace(three.rows[1], tokens=("A", "", "", "🐑", "!"), first_difference=1)
    assert Page(replace(three, rows=(three.rows[0], row))._repr_html_()).texts["mark"] == ["🐑"]


@pytest.mark.parametrize(("tokens", "shown"), [(("A", ""), "end"), (("A",), "cut"), (("A", "\n", "B"), "↵\n")])
def test_what_could_not_be_seen_in_the_frame_has_a_sign(three, tokens, shown):
    row = replace(three.rows[1], tokens=tokens, first_difference=1)
    page = Page(replace(three, rows=(three.rows[0], row))._repr_html_())
    assert page.texts["i" if shown in ("end", "cut") else "mark"] == [shown]


@pytest.mark.parametrize("place", [None, 0, 1, 2])
def test_what_a_model_or_a_user_writes_is_text(three, place):
    result = replace(three.rows[0].result, text=HOSTILE)
    row = replace(
        three.rows[1],
        label=HOSTILE,
        result=result,
        tokens=(HOSTILE, HOSTILE),
        first_difference=place,
        departure=HOSTILE,
    )
    failed = replace(row, result=None, error=HOSTILE)
    table = replace(three, instruction=HOSTILE, rows=(replace(row, departure=""), row, failed))
    page = Page(table._repr_html_())
    known = {"div", "table", "caption", "b", "span", "thead", "tbody", "tr", "td", "th", "mark", "i", "br"}
    assert {tag for tag, _ in page.tags} <= known
    assert page.count("tr") == 4
    for shown in (table._repr_html_(), str(table)):
        assert not set("\x1b\u202e") & set(shown)


def test_greedy_rows_have_no_seed_to_tell(demo_dir):
    greedy = compare(QUESTION, temperature=0, max_new_tokens=4)
    assert "(greedy)" in str(greedy)
    assert ">greedy</span>" in greedy._repr_html_()
    assert "seed" not in f"{greedy}{greedy._repr_html_()}"
    assert greedy.rows[0].result.statistics.endswith(" · greedy")
    some = compare(QUESTION, settings=[{"temperature": 0}, {"temperature": 1}], seed=77, max_new_tokens=4)
    assert "(seed 77)" in str(some)
