"""An engine that says what a test has written down, one piece at a time, when the test lets it."""

import queue
import threading

from dolly_widget.engines import EngineSetup
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EngineError
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text.template import DOLLY

LIMIT_S = 30


class ScriptedEngine:
    """Each answer is a list of pieces; an exception among them is raised. ``stepwise``: ``step()`` releases one."""

    def __init__(self, *answers, stepwise=False):
        self.model, self.device, self.template = Model(OPENVINO_DIR), "CPU", DOLLY
        self.setup = EngineSetup(device="CPU")
        self._answers = list(answers)
        self._steps = queue.Queue() if stepwise else None
        self.calls = []
        self.is_closed = False
        self.said = threading.Event()

    def step(self, count=1):
        for _ in range(count):
            self._steps.put(None)

    def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None):
        if self.is_closed:
            raise EngineError("closed")
        self.calls.append((str(prompt), params))
        said = []
        for piece in self._answers.pop(0) if self._answers else ["ok"]:
            if self._steps is not None and not self._next_step(stop):
                return self._result(said, "cancelled", params)
            if isinstance(piece, BaseException):
                raise piece
            said.append(piece)
            on_text(piece)
            self.said.set()
        return self._result(said, "stop", params)

    def _next_step(self, stop):
        """Wait for a step; False where we are stopped first."""
        while not stop.is_set():
            try:
                self._steps.get(timeout=0.01)
                return True
            except queue.Empty:
                continue
        return False

    def _result(self, said, reason, params):
        ids = tuple(range(len(said)))
        return GenerationResult("".join(said), ids, 5, reason, params.seed or 0, 0.25, 0.1)

    def close(self):
        self.is_closed = True


def wait_for(widget, name, value):
    """Wait until a trait has a value."""
    reached = threading.Event()
    widget.observe(lambda change: change["new"] == value and reached.set(), name)
    if getattr(widget, name) != value:
        assert reached.wait(LIMIT_S), f"{name} stayed {getattr(widget, name)!r}"
