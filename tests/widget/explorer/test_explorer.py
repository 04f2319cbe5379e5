"""SamplingExplorer from Python: on the demo model, and where it matters on logits that a test has written down."""

import gc
import shutil
import threading
import weakref
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest

from dolly_widget import SamplingExplorer, SamplingParams, lens, load_engine
from dolly_widget.errors import ModelError
from dolly_widget.lens.candidate_table import candidates_to_html
from dolly_widget.lens.opened import open_model
from dolly_widget.models import Model
from dolly_widget.sampling.next_token import distribution
from dolly_widget.text.template import DOLLY, PLAIN, Prompt
from dolly_widget.text.tokenizer import Tokenizer
from dolly_widget.widget.page.layout import descendants

LIMIT_S = 30
PROMPT = "Name 3 advantages to be a cat"


class Files:
    """Of an engine, only what the lens asks it for."""

    def __init__(self, directory, template=DOLLY):
        self.model, self.device, self.template = Model(directory), "CPU", template


@pytest.fixture(scope="module")
def files(demo_dir):
    """One for all, so that the lens loads the model once."""
    return Files(demo_dir)


@pytest.fixture
def make(files):
    made = []

    def make_explorer(model=None, prompt=PROMPT, **options):
        made.append(SamplingExplorer(files if model is None else model, prompt, **options))
        return made[-1]

    yield make_explorer
    for explorer in made:
        explorer.close()


@pytest.fixture(scope="module")
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


@pytest.fixture
def scripted(monkeypatch):
    """``scripted.logits`` is what the model says next; ``scripted.texts`` what it was asked about."""
    script = SimpleNamespace(logits=np.zeros(4096, np.float32), texts=[], go=threading.Event(), begun=threading.Event())
    script.go.set()

    def next_token(source, prompt, prefix_ids=(), *, stop=None):
        script.texts.append((str(prompt), tuple(prefix_ids)))
        script.begun.set()
        assert script.go.wait(LIMIT_S)
        if isinstance(script.logits, Exception):
            raise script.logits
        return script.logits

    monkeypatch.setattr(lens, "load", lambda source: None)
    monkeypatch.setattr(lens, "next_token", next_token)
    return script


def shown(explorer):
    return explorer._parts.bars.table


def names(explorer):
    return [row["name"] for row in shown(explorer)["rows"]]


def logits(**by_id):
    found = np.full(4096, -5.0, np.float32)
    for token_id, value in by_id.items():
        found[int(token_id.removeprefix("t"))] = value
    return found


# The settings


def test_it_begins_with_the_model_s_own_settings_and_goes_back_to_them(make, demo_dir, tmp_path):
    own = shutil.copytree(demo_dir, tmp_path / "own")
    (own / "generation_config.json").write_text('{"do_sample": true, "temperature": 0.2, "top_p": 0.9}')
    explorer = make(own, top_p=0.5)
    assert explorer.params == SamplingParams(temperature=0.2, top_p=0.5)
    explorer.temperature = 1.5
    explorer.reset_settings()
    assert explorer.params == SamplingParams(temperature=0.2, top_p=0.9)


# The distribution


def test_it_is_what_the_settings_make_of_the_model_s_logits(make, files, tokenizer):
    explorer = make("demo", temperature=0.7, top_p=0.8, top_k=30, repetition_penalty=1.3)
    explorer.wait(LIMIT_S)
    prompt = DOLLY.render(PROMPT)
    expected = distribution(lens.next_token(files, prompt), explorer.params, tokenizer.encode(prompt))
    np.testing.assert_array_equal(explorer.distribution.token_ids, expected.token_ids)
    np.testing.assert_array_equal(explorer.distribution.after, expected.after)
    assert (explorer.status, explorer.error) == ("idle", "")
    assert len(shown(explorer)["rows"]) == 20
    assert "top-k 30" in candidates_to_html(explorer.candidates)


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 2.0), ("temperature", 0), ("top_p", 0.3), ("top_k", 2), ("min_p", 0.5), ("repetition_penalty", 2)],
)
def test_a_slider_changes_the_picture_at_once_and_the_model_reads_nothing(make, scripted, name, value, tokenizer):
    seen = tokenizer.encode(DOLLY.render(PROMPT))[5]
    scripted.logits = logits(**{"t7": 3, "t8": 2, "t9": 1.5, f"t{seen}": 2.5})
    explorer = make()
    explorer.wait(LIMIT_S)
    before = shown(explorer)
    setattr(explorer, name, value)
    assert shown(explorer) != before
    assert len(scripted.texts) == 1
    ids = tokenizer.encode(DOLLY.render(PROMPT))
    expected = distribution(scripted.logits, explorer.params, ids)
    np.testing.assert_array_equal(explorer.distribution.after, expected.after)


def test_the_penalty_sees_the_answer_so_far_too(make, scripted):
    scripted.logits = logits(t7=2, t8=1.9)
    explorer = make(prefix_ids=[7], repetition_penalty=1.5)
    assert [row.token_id for row in explorer.candidates.rows[:2]] == [8, 7]


def test_a_slider_sends_one_message_to_the_page(make, scripted, monkeypatch):
    scripted.logits = logits(t7=3, t8=2)
    explorer = make()
    explorer.wait(LIMIT_S)
    sent = []
    for widget in (explorer, *descendants(explorer)):
        monkeypatch.setattr(widget, "_send", lambda message, **_: sent.append(message))
    explorer._parts.settings.sliders["top_p"].set_state({"value": 0.5})
    assert len([message for message in sent if "table" in message.get("state", {})]) == 1
    assert len(sent) <= 2  # and at most the slider's own echo


def test_the_engine_s_bound_on_candidates_holds_and_is_told(make, demo_dir, scripted):
    scripted.logits = np.zeros(4096, np.float32)
    engine = load_engine(demo_dir, device="CPU")
    explorer = make(engine, temperature=1, top_p=0.99)
    plain = make(temperature=1, top_p=0.99)
    assert explorer.distribution.kept == plain.distribution.kept  # equals of the last one are all kept
    scripted.logits = -np.arange(4096, dtype=np.float32) / 4096
    bound, free = make(engine, temperature=1, top_p=0.99), make(temperature=1, top_p=0.99)
    for explorer in (bound, free):
        explorer.wait(LIMIT_S)  # the distribution is there before it is shown
    assert bound.distribution.kept < 1024 < free.distribution.kept
    assert "never draws from more than the 1,024 likeliest" in " ".join(shown(bound)["notes"])
    assert "never draws" not in " ".join(shown(free)["notes"])
    engine.close()


# Settings that no slider reaches


def test_a_value_beyond_a_slider_s_range_is_kept_and_widens_the_slider(make, scripted):
    beyond = {"temperature": 0.025, "top_k": 100, "top_p": 0.012345, "repetition_penalty": 0.5, "max_new_tokens": 5000}
    explorer = make(**beyond)
    explorer.wait(LIMIT_S)
    assert {name: getattr(explorer, name) for name in beyond} == beyond
    sliders = explorer._parts.settings.sliders
    assert all(sliders[name].value == value for name, value in beyond.items() if name in sliders)
    explorer.temperature = 0.73456
    assert explorer.temperature == 0.73456
    explorer.temperature = 0.00001
    assert (explorer.temperature, sliders["temperature"].value) == (0.00001, 0.00001)


def test_a_value_that_no_engine_takes_is_refused(make):
    with pytest.raises(ValueError, match="top_p must be above 0"):
        make(top_p=2)
    with pytest.raises(TypeError, match="no setting 'topp'"):
        make(topp=1)
    explorer = make()
    with pytest.raises(ValueError, match="temperature must be 0 to 5"):
        explorer.temperature = 5.1


# Drawing and stepping


def test_sample_draws_shows_and_appends_nothing(make, scripted):
    scripted.logits = logits(t7=9, t8=8)
    explorer = make(seed=3, top_p=0.99)
    token_id = explorer.sample()
    assert token_id in (7, 8)
    assert explorer.token_ids == ()
    drawn = [row for row in shown(explorer)["rows"] if row["is_drawn"]]
    assert [row["token_id"] for row in drawn] == [token_id]
    assert explorer._parts.bars.announcement.startswith("Drawn: “")


def test_a_token_drawn_from_far_down_is_shown(make, scripted):
    scripted.logits = -np.arange(4096, dtype=np.float32) / 4096
    explorer = make(seed=1, temperature=1, top_p=1)
    token_id = explorer.sample()
    assert token_id > 20
    last = shown(explorer)["rows"][-1]
    assert (len(shown(explorer)["rows"]), last["token_id"], last["is_drawn"]) == (21, token_id, True)
    assert last["rank"] == f"{token_id + 1:,}"


def test_with_a_seed_draws_are_the_same_every_time(make, scripted):
    def all_draws():
        explorer = make(seed=5, temperature=1, top_p=1)
        return [explorer.sample(), explorer.sample(), explorer.draw(50)]

    first = all_draws()
    assert first == all_draws()
    assert first[0] != first[1]
    explorer = make(seed=5, temperature=1, top_p=1)
    once = explorer.sample()
    explorer.seed = 6
    explorer.seed = 5
    assert explorer.sample() == once


def test_step_goes_on_with_what_was_drawn_or_draws_or_takes_what_it_is_given(make, scripted):
    scripted.logits = logits(t7=9, t8=8.9)
    explorer = make(seed=3)
    drawn = [explorer.sample() for _ in range(3)][-1]
    assert explorer.step() == drawn
    assert explorer.token_ids == (drawn,)
    assert explorer.step() in (7, 8)
    assert explorer.step(1000) == 1000
    assert explorer.token_ids[2:] == (1000,)
    explorer.wait(LIMIT_S)
    assert scripted.texts[-1] == (str(DOLLY.render(PROMPT)), explorer.token_ids)
    assert not any(row["is_drawn"] for row in shown(explorer)["rows"])


def test_back_takes_the_last_token_and_says_when_there_is_none(make):
    explorer = make(prefix_ids=[300, 301])
    assert explorer.back() == 301
    assert explorer.token_ids == (300,)
    explorer.back()
    with pytest.raises(ValueError, match="no token to take back"):
        explorer.back()
    explorer.wait(LIMIT_S)
    explorer._parts.back.click()
    assert "no token to take back" in explorer._parts.message.value


def test_a_thousand_draws_are_shown_until_a_setting_or_the_text_changes(make, scripted):
    scripted.logits = logits(t7=9, t8=8.5)
    explorer = make(seed=3)
    counts = explorer.draw()
    assert sum(counts.values()) == 1000
    assert list(counts) == [7, 8]
    assert shown(explorer)["columns"][-1]["name"] == "In 1,000 draws"
    assert shown(explorer)["rows"][0]["cells"][-1]["text"] == f"{counts[7]:,}"
    explorer.temperature = 0.5
    assert shown(explorer)["columns"][-1]["name"] == "Drawn with"
    explorer.draw(10)
    explorer.step(7)
    explorer.wait(LIMIT_S)
    assert shown(explorer)["columns"][-1]["name"] == "Drawn with"


@pytest.mark.parametrize("n", [0, -1, 10**9 + 1])
def test_a_number_of_draws_that_makes_no_sense_is_refused(make, n):
    with pytest.raises(ValueError, match="n must be 1 to"):
        make().draw(n)


def test_a_chosen_row_is_appended_once_and_only_while_it_is_what_is_shown(make, scripted):
    explorer = make()
    explorer.wait(LIMIT_S)
    revision = shown(explorer)["revision"]
    choose = {"kind": "choose", "token_id": 7, "revision": revision}
    explorer._parts.bars._on_message(None, choose, [])
    explorer._parts.bars._on_message(None, choose, [])  # the second click of a double click
    explorer.wait(LIMIT_S)
    explorer._parts.bars._on_message(None, choose, [])  # one that comes late
    assert explorer.token_ids == (7,)


def test_an_end_token_is_told(make, tokenizer):
    explorer = make(prefix_ids=[300, tokenizer.special_id("### End")])
    explorer.wait(LIMIT_S)
    assert "answer ends here" in explorer._parts.bars.announcement
    explorer.back()
    explorer.wait(LIMIT_S)
    assert explorer._parts.bars.announcement == ""


# The text


def test_the_tokens_stay_as_they_are_until_the_text_is_edited(make, tokenizer):
    split = (*tokenizer.encode(PLAIN.render("Do")), *tokenizer.encode(PLAIN.render("lly")))
    whole = tuple(tokenizer.encode(PLAIN.render("Dolly")))
    assert split != whole
    explorer = make(prefix_ids=split)
    assert (explorer.text, explorer.token_ids) == ("Dolly", split)
    assert "split into other tokens" in explorer._parts.answer_note.value
    explorer._parts.answer.set_state({"value": "Dolly"})  # as the page echoes it
    assert explorer.token_ids == split
    explorer._parts.answer.set_state({"value": "Dolly "})
    explorer._parts.answer.set_state({"value": "Dolly"})
    assert explorer.token_ids == whole
    assert explorer._parts.answer_note.value == ""


def test_typing_makes_no_control_token(make, tokenizer):
    explorer = make()
    explorer.text = "### End"
    end = tokenizer.special_id("### End")
    assert end not in explorer.token_ids
    assert explorer.text == "### End"
    explorer.wait(LIMIT_S)
    assert "ends here" not in explorer._parts.bars.announcement


def test_what_cannot_be_written_as_text_is_told(make, tokenizer):
    special = make(prefix_ids=[tokenizer.special_id("### End")])
    assert "no text of their own" in special._parts.answer_note.value
    half = tokenizer.encode(PLAIN.render("\N{SHEEP}"))[0]
    assert "no text of their own" in make(prefix_ids=[half])._parts.answer_note.value


def test_a_new_instruction_is_read_in_the_template_and_keeps_the_answer(make, scripted):
    explorer = make(prefix_ids=[300], context="A text.")
    explorer.instruction = "Who?"
    explorer.wait(LIMIT_S)
    assert scripted.texts[-1] == (str(DOLLY.render("Who?", "A text.")), (300,))


def test_a_prompt_is_taken_as_it_is(make, scripted):
    explorer = make(prompt=PLAIN.render("Once"))
    explorer.wait(LIMIT_S)
    assert scripted.texts == [("Once", ())]
    assert explorer._parts.instruction.disabled


def test_of_texts_that_follow_quickly_only_the_newest_is_shown(make, scripted):
    scripted.go.clear()
    explorer = make(prefix_ids=[1])
    assert scripted.begun.wait(LIMIT_S)
    assert (explorer.status, explorer._parts.bars.is_outdated) == ("reading", True)
    explorer.step(2)
    explorer.step(3)
    scripted.go.set()
    explorer.wait(LIMIT_S)
    assert [ids for _, ids in scripted.texts] == [(1,), (1, 2, 3)]
    assert shown(explorer)["revision"] == explorer._revision
    assert (explorer.status, explorer._parts.bars.is_outdated) == ("idle", False)


def test_while_the_model_reads_the_last_button_waits_for_what_it_will_say(make, scripted):
    explorer = make()
    explorer.wait(LIMIT_S)
    scripted.go.clear()
    scripted.logits = logits(t9=30)
    explorer.step(7)
    explorer._parts.sample.click()
    explorer._parts.step.click()
    assert explorer.token_ids == (7,)
    scripted.go.set()
    explorer.wait(LIMIT_S)
    assert explorer.token_ids == (7, 9)
    assert shown(explorer)["revision"] == explorer._revision
    assert explorer.status == "idle"


def test_a_button_that_waited_is_forgotten_where_the_text_changes(make, scripted):
    explorer = make()
    explorer.wait(LIMIT_S)
    scripted.go.clear()
    explorer.step(7)
    explorer._parts.step.click()
    explorer._parts.back.click()  # needs nothing of the model
    assert explorer.token_ids == ()
    scripted.go.set()
    explorer.wait(LIMIT_S)
    assert explorer.token_ids == ()


# What cannot be shown


def test_a_text_longer_than_the_model_s_positions_is_told_and_mended_by_a_shorter_one(make):
    explorer = make()
    explorer.wait(LIMIT_S)
    explorer.text = "cat " * 3000
    with pytest.raises(ValueError, match="positions: shorten it"):
        explorer.wait(LIMIT_S)
    assert explorer.status == "error"
    assert "positions: shorten it" in explorer.error
    assert "positions: shorten it" in explorer._parts.message.value
    assert shown(explorer) == {}
    explorer._parts.sample.click()  # neither raises nor hides the sentence
    assert "positions: shorten it" in explorer._parts.message.value
    explorer.text = "cat"
    explorer.wait(LIMIT_S)
    assert (explorer.status, explorer.error, explorer._parts.message.value) == ("idle", "", "")
    assert shown(explorer)["rows"]


def test_an_empty_prompt_is_told(make):
    explorer = make(prompt=Prompt(()))
    with pytest.raises(ValueError, match="prompt is empty"):
        explorer.wait(LIMIT_S)
    assert "prompt is empty" in explorer.error


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_told_and_never_drawn(make, scripted, wrong):
    explorer = make()
    explorer.wait(LIMIT_S)
    scripted.logits = logits(t7=wrong)
    explorer.step(7)
    with pytest.raises(ValueError, match="NaN or infinity"):
        explorer.wait(LIMIT_S)
    assert shown(explorer) == {}
    explorer.temperature = 1.5
    assert explorer.status == "error"
    scripted.logits = logits(t7=1)
    explorer.back()
    explorer.wait(LIMIT_S)
    assert explorer.status == "idle"


def test_minus_infinity_is_probability_0(make, scripted):
    scripted.logits = np.full(4096, -np.inf, np.float32)
    scripted.logits[[5, 6]] = 1
    explorer = make()
    explorer.wait(LIMIT_S)
    assert explorer.distribution.kept == 2
    assert [row["cut_by"] for row in shown(explorer)["rows"][:3]] == ["", "", "probability 0"]


def test_a_bug_shows_its_traceback_and_reaches_who_waits(make, scripted):
    scripted.logits = KeyError("oops")
    explorer = make()
    with pytest.raises(KeyError):
        explorer.wait(LIMIT_S)
    assert "Traceback" in explorer._parts.message.value


def test_ids_beyond_the_tokenizer_are_shown_and_can_be_gone_on_with(make, scripted):
    scripted.logits = np.zeros(4200, np.float32)
    scripted.logits[4150] = 9
    explorer = make()
    explorer.wait(LIMIT_S)
    assert names(explorer)[0] == "⟨id 4150⟩"
    with pytest.raises(ValueError, match="no token 4150: the model has 4,096"):
        explorer.step(4150)


@pytest.mark.parametrize("token_id", [-1, 4096, 10**20])
def test_an_id_that_no_token_has_is_refused(make, token_id):
    with pytest.raises(ValueError, match=f"no token {token_id}"):
        make(prefix_ids=[token_id])


def test_tokens_reach_the_page_s_html_escaped(make, demo_dir, tmp_path):
    directory = shutil.copytree(demo_dir, tmp_path / "model")
    path = directory / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace("<|padding|>", "<script>"), encoding="utf-8")
    explorer = make(Files(directory), prefix_ids=[Tokenizer(directory).special_id("<script>")])
    assert "<script" not in explorer._parts.tokens.value
    assert "&lt;script&gt;" in explorer._parts.tokens.value


def test_an_engine_without_files_is_refused():
    remote = SimpleNamespace(device="remote", template=DOLLY)
    before = len(ipywidgets.widgets.widget._instances)
    with pytest.raises(ValueError, match="has none on this machine"):
        SamplingExplorer(remote, "Hello")
    assert len(ipywidgets.widgets.widget._instances) == before


def test_a_model_that_is_not_here_is_refused_with_the_call_that_brings_it(monkeypatch, tmp_path):
    monkeypatch.setenv("DOLLY_WIDGET_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"prepare it first with dolly_widget\.resolve\('nobody/nothing', 'int8'\)"):
        SamplingExplorer("nobody/nothing", "Hello")
    with pytest.raises(ModelError, match="There is no model"):
        SamplingExplorer("no such model at all", "Hello")


# A large model


def test_a_large_model_is_loaded_a_second_time_only_when_that_is_asked_for(make, demo_dir, monkeypatch):
    monkeypatch.setattr(lens, "LARGE_BYTES", 1000)
    explorer = make(Files(demo_dir))
    assert explorer.status == "unloaded"
    assert "a second time" in explorer._parts.message.value
    assert explorer._parts.load.description.startswith("Load it a second time (")
    with pytest.raises(RuntimeError, match="call load"):
        explorer.wait(LIMIT_S)
    explorer._parts.load.click()
    explorer.wait(LIMIT_S)
    assert (explorer.status, explorer._parts.load.layout.display) == ("idle", "none")
    again = make("demo")  # for the lens alone, and so loaded once
    again.wait(LIMIT_S)
    assert again.status == "idle"


# The end


def test_close_frees_the_model_that_it_loaded_and_all_controls(demo_dir):
    before = set(ipywidgets.widgets.widget._instances)
    explorer = SamplingExplorer("demo", PROMPT)
    explorer.wait(LIMIT_S)
    reader = weakref.ref(open_model(explorer._source).reader)
    explorer.close()
    explorer.close()
    gc.collect()
    assert reader() is None
    assert set(ipywidgets.widgets.widget._instances) == before
    with pytest.raises(RuntimeError, match="closed"):
        explorer.sample()


def test_close_while_somebody_s_engine_reads_does_not_wait_and_shows_nothing(make, scripted):
    """A long step of a large model would hold up the notebook."""
    scripted.go.clear()
    explorer = make()
    assert scripted.begun.wait(LIMIT_S)
    explorer.close()
    job = explorer._reader._job
    assert not job.done
    scripted.go.set()
    job.wait(LIMIT_S)
    assert shown(explorer) == {}


def test_close_while_its_own_model_reads_waits_and_shows_nothing(make, scripted):
    scripted.go.clear()
    explorer = make("demo")
    assert scripted.begun.wait(LIMIT_S)
    closing = threading.Thread(target=explorer.close)
    closing.start()
    scripted.go.set()
    closing.join(LIMIT_S)
    assert not closing.is_alive()
    assert shown(explorer) == {}


def test_a_context_changes_nothing_where_a_prompt_was_given(make, scripted):
    explorer = make(prompt=DOLLY.render("Hi"))
    explorer.wait(LIMIT_S)
    explorer.context = "A text."
    explorer.wait(LIMIT_S)
    assert {text for text, _ in scripted.texts} == {str(DOLLY.render("Hi"))}


def test_a_top_p_near_0_is_kept(make):
    explorer = make(top_p=1e-11)
    explorer.wait(LIMIT_S)
    assert explorer.top_p == 1e-11
    assert explorer.distribution.kept == 1


def test_an_engine_that_was_given_stays_open(demo_dir):
    engine = load_engine(demo_dir, device="CPU")
    with_engine = SamplingExplorer(engine, PROMPT, prefix_ids=[300])
    with_engine.wait(LIMIT_S)
    with_engine.close()
    assert engine.generate(DOLLY.render("Hello"), SamplingParams(max_new_tokens=1)).new_tokens == 1
    engine.close()


def test_repr_is_short_and_the_same_in_every_run(make):
    assert repr(make("demo", "Who is Dolly?")) == "SamplingExplorer('demo', 'Who is Dolly?')"
    assert len(repr(make(prompt="cat " * 100))) < 80
