"""The demo model, slowed down to the pace of a large one, so that a person, or a test, can act in mid-stream."""

SOURCE = '''
import itertools
import threading
from dolly_widget import DollyWidget, load_engine
from dolly_widget.engines.answer import Listener, count_of, reasoning_of

class PacedEngine:
    """The demo model's engine with a pause after each piece of text, which a stop ends at once; the first are short."""

    def __init__(self, pause_s):
        self._engine = load_engine("demo", device="CPU")
        self.model, self.device = self._engine.model, self._engine.device
        self.setup, self.template, self._pause_s = self._engine.setup, self._engine.template, pause_s

    def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None):
        stop = stop or threading.Event()
        count = itertools.count()
        def paced(piece):
            on_text(piece)
            stop.wait(self._pause_s if next(count) > 12 else 0.03)
        listener = Listener(paced, reasoning_of(on_text), count_of(on_text))
        return self._engine.generate(prompt, params, on_text=listener, stop=stop)

    def close(self):
        self._engine.close()
'''
