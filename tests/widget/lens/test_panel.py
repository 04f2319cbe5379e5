"""The lens of a DollyWidget, without a front end: what it colours, when, and what comes of a choice."""

import shutil
import threading
import warnings

import numpy as np
import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, lens, load_engine
from dolly_widget.errors import EngineError
from dolly_widget.lens.opened import open_model
from dolly_widget.text.figures import percent
from dolly_widget.widget.session import loader

WHO = "Who is Dolly?"


@pytest.fixture
def make():
    made = []

    def make_widget(model="demo", **options):
        options = {"device": "CPU", "max_new_tokens": 30} | options if model == "demo" else options
        made.append(DollyWidget(model, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


def panel(widget):
    return widget._screen.answer.lens


def view(widget):
    return widget._screen.answer.lens.view


def message(widget):
    return panel(widget).message.value


def read(widget):
    """Wait until the lens has done what it can; return the tokens that are shown."""
    panel(widget).job.wait(LIMIT_S)
    return view(widget).tokens


def is_shown(part):
    return part.layout.display != "none"


def click(view, **content):
    """What the page sends."""
    view._handle_custom_msg(content, [])


def test_a_finished_answer_is_coloured_by_the_settings_used(make):
    widget = make(temperature=1.3, seed=3)
    result = widget.ask(WHO)
    assert (is_shown(view(widget)), is_shown(widget._screen.answer.view)) == (False, True)
    widget.lens = True
    tokens = read(widget)
    assert (is_shown(view(widget)), is_shown(widget._screen.answer.view)) == (True, False)
    engine, exchange = widget._session.engine, widget.history[0]
    expected = lens.score(engine, exchange.prompt, result.token_ids, exchange.params)
    assert [token["facts"] for token in tokens] == [
        f"{percent(chance)} · rank {rank}"
        for chance, rank in zip(expected.probabilities, expected.ranks.tolist(), strict=True)
    ]
    assert "".join(token["text"] for token in tokens).startswith(result.text[:20])
    assert "of 4,096 tokens could be drawn" in tokens[0]["details"]
    assert message(widget) == ""
    widget.lens = False
    assert (is_shown(view(widget)), is_shown(widget._screen.answer.view)) == (False, True)
    assert view(widget).tokens == []


def test_while_it_is_on_each_new_answer_is_coloured_when_it_is_there(make):
    widget = make(seed=3)
    widget.lens = True
    assert "when it is finished" in message(widget)
    for instruction in (WHO, "Name 3 advantages to be a cat"):
        result = widget.ask(instruction)
        assert len(read(widget)) == len(result.token_ids)
    widget.clear()
    assert view(widget).tokens == []
    assert is_shown(widget._screen.answer.view)


def test_tokens_of_the_answer_before_are_gone_while_another_is_written(make):
    engine = ScriptedEngine(["one"], ["two"], stepwise=True)
    widget = make(engine)
    widget.lens = True
    widget.instruction = WHO
    for _ in range(2):
        job = widget.submit()
        assert view(widget).tokens == []
        assert is_shown(widget._screen.answer.view)
        engine.step()
        job.wait(LIMIT_S)
        assert len(read(widget)) == 1


def test_choosing_an_alternative_goes_on_from_there_and_keeps_the_old_answer(make):
    widget = make(seed=3, temperature=1.3)
    first = widget.ask(WHO)
    widget.temperature = 0.2  # of the next instruction: "what if" is asked of this answer, as it was made
    widget.instruction = "something else, half written"
    widget.lens = True
    place = next(i for i, token in enumerate(read(widget)) if len(token["others"]) > 1 and i > 2)
    other = next(each[0] for each in view(widget).tokens[place]["others"] if each[0] != first.token_ids[place])
    click(view(widget), kind="choose", place=place, token_id=other)
    second = widget.wait(LIMIT_S)
    assert second.token_ids[: place + 1] == (*first.token_ids[:place], other)
    assert (second.prefix_tokens, second.seed) == (place + 1, 3)
    assert second.text == widget.response
    assert [exchange.result for exchange in widget.history] == [first, second]
    assert widget.history[1].params == widget.history[0].params
    assert (widget.history[1].instruction, widget.instruction) == (WHO, "something else, half written")
    assert len(read(widget)) == len(second.token_ids)
    assert view(widget).chosen == place


def test_regenerate_with_the_token_that_was_there_gives_the_same_answer(make):
    """Greedy: nothing else can come of the same beginning."""
    widget = make(temperature=0)
    first = widget.ask(WHO)
    again = widget.regenerate_from(4, first.token_ids[4]).wait(LIMIT_S)
    assert again.token_ids == first.token_ids
    assert again.text == first.text


def test_the_reader_can_leaf_through_the_answers_of_one_instruction_with_their_tokens(make):
    widget = make(seed=3)
    pager = widget._screen.answer.pager
    first = widget.ask(WHO)
    assert not is_shown(pager)
    widget.ask("Name 3 advantages to be a cat")
    assert not is_shown(pager)  # another instruction
    second = widget.ask(WHO, seed=4)
    widget.lens = True
    assert pager.label.value == "Answer 2 of 2"
    assert len(read(widget)) == len(second.token_ids)
    pager.older.click()
    assert (widget.response, pager.label.value) == (first.text, "Answer 1 of 2")
    assert len(read(widget)) == len(first.token_ids)
    assert is_shown(pager)
    assert (pager.older.disabled, pager.newer.disabled) == (True, False)
    third = widget.regenerate_from(0, first.token_ids[0]).wait(LIMIT_S)
    assert third.token_ids[0] == first.token_ids[0]
    assert (widget.history[3].instruction, pager.label.value) == (WHO, "Answer 3 of 3")
    widget.clear()
    assert (widget.response, is_shown(pager)) == ("", False)


def test_leafing_waits_while_an_answer_is_written(make):
    engine = ScriptedEngine(["one"], ["two"], ["three"], stepwise=True)
    widget = make(engine)
    widget.instruction = WHO
    for _ in range(3):
        job = widget.submit()
        pager = widget._screen.answer.pager
        assert pager.older.disabled
        assert pager.newer.disabled
        engine.step()
        job.wait(LIMIT_S)
    assert not pager.older.disabled


def test_a_token_opens_the_explorer_where_it_was_chosen(make):
    widget = make(seed=3, temperature=1.3, top_k=7, repetition_penalty=1.1)
    result = widget.ask(WHO)
    widget.lens = True
    read(widget)
    click(view(widget), kind="open", place=5)
    explorer = panel(widget).explorer
    explorer.wait(LIMIT_S)
    assert tuple(explorer.token_ids) == result.token_ids[:5]
    assert explorer.instruction == WHO
    assert (explorer.temperature, explorer.top_k, explorer.repetition_penalty) == (1.3, 7, 1.1)
    found = next(each for each in view(widget).tokens[5]["others"] if each[0] == result.token_ids[5])
    place = explorer.distribution.place(result.token_ids[5])
    assert percent(explorer.distribution.after[place]) == found[2]
    assert widget.explore(6) is panel(widget).explorer is not explorer
    assert panel(widget).place.children == (panel(widget).explorer,)
    widget.ask("Name 3 advantages to be a cat")
    assert panel(widget).explorer is None


# What cannot be


@pytest.mark.parametrize("place", [-1, 30, 10**9])
def test_a_place_that_the_answer_does_not_have_is_a_sentence(make, place):
    widget = make(seed=3)
    with pytest.raises(ValueError, match="no finished answer yet"):
        widget.regenerate_from(0, 5)
    count = len(widget.ask(WHO).token_ids)
    for call in (widget.explore, lambda place: widget.regenerate_from(place, 5)):
        with pytest.raises(ValueError, match=f"no token {place}: the answer has {count} tokens, counted from 0"):
            call(place)
    assert len(widget.history) == 1


def test_a_token_that_the_model_does_not_have_is_a_sentence_and_nothing_is_lost(make):
    widget = make(seed=3)
    first = widget.ask(WHO)
    with pytest.raises(ValueError, match="no token 4096"):
        widget.regenerate_from(3, 4096).wait(LIMIT_S)
    assert "no token 4096" in widget.error
    assert widget.history[0].result == first
    widget._screen.answer.pager.older.click()
    assert widget.response == first.text


def test_messages_of_a_page_that_is_behind_are_ignored(make):
    widget = make(seed=3)
    widget.ask(WHO)
    widget.lens = True
    count = len(read(widget))
    for content in ({"kind": "open", "place": count}, {"kind": "choose", "place": -1, "token_id": 3}, {}):
        click(view(widget), **content)
    assert panel(widget).explorer is None
    assert len(widget.history) == 1
    assert message(widget) == widget._screen.notice.message.value == ""


def test_an_engine_that_knows_no_beginnings_says_so(make):
    widget = make(ScriptedEngine(["one ", "two"]))
    widget.ask(WHO)
    widget.lens = True
    assert len(read(widget)) == 2
    with pytest.raises(ValueError, match="cannot continue an answer"):
        widget.regenerate_from(1, 5)
    click(view(widget), kind="choose", place=1, token_id=5)
    assert "cannot continue an answer" in widget._screen.notice.message.value
    assert widget.response == "one two"


def test_a_remote_engine_s_answer_cannot_be_coloured_and_stays(make):
    engine = ScriptedEngine(["one"])
    widget = make(engine)
    widget.ask(WHO)
    del engine.model  # which it has not had from the start
    widget.lens = True
    with pytest.raises(ValueError, match="none on this machine"):
        read(widget)
    assert "OpenVINO files" in message(widget)
    assert is_shown(widget._screen.answer.view)
    assert widget.response == "one"


def test_an_answer_of_a_model_that_was_replaced_says_which_to_load(make, demo_dir, tmp_path):
    other = shutil.copytree(demo_dir, tmp_path / "other")
    widget = make(seed=3)
    first = widget.ask(WHO)
    widget.load(other).wait(LIMIT_S)
    widget.lens = True
    with pytest.raises(ValueError, match="not loaded now"):
        read(widget)
    assert f"not loaded now, {demo_dir.name}: load that model first" in message(widget)
    with pytest.raises(ValueError, match="not loaded now"):
        widget.regenerate_from(0, first.token_ids[0])
    widget.ask(WHO)
    assert read(widget)


def test_an_answer_without_tokens_has_none_to_colour(make):
    engine = ScriptedEngine(["never"], stepwise=True)
    widget = make(engine)
    widget.lens = True
    widget.instruction = WHO
    job = widget.submit()
    widget.stop()
    job.wait(LIMIT_S)
    assert "when it is finished" in message(widget)


def test_what_if_is_not_asked_of_a_model_that_is_loaded_meanwhile(make, demo_dir, tmp_path, monkeypatch):
    """Its tokens would mean something else there."""
    other = shutil.copytree(demo_dir, tmp_path / "other")
    widget = make(seed=3)
    first = widget.ask(WHO)
    may_go, share = threading.Event(), loader.share_engine
    monkeypatch.setattr(loader, "share_engine", lambda *a, **o: may_go.wait(LIMIT_S) and share(*a, **o))
    widget.load(other)
    job = widget.regenerate_from(3, first.token_ids[3])
    may_go.set()
    with pytest.raises(ValueError, match="not loaded now"):
        job.wait(LIMIT_S)
    assert len(widget.history) == 1


def test_on_another_device_the_answer_is_read_again_and_the_explorer_is_gone(make):
    widget = make(seed=3)
    widget.ask(WHO)
    widget.lens = True
    before = read(widget)
    widget.explore(2)
    widget.device = "AUTO"
    widget._session.loader.job.wait(LIMIT_S)
    assert read(widget) == before
    assert panel(widget).explorer is None
    assert "closed" not in message(widget)
    widget.explore(2).wait(LIMIT_S)


def test_while_an_answer_is_written_there_is_no_what_if(make):
    engine = ScriptedEngine(["one ", "two"], stepwise=True)
    widget = make(engine)
    widget.instruction = WHO
    job = widget.submit()
    with pytest.raises(RuntimeError, match="still being written"):
        widget.regenerate_from(0, 5)
    engine.step(2)
    job.wait(LIMIT_S)
    widget.close()
    for call in (lambda: widget.regenerate_from(0, 5), lambda: widget.explore(0)):
        with pytest.raises(RuntimeError, match="closed"):
            call()


def test_a_click_that_was_on_its_way_when_an_answer_began_is_ignored(make):
    engine = ScriptedEngine(["one"], ["two"], ["three"], stepwise=True)
    widget = make(engine)
    widget.instruction = WHO
    for _ in range(2):
        job = widget.submit()
        engine.step()
        job.wait(LIMIT_S)
    job = widget.submit()
    widget._screen.answer.pager.older.click()
    assert (widget.response, widget._screen.answer.view.html) == ("", "")
    engine.step()
    assert job.wait(LIMIT_S).text == "three"


def test_leafing_takes_an_error_away(make):
    widget = make(ScriptedEngine(["one"], [EngineError("It broke.")], ["two"]))
    widget.ask(WHO)
    with pytest.raises(EngineError):
        widget.ask(WHO)
    assert (widget.status, widget.error) == ("error", "It broke.")
    widget.regenerate().wait(LIMIT_S)
    widget._screen.answer.pager.older.click()
    assert (widget.response, widget.status, widget.error) == ("one", "idle", "")
    assert widget._screen.notice.message.value == ""


# Memory


def test_a_large_model_is_loaded_a_second_time_only_when_the_reader_says_so(make, demo_dir, monkeypatch):
    monkeypatch.setattr(lens, "LARGE_BYTES", 1000)
    engine = load_engine(demo_dir, device="CPU")
    widget = make(engine)
    widget.ask(WHO, max_new_tokens=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        widget.lens = True
        assert read(widget) == []
        assert "loaded a second time" in message(widget)
        assert " MB" in panel(widget).confirm.description
        assert is_shown(panel(widget).confirm)
        assert lens.extra_bytes(engine) > 0
        panel(widget).confirm.click()
        assert len(read(widget)) == 5
    assert lens.extra_bytes(engine) == 0
    assert not is_shown(panel(widget).confirm)
    monkeypatch.setattr(lens, "extra_bytes", lambda engine: 2000)  # as while it is being loaded: not asked again
    widget.ask(WHO, max_new_tokens=6)
    assert len(read(widget)) == 6
    engine.close()


def test_turning_it_off_while_it_reads_leaves_the_answer_as_it_was(make, monkeypatch):
    widget = make(seed=3)
    widget.ask(WHO)
    may_go, score = threading.Event(), lens.score
    monkeypatch.setattr(lens, "score", lambda *args, **options: may_go.wait(LIMIT_S) and score(*args, **options))
    widget.lens = True
    widget.lens = False
    may_go.set()
    assert read(widget) == []
    assert is_shown(widget._screen.answer.view)
    assert message(widget) == ""


def test_closing_the_widget_frees_what_the_lens_loaded(make):
    widget = make(seed=3)
    widget.ask(WHO)
    widget.lens = True
    read(widget)
    reader = open_model(widget._session.engine).reader
    assert reader.is_loaded
    widget.close()
    assert not reader.is_loaded


def test_a_device_that_fails_while_reading_is_a_sentence(make, monkeypatch):
    widget = make(seed=3)
    widget.ask(WHO)

    def fail(*args, **options):
        raise EngineError("Reading the text on CPU failed: no memory.")

    monkeypatch.setattr(lens, "score", fail)
    widget.lens = True
    with pytest.raises(EngineError):
        read(widget)
    assert "Reading the text on CPU failed" in message(widget)
    assert is_shown(widget._screen.answer.view)


def test_the_page_gets_plain_data_of_a_modest_size(make):
    widget = make(seed=3, temperature=5.0, top_p=1.0)
    widget.ask(WHO)
    widget.lens = True
    for token in read(widget):
        assert len(token["others"]) == 8
        assert all(type(each[0]) is int and isinstance(each[3], float) for each in token["others"])
        assert 0 <= token["level"] <= 10
        assert not any(isinstance(value, np.generic) for value in token.values())
