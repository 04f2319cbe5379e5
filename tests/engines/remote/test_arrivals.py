"""Tokens per second say how fast tokens came, and nothing where they all came at once."""

import math

import pytest
from remote_engines import connect, other_server, our_server
from stub_server import Hold, chunk, events

from dolly_widget.engines.remote.arrivals import Arrivals
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY

IDS = (306, 499, 290, 1385, 279, 2231, 15, 276)


@pytest.mark.parametrize(
    ("notes", "tpot_s"),
    [
        ([], math.nan),
        ([(1.0, 1)], math.nan),
        ([(1.0, 3), (1.0, 9)], math.nan),
        ([(1.0, 1), (1.5, 2), (2.0, 3)], 0.5),
        ([(1.0, 3), (1.0, 4), (3.0, 6), (3.0, 8)], 0.5),
        ([(1.0, 3), (2.0, 3)], math.nan),
    ],
)
def test_the_pace_is_that_of_the_tokens_after_those_that_came_first(notes, tpot_s):
    arrivals = Arrivals()
    for note in notes:
        arrivals.note(*note)
    assert arrivals.tpot_s() == pytest.approx(tpot_s, nan_ok=True)


def test_where_pieces_hold_several_tokens_the_count_gives_the_pace():
    arrivals = Arrivals()
    for piece in range(20):
        arrivals.note(piece / 19, piece + 1)
    assert 1 / arrivals.tpot_s(80) == pytest.approx(76)
    assert 1 / arrivals.tpot_s() == pytest.approx(19)


def test_the_pace_of_a_text_is_that_of_the_tokens_that_its_server_counts():
    holds = [Hold(), Hold()]
    end = {**chunk("", finish="stop"), "usage": {"prompt_tokens": 3, "completion_tokens": 12}}
    heard = []

    def hear(piece):
        holds[len(heard)].released.set()
        heard.append(piece)

    with other_server() as server:
        server.answers.append(events(chunk("Paris"), holds[0], chunk(" is in"), holds[1], chunk(" France."), end))
        engine = connect(server, template=DOLLY)
        holds.append(Hold())
        result = engine.generate(DOLLY.render("Where?"), SamplingParams(), on_text=hear)
    assert result.new_tokens == 12
    assert result.tpot_s == pytest.approx(sum(result.pass_s) / 2 * 3 / 12)


def test_an_answer_that_comes_in_one_piece_has_no_speed():
    tokens = Model(OPENVINO_DIR).tokenizer
    with our_server("demo") as server:
        server.answers.append(events(b"".join(events(chunk(tokens.decode(IDS), IDS), chunk("", (), "stop")).parts)))
        result = connect(server).generate(DOLLY.render("Where?"), SamplingParams())
    assert result.new_tokens == len(IDS)
    assert math.isnan(result.tokens_per_s)
    assert "tokens/s" not in result.statistics


def test_the_time_of_a_token_is_that_of_its_coming():
    tokens, hold = Model(OPENVINO_DIR).tokenizer, Hold()
    pieces = [
        chunk(tokens.decode(IDS[:4]), IDS[:4]),
        hold,
        chunk(tokens.decode(IDS[4:]), IDS[4:]),
        chunk("", (), "stop"),
    ]
    with our_server("demo") as server:
        server.answers.append(events(*pieces))
        engine = connect(server)
        result = engine.generate(DOLLY.render("Where?"), SamplingParams(), on_text=lambda _: hold.released.set())
    assert result.tpot_s > 0
    assert result.ttft_s > 0
