"""The explorer within a DollyWidget: where it is in the answer, whose settings it has, when it is closed."""

from dataclasses import replace

import ipywidgets
import numpy as np
import pytest
from scripted_engine import LIMIT_S

from dolly_widget import DollyWidget, SamplingExplorer, lens, load_engine
from dolly_widget.history.as_code import as_code
from dolly_widget.sampling import MODEL, probabilities, shaping
from dolly_widget.text.template import PLAIN
from dolly_widget.widget.explorer.inline import InlineExplorer
from dolly_widget.widget.page.layout import descendants

WHO = "Who is Dolly?"


@pytest.fixture(scope="module")
def engine(demo_dir):
    """One for all, so that the lens loads the model once."""
    engine = load_engine(demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture
def make(engine):
    made = []

    def make_widget():
        made.append(DollyWidget(engine, max_new_tokens=30, seed=3, temperature=1.3))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def widget(make):
    widget = make()
    widget.ask(WHO)
    widget.lens = True
    panel(widget).job.wait(LIMIT_S)
    return widget


def panel(widget):
    return widget._screen.answer.lens


def answer(widget):
    return widget.history[-1].result.token_ids


def head(widget):
    return panel(widget).explorer._head


def press_close(widget):
    head(widget)._handle_custom_msg({"kind": "close"}, [])


def is_closed(widget):
    return panel(widget).explorer is None and panel(widget).place.children == () and panel(widget).view.explored == -1


def rows(explorer):
    return explorer._parts.bars.table["rows"]


# Where it is


def test_it_stands_right_below_the_tokens(widget):
    explorer = widget.explore(3)
    view, place = panel(widget).view, panel(widget).place
    around = next(part.children for part in descendants(widget) if view in getattr(part, "children", ()))
    assert around[around.index(view) + 1] is place
    assert panel(widget).place.children == (explorer,)
    assert isinstance(explorer, SamplingExplorer)
    assert panel(widget).view.explored == 3


def test_it_has_neither_boxes_nor_sliders_of_its_own(widget):
    explorer = widget.explore(3)
    kinds = (ipywidgets.Textarea, ipywidgets.IntSlider, ipywidgets.FloatSlider, ipywidgets.Checkbox, ipywidgets.Text)
    assert [each for each in descendants(explorer) if isinstance(each, kinds)] == []


def test_it_says_which_token_stands_there(widget):
    widget.explore(3)
    label = lens.labeller(widget._session.engine)(answer(widget)[3])
    assert head(widget).place == {
        "token": [label.name, label.is_special],
        "where": f"token 4 of {len(answer(widget))}",
        "steps": [],
    }


def test_the_token_of_the_answer_is_marked_in_the_table_however_unlikely_it_is(widget):
    ids = answer(widget)
    explorer = widget.explore(3)
    explorer.wait(LIMIT_S)
    assert [row["token_id"] for row in rows(explorer) if row["is_written"]] == [ids[3]]
    rare = int(explorer.distribution.token_ids[-1])
    exchange = widget.history[-1]
    result = replace(exchange.result, token_ids=(*ids[:3], rare, *ids[4:]))
    other = InlineExplorer(
        widget._session.engine, replace(exchange, result=result), 3, widget, on_place=print, on_close=print
    )
    other.wait(LIMIT_S)
    assert (len(rows(other)), rows(other)[-1]["token_id"], rows(other)[-1]["is_written"]) == (21, rare, True)
    other.close()


def test_steps_along_the_answer_move_the_mark_and_others_are_a_way_of_its_own(widget):
    ids, view = answer(widget), panel(widget).view
    explorer = widget.explore(3)
    explorer.step(ids[3])
    assert (view.explored, head(widget).place["steps"]) == (4, [])
    explorer.back()
    explorer.back()
    assert (view.explored, explorer.token_ids) == (2, ids[:2])
    other = next(token_id for token_id in range(300, 310) if token_id != ids[2])
    explorer.step(other)
    explorer.step(301)
    label = lens.labeller(widget._session.engine)
    assert view.explored == 2
    assert head(widget).place["steps"] == [[label(each).name, False] for each in (other, 301)]
    explorer.wait(LIMIT_S)
    assert not any(row["is_written"] for row in rows(explorer))


def test_behind_the_last_token_it_is_at_the_last_one(widget):
    ids = answer(widget)
    explorer = widget.explore(len(ids) - 1)
    explorer.step(ids[-1])
    assert head(widget).place == {"token": None, "where": "", "steps": []}
    assert panel(widget).view.explored == len(ids) - 1


def test_it_reads_the_prompt_that_the_answer_was_written_to(widget):
    """Which may hold a chat, or a system prompt."""
    exchange = replace(widget.history[-1], prompt=PLAIN.render("Once upon a time"))
    engine = widget._session.engine
    explorer = InlineExplorer(engine, exchange, 2, widget, on_place=print, on_close=print)
    explorer.wait(LIMIT_S)
    expected = probabilities(lens.next_token(engine, exchange.prompt, exchange.result.token_ids[:2]), MODEL)
    found = explorer.distribution
    np.testing.assert_array_equal(found.model, expected[found.token_ids])
    assert explorer.instruction == WHO
    explorer.close()


# Its settings


def test_it_begins_with_the_answer_s_settings_and_then_follows_the_widget_s(widget):
    widget.temperature = 0.4  # of the next answer
    explorer = widget.explore(3)
    explorer.wait(LIMIT_S)
    assert shaping(explorer.params) == shaping(widget.history[-1].params)
    assert "the answer's settings" in head(widget).settings
    before = rows(explorer)
    widget.top_p = 0.5
    assert shaping(explorer.params) == shaping(widget.params)
    assert (explorer.temperature, explorer.top_p) == (0.4, 0.5)
    assert "as they are now" in head(widget).settings
    assert rows(explorer) != before
    widget.temperature, widget.top_p = 1.3, widget.history[-1].params.top_p
    assert "the answer's settings" in head(widget).settings
    assert rows(explorer) == before
    explorer.temperature = 2.0
    assert "of its own" in head(widget).settings
    assert widget.temperature == 1.3


def test_a_preset_is_one_table(widget):
    explorer = widget.explore(3)
    explorer.wait(LIMIT_S)
    explorer._words.wait(LIMIT_S)
    seen = []
    explorer._parts.bars.observe(lambda change: seen.append(change["new"]), "table")
    widget.apply_preset("precise")
    assert len(seen) == 1
    assert shaping(explorer.params) == shaping(widget.params)


def test_what_is_closed_follows_no_more(widget):
    explorer = widget.explore(3)
    explorer.wait(LIMIT_S)
    widget.explore(4)
    widget.temperature = 0.2
    assert explorer.temperature == 1.3
    assert panel(widget).explorer.temperature == 0.2


# When it is closed


def test_close_closes_it(widget):
    widget.explore(3)
    press_close(widget)
    assert is_closed(widget)
    assert panel(widget).view.tokens != []
    widget.explore(4)
    assert panel(widget).view.explored == 4


@pytest.mark.parametrize(
    "end",
    [
        lambda widget: setattr(widget, "lens", False),
        lambda widget: widget.clear(),
        lambda widget: widget.ask("Name 3 advantages to be a cat"),
        lambda widget: widget.regenerate().wait(LIMIT_S),
        lambda widget: widget.load("demo").wait(LIMIT_S),
    ],
    ids=["lens off", "clear", "another answer", "regenerate", "load"],
)
def test_it_goes_with_the_tokens(widget, end):
    widget.explore(3).wait(LIMIT_S)
    end(widget)
    assert is_closed(widget)


def test_from_python_it_turns_the_lens_on(make):
    widget = make()
    widget.ask(WHO)
    explorer = widget.explore(2)
    assert widget.lens
    panel(widget).job.wait(LIMIT_S)
    assert len(panel(widget).view.tokens) == len(answer(widget))
    assert (panel(widget).explorer, panel(widget).view.explored) == (explorer, 2)
    with pytest.raises(ValueError, match="no token"):
        widget.explore(1000)
    widget.lens = False
    with pytest.raises(ValueError, match="no token"):
        widget.explore(1000)
    assert not widget.lens


# Words, and what can be copied


def test_a_candidate_that_is_a_part_of_a_word_has_the_word_beside_it(widget):
    explorer = widget.explore(0)
    explorer.wait(LIMIT_S)
    explorer._words.wait(LIMIT_S)
    exchange, engine = widget.history[-1], widget._session.engine
    likeliest = [row["token_id"] for row in rows(explorer)]
    expected = dict(lens.whole_words(engine, exchange.prompt, [], likeliest[:8]))
    assert any(expected.values())
    assert {row["token_id"]: row["word"] for row in rows(explorer)} == dict.fromkeys(likeliest, "") | expected


def test_words_leave_what_was_said_and_drawn(widget):
    explorer = widget.explore(0)
    drawn = explorer.sample()
    explorer._words.wait(LIMIT_S)
    assert explorer._parts.bars.announcement.startswith("Drawn:")
    assert [row["token_id"] for row in rows(explorer) if row["is_drawn"]] == [drawn]


def test_words_of_the_text_before_are_not_shown(widget):
    explorer = widget.explore(0)
    explorer.wait(LIMIT_S)
    explorer._words.wait(LIMIT_S)
    before = rows(explorer)
    assert any(row["word"] for row in before)
    explorer.step(answer(widget)[0])
    explorer.wait(LIMIT_S)
    explorer._words.wait(LIMIT_S)
    exchange, engine = widget.history[-1], widget._session.engine
    expected = dict(
        lens.whole_words(engine, exchange.prompt, answer(widget)[:1], [r["token_id"] for r in rows(explorer)[:8]])
    )
    assert {row["token_id"]: row["word"] for row in rows(explorer)[:8]} == expected
    explorer.back()
    explorer.wait(LIMIT_S)
    explorer._words.wait(LIMIT_S)
    assert rows(explorer) == before


def test_the_lens_says_the_word_that_a_token_of_the_answer_is_a_part_of(widget):
    exchange, engine = widget.history[-1], widget._session.engine
    words = [token["word"] for token in panel(widget).view.tokens]
    assert words == lens.answer_words(engine, exchange.prompt, answer(widget))


def test_the_lens_has_what_can_be_copied_of_the_answer(widget):
    view = panel(widget).view
    assert (view.text, view.code) == (widget.response, as_code(widget.history[-1]))
    widget.clear()
    assert (view.text, view.code) == ("", "")
