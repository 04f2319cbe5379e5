"""An engine that answers each question with itself, several at a time, in an order that a test chooses."""

import hashlib

from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.text.template import PLAIN


class ManyEngine:
    """Answers ``question`` with "QUESTION/SEED"; of each four requests, the last ends first.

    "long" is too long, "fails" has the device fail, "half" ends in the middle, "cancelled" is cut off by a stop.
    """

    device, template = "CPU", PLAIN

    def __init__(self, at_once=4, on_answer=lambda count: None):
        self.at_once, self.on_answer = at_once, on_answer
        self.is_closed = self.is_cancelled = False
        self.taken = self.answered = self.most_waiting = 0
        self.params = None
        """How the last question was to be drawn."""

    def check_shape(self, params):
        pass

    def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None, answer=None):
        raise AssertionError("one at a time")

    def generate_many(self, requests, *, stop=None, at_once=None):
        try:
            yield from self._in_turns(requests, at_once)
        finally:
            self.is_cancelled = True

    def _in_turns(self, requests, at_once):
        waiting = []
        for place, request in enumerate(requests):
            self.taken += 1
            self.params = request.params
            waiting.append((place, request))
            self.most_waiting = max(self.most_waiting, len(waiting))
            if len(waiting) == (at_once or self.at_once):
                yield from self._outcomes(waiting)
                waiting = []
        yield from self._outcomes(waiting)

    def _outcomes(self, waiting):
        for place, request in reversed(waiting):
            yield place, self._outcome(request)
            self.answered += 1
            self.on_answer(self.answered)

    def _outcome(self, request):
        question = str(request.prompt)
        if question == "fails":
            raise EngineError("The device is gone.")
        if question == "long":
            return ValueError("12 tokens too long for this model: shorten the text.")
        text = f"{question}/{request.params.seed}"
        if request.shape and request.shape.choices:
            digest = hashlib.sha256(text.encode()).digest()
            text = list(request.shape.choices)[digest[0] % len(request.shape.choices)]
        value = request.shape.parse(text) if request.shape else None
        reason = "cancelled" if question == "cancelled" else "length" if question == "half" else "stop"
        result = GenerationResult(text, (1, 2), 5, reason, request.params.seed, 0.25, 0.1, value=value)
        return IncompleteAnswerError("The answer ended before it was whole.", result) if question == "half" else result

    def close(self):
        self.is_closed = True
