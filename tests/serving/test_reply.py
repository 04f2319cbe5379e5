"""A request's answers become its reply, and all of them end with it."""

import asyncio

import pytest
from loops import in_loop

from dolly_widget.serving.reply import Answers, whole_reply


class FakeAnswer:
    """Its whole text never comes, or is an error."""

    is_cancelled = has_left = False
    new_tokens = reasoning_tokens = 0

    def __init__(self, error=None):
        self._error = error

    def begin(self):
        pass

    async def whole(self):
        if self._error:
            raise self._error
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise

    def leave(self):
        self.has_left = True


def test_where_one_answer_fails_nobody_waits_for_the_others():
    async def test():
        answers = [FakeAnswer(), FakeAnswer(ValueError("no")), FakeAnswer()]
        with pytest.raises(ValueError, match="no"):
            await whole_reply(Answers(answers, 1), None, asyncio.Event().wait)
        await asyncio.sleep(0)  # a cancelled task learns of it in the loop's next round
        assert [each.is_cancelled for each in answers] == [True, False, True]
        assert all(each.has_left for each in answers)

    in_loop(test())
