"""A real engine whose answers go on when a test lets them."""

import threading

from dolly_widget.engines import Listener

LIMIT_S = 60


class PacedEngine:
    """Answers as ``engine`` does, one token for each ``step()``; ``run()`` lets all go on from then on."""

    def __init__(self, engine):
        self._engine = engine
        self.model, self.device, self.template, self.setup = engine.model, engine.device, engine.template, engine.setup
        self._changed = threading.Condition()
        self._steps, self._is_free = 0, False
        self.prompts, self.results = [], []
        """Of the answers that have begun, and of those that have ended, in their order."""

    def generate(self, prompt, params, *, on_text, stop, **more):
        with self._changed:
            self.prompts.append(prompt)
            self._changed.notify_all()

        def on_ids(ids):
            on_text.on_ids(ids)
            self._wait(stop)

        listener = Listener(on_text, on_text.reasoning, on_ids=on_ids)
        result = self._engine.generate(prompt, params, on_text=listener, stop=stop, **more)
        with self._changed:
            self.results.append(result)
            self._changed.notify_all()
        return result

    def _wait(self, stop):
        with self._changed:
            while not (self._is_free or self._steps or stop.is_set()):
                self._changed.wait(0.01)
            self._steps = max(0, self._steps - 1)

    def step(self, count=1):
        with self._changed:
            self._steps += count
            self._changed.notify_all()

    def run(self):
        with self._changed:
            self._is_free = True
            self._changed.notify_all()

    def wait_for(self, condition):
        """Wait until it is true of this engine."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), LIMIT_S)
