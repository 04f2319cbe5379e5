"""The line: who runs, who waits, and who is sent away at once."""

import pytest
from loops import in_loop
from paced_engine import PacedEngine
from real_engines import start
from served import on_port, until

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.runtime import Job
from dolly_widget.serving import Limits
from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.line import Line


def run(test):
    in_loop(test())


def joined(line, count, tokens=10):
    """Places of answers that are ready to be written."""
    places = line.join(count)
    for place in places:
        place.ready(tokens)
    return places


def test_the_first_to_come_is_the_first_served():
    async def test():
        line = Line(Limits(max_running=2, max_waiting=3))
        places = [place for count in (1, 2, 2) for place in joined(line, count)]
        assert [place.turn.is_set() for place in places] == [True, True, False, False, False]
        assert (line.running, line.waiting) == (2, 3)
        places[1].leave()
        assert [place.turn.is_set() for place in places[2:]] == [True, False, False]

    run(test)


def test_who_leaves_the_line_makes_room_once():
    async def test():
        line = Line(Limits(max_running=1, max_waiting=2))
        first, second, third = joined(line, 3)
        second.leave()
        second.leave()
        assert (line.running, line.waiting) == (1, 1)
        first.leave()
        first.leave()
        assert third.turn.is_set()
        third.leave()
        assert line.is_empty

    run(test)


def test_a_request_that_finds_no_room_for_all_its_answers_takes_none():
    async def test():
        line = Line(Limits(max_running=1, max_waiting=2))
        joined(line, 2)
        with pytest.raises(ApiError, match="busy") as caught:
            line.join(2)
        assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "5"})
        assert (line.running, line.waiting) == (1, 1)
        line.join(1)

    run(test)


def test_who_is_not_ready_holds_the_next_one_up_and_is_not_overtaken():
    async def test():
        line = Line(Limits())
        (first,), (second,) = line.join(1), joined(line, 1)
        assert not second.turn.is_set()
        first.ready(10)
        assert first.turn.is_set()
        assert second.turn.is_set()

    run(test)


def test_what_does_not_fit_into_memory_waits_and_is_not_overtaken():
    async def test():
        asked = []

        def fits(tokens):
            asked.append(tokens)
            return tokens <= 100

        line = Line(Limits(), fits)
        (first,), (large,), (small,) = joined(line, 1, 40), joined(line, 1, 70), joined(line, 1, 5)
        assert [place.turn.is_set() for place in (first, large, small)] == [True, False, False]
        first.leave()
        assert [place.turn.is_set() for place in (large, small)] == [True, True]
        assert asked == [110, 110, 75]
        (huge,) = joined(line, 1, 1000)
        large.leave()
        small.leave()
        assert huge.turn.is_set()  # alone, whatever comes of it

    run(test)


def test_what_is_written_holds_up_nobody_and_is_not_over_before_it_is_sent():
    async def test():
        line = Line(Limits(max_running=1, max_waiting=1))
        first, second = joined(line, 2)
        first.written()
        first.written()
        assert second.turn.is_set()
        assert (line.running, line.waiting, line.unsent) == (1, 0, 1)
        second.written()
        assert not line.is_empty
        for place in (first, second, first):
            place.leave()
        assert line.unsent == 0
        assert line.is_empty

    run(test)


def test_what_is_not_sent_has_places_as_many_as_may_run():
    async def test():
        line = Line(Limits(max_running=2, max_waiting=1))
        places = [place for _ in range(4) for place in joined(line, 1)[:1] if place.written() is None]
        joined(line, 1)
        with pytest.raises(ApiError, match="busy"):
            line.join(1)
        places[0].leave()
        line.join(1)

    run(test)


@pytest.mark.parametrize("end", ["written", "leave"])
def test_whoever_waits_for_a_turn_is_told_that_it_will_not_come(end):
    async def test():
        line = Line(Limits(max_running=1))
        second = joined(line, 2)[1]
        assert not second.turn.is_set()
        getattr(second, end)()
        assert second.turn.is_set()
        assert second.is_over
        assert line.running == 1

    run(test)


def test_a_line_that_stops_lets_nobody_wait():
    async def test():
        line = Line(Limits(max_running=1))
        (running,), (waiting,), (unready,) = joined(line, 1), joined(line, 1), line.join(1)
        line.stop()
        assert waiting.is_over
        assert unready.is_over
        unready.ready(10)
        assert (line.running, line.waiting, line.unsent) == (1, 0, 2)
        assert not running.is_over

    run(test)


def test_while_it_drains_nobody_joins():
    async def test():
        line = Line(Limits())
        line.is_draining = True
        with pytest.raises(ApiError, match="shutting down") as caught:
            line.join(1)
        assert caught.value.status == 503

    run(test)


@pytest.mark.parametrize("limits", [{"max_running": 0}, {"max_waiting": -1}, {"max_body_bytes": 10}])
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(ValueError, match=f"{next(iter(limits))} must be at least"):
        Limits(**limits)


@pytest.fixture(scope="module")
def real(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU")
    yield engine
    engine.close()


def ask(url, prompt, **fields):
    import httpx

    sent = {"prompt": prompt, "temperature": 0, "max_tokens": 4, **fields}
    return httpx.post(f"{url}/v1/completions", json=sent, timeout=60)


def test_a_full_server_says_so_at_once_and_answers_the_others_in_turn(real):
    engine = PacedEngine(real)
    with on_port(engine, limits=Limits(max_running=1, max_waiting=1)) as (url, service):
        first = Job(lambda stop: ask(url, "One"))
        engine.wait_for(lambda engine: len(engine.prompts) == 1)
        second = Job(lambda stop: ask(url, "Two"))
        until(lambda: service.line.waiting)
        refused = ask(url, "Three")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert refused.json()["error"]["type"] == "rate_limit_error"
        assert ask(url, "Four", n=9).status_code == 400  # it could never have a place
        assert len(engine.prompts) == 1
        engine.run()
        assert [first.wait(60).status_code, second.wait(60).status_code] == [200, 200]
        assert [str(prompt) for prompt in engine.prompts] == ["One", "Two"]
        assert ask(url, "Five").status_code == 200
