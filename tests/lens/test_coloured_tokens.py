"""An answer's tokens as a page shows them: the figures are the lens's, and no text becomes markup."""

import html
import re

import pytest

from dolly_widget import lens, load_engine
from dolly_widget.lens.coloured_tokens import coloured_html, coloured_tokens, legend_text
from dolly_widget.lens.colours import colours
from dolly_widget.sampling.params import SamplingParams
from dolly_widget.text.labels import Label

PARAMS = SamplingParams(temperature=1.3, seed=3, max_new_tokens=40)


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = load_engine(demo_dir, device="CPU")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def answer(engine):
    prompt = engine.template.render("Give five ideas for great weekend with family")
    return prompt, engine.generate(prompt, PARAMS)


def scores(engine, answer, params=PARAMS):
    prompt, result = answer
    return lens.score(engine, prompt, result.token_ids, params)


def test_each_token_has_the_figures_of_the_lens(engine, answer):
    found = scores(engine, answer)
    tokens = coloured_tokens(found, lens.labeller(engine))
    assert [token.token_id for token in tokens] == list(answer[1].token_ids)
    assert "".join(token.label.text for token in tokens[:3]).startswith(answer[1].text[:5])
    for place, token in enumerate(tokens):
        assert token.probability == found.probabilities[place]
        assert token.model_probability == found.model_probabilities[place]
        assert (token.rank, token.kept) == (found.ranks[place], found.kept[place])
        assert [each.token_id for each in token.alternatives] == found.alternative_ids[place].tolist()
        assert [each.probability for each in token.alternatives] == found.alternative_probabilities[place].tolist()
    assert len({token.level for token in tokens}) > 3


def test_greedy_answers_are_coloured_by_the_models_own_probability(engine, answer):
    """The settings' own is 1 or 0: nothing could be seen."""
    greedy = SamplingParams(temperature=0)
    found = scores(engine, answer, greedy)
    tokens = coloured_tokens(found, lens.labeller(engine))
    assert [token.probability for token in tokens] == found.model_probabilities.tolist()
    first = tokens[0].alternatives
    assert [each.probability for each in first] == found.alternative_model_probabilities[0].tolist()
    assert "by the model alone" in legend_text(greedy)
    assert "settings used" in legend_text(PARAMS)


def test_html_holds_every_token_once_and_the_legend(engine, answer):
    tokens = coloured_tokens(scores(engine, answer), lens.labeller(engine))
    found = coloured_html(tokens, PARAMS)
    texts = [
        html.unescape(text)
        for text in re.findall(r'<span class="dw-p\d+" style="[^"]*" title="[^"]*">([^<]*)</span>', found)
    ]
    assert texts == [token.label.text.removesuffix("\n") for token in tokens]
    assert "Probability of each token under the settings used: " in found
    # Where a front end drops the style sheet, as for a notebook that is not trusted, the colours are still there.
    for token in tokens:
        assert f'class="dw-p{token.level}" style="background-color: {colours()[token.level].background};' in found


def test_no_token_becomes_markup(engine, answer):
    hostile = '<script>alert("&")</script>'
    tokens = coloured_tokens(scores(engine, answer), lambda token_id: Label(hostile, hostile, False))
    found = coloured_html(tokens, PARAMS)
    assert "<script" not in found
    assert found.count(html.escape(hostile)) > len(tokens)
    assert not re.search(r'title="[^"]*"[^>]*"', found)


def test_an_answer_of_no_tokens_is_an_empty_text_with_a_legend():
    found = coloured_html([], PARAMS)
    assert 'aria-label="0 tokens"' in found
    assert "title=" not in found
