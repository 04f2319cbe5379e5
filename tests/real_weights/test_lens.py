"""The lens and the explorer on real weights, whose tokens are words: what else could have stood here?"""

import pytest
from real_weights import LIMIT_S

from dolly_widget import SamplingExplorer, lens

SEA = "Write a sentence about the sea."
BEGINNING = "The sea is a vast and mysterious"
NOUNS = {"realm", "world", "ocean", "place", "creature"}


@pytest.fixture
def widget(make):
    widget = make(temperature=0, max_new_tokens=12)
    widget.ask(SEA)
    widget.lens = True
    widget._screen.answer.lens.job.wait(LIMIT_S)
    return widget


def tokens(widget):
    return widget._screen.answer.lens.view.tokens


def place_after(widget, beginning):
    """Where the answer goes on after these words."""
    texts = [token["text"] for token in tokens(widget)]
    return next(place for place in range(len(texts)) if "".join(texts[:place]) == beginning)


def test_the_alternatives_of_a_word_are_words(widget):
    place = place_after(widget, BEGINNING)
    names = [name for _, name, *_ in tokens(widget)[place]["others"]]
    assert {f"␣{noun}" for noun in NOUNS} <= set(names)
    every = [name for token in tokens(widget) for _, name, *_ in token["others"]]
    assert not [name for name in every if "Ġ" in name or "Ċ" in name]
    words = [name for name in every if len(name.strip("␣")) > 2]
    assert len(words) > 0.7 * len(every)


def test_a_greedy_answer_is_the_likeliest_token_at_each_place(engine, widget):
    exchange = widget.history[-1]
    scores = lens.score(engine, exchange.prompt, exchange.result.token_ids)
    ties = scores.alternative_logits[:, 0] - scores.logits
    assert (scores.ranks <= 2).all()
    assert ties.max() < 0.05


def test_what_if_goes_on_from_the_word_that_is_chosen(widget):
    place, first = place_after(widget, BEGINNING), widget.response
    ocean = next(token_id for token_id, name, *_ in tokens(widget)[place]["others"] if name == "␣ocean")
    second = widget.regenerate_from(place, ocean).wait(LIMIT_S)
    assert second.text.startswith(f"{BEGINNING} ocean")
    assert [exchange.result.text for exchange in widget.history] == [first, second.text]
    assert second.prefix_tokens == place + 1


def test_a_word_opens_the_explorer_where_it_was_chosen(widget):
    place = place_after(widget, BEGINNING)
    explorer = widget.explore(place)
    explorer.wait(LIMIT_S)
    assert explorer.text == BEGINNING
    explorer.temperature = 0.8
    rows = explorer.candidates.rows
    assert {f"␣{noun}" for noun in NOUNS} <= {row.label.name for row in rows}
    assert rows[0].label.name == "␣realm"
    assert rows[0].after > rows[0].model  # what top-p cuts is shared out among the others
    assert {row.cut_by for row in rows} == {"", "top-p"}


def test_the_explorer_by_itself_steps_word_by_word(engine):
    explorer = SamplingExplorer(engine, "What is the capital of France?", temperature=0)
    try:
        for word in ("The", " capital", " of", " France", " is", " Paris"):
            explorer.wait(LIMIT_S)
            explorer.step()
            assert explorer.text.endswith(word)
    finally:
        explorer.close()
