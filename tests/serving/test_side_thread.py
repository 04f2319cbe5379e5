"""Work that the event loop awaits: it ends when nobody awaits it any more, and nobody awaits what does not end."""

import asyncio
import threading

import pytest
from loops import in_loop
from served import LIMIT_S

from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.side_thread import SideThread


def run(test):
    side = SideThread()
    in_loop(asyncio.wait_for(test(side), LIMIT_S))
    side.close()


def begin(side, work):
    """The task that awaits ``work``, which has begun."""
    loop, has_begun = asyncio.get_running_loop(), asyncio.Event()

    def told(stop):
        loop.call_soon_threadsafe(has_begun.set)
        return work(stop)

    return asyncio.ensure_future(side.do(told)), has_begun.wait()


def test_it_gives_what_the_work_returns_or_raises():
    async def test(side):
        assert await side.do(lambda stop: stop.is_set()) is False
        with pytest.raises(ZeroDivisionError):
            await side.do(lambda stop: 1 / 0)

    run(test)


def test_work_is_told_when_nobody_awaits_it_any_more():
    async def test(side):
        has_ended = threading.Event()
        task, begun = begin(side, lambda stop: stop.wait(LIMIT_S) and has_ended.set())
        await begun
        task.cancel()
        assert await asyncio.to_thread(has_ended.wait, LIMIT_S)

    run(test)


def test_at_its_stop_nobody_waits_for_work_that_does_not_end():
    async def test(side):
        may_end = threading.Event()
        first, begun = begin(side, lambda stop: may_end.wait(LIMIT_S))
        second, _ = begin(side, lambda stop: may_end.wait(LIMIT_S))
        await begun
        _.close()
        side.stop()
        for task in (first, second, asyncio.ensure_future(side.do(lambda stop: None))):
            with pytest.raises(ApiError) as caught:
                await task
            assert (caught.value.status, caught.value.code) == (503, "draining")
        assert not may_end.is_set()
        may_end.set()

    run(test)
