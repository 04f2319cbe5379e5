"""Coroutines in tests: on a loop of their own, whatever the test's thread has."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

LIMIT_S = 60


def in_loop(coroutine):
    """Run it, and return its result. On another thread: in one where a browser was driven, a loop goes on running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(LIMIT_S)
