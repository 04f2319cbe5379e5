"""How fast an answer is being written."""

from scripted_engine import LIMIT_S

from dolly_widget import DollyWidget
from dolly_widget.widget.session.pace import Pace


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def paces(*steps):
    """What is shown for (seconds, tokens)."""
    clock, shown = Clock(), []
    pace = Pace(lambda *figures: shown.append(figures), clock)
    for seconds, tokens in steps:
        clock.now = 100.0 + seconds
        pace(tokens)
    return shown


def test_it_counts_from_the_first_token():
    assert paces((0, 1), (0.5, 11)) == [(11, 20.0)]


def test_several_tokens_may_come_first():
    assert paces((0, 4), (1, 24)) == [(24, 20.0)]


def test_it_is_told_four_times_a_second():
    shown = paces(*((0.125 * step, step + 1) for step in range(17)))
    assert [tokens for tokens, _ in shown] == [3, 5, 7, 9, 11, 13, 15, 17]


def test_one_step_has_no_pace():
    assert paces((0, 1)) == []


def test_a_widget_shows_it_while_it_writes_and_not_after():
    widget = DollyWidget(max_new_tokens=300, device="CPU")
    seen = []
    widget._screen.answer.pace.observe(lambda change: seen.append(change.new), "value")
    widget._session._answerer._voices.pace(57, 23.4)
    widget.ask("What is the capital of France?")
    widget.wait(LIMIT_S)
    assert "57 tokens · 23.4 tokens/s" in seen[0]
    assert widget._screen.answer.pace.value == ""
    widget.close()
