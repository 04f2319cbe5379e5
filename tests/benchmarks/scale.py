"""How the widget grows: `python tests/benchmarks/scale.py`, in a real JupyterLab and Chromium. Nothing else should run.

For answers of 100, 1,000 and 4,000 tokens of a scripted engine, each token an update of its own: bytes from kernel to
page, and milliseconds of the page's main thread. The widget shows 20 updates a second; here 50 come in one, so that it
takes minutes. Then twenty widgets on one engine in one notebook, and a history of a thousand answers.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

TESTS = Path(__file__).parents[1]
LENGTHS = (100, 1_000, 4_000)
ROUNDS = 3
WIDGETS = 20
ANSWERS = 1_000
# What Chromium counts, and how it is printed.
METRICS = {
    "TaskDuration": "all",
    "ScriptDuration": "script",
    "LayoutDuration": "layout",
    "RecalcStyleDuration": "style",
}

PATHS = f"import sys; sys.path[:0] = [{str(TESTS / 'fakes')!r}]\n"
SCRIPTED = f"""{PATHS}
import threading
from scripted_engine import ScriptedEngine
from dolly_widget import DollyWidget
from dolly_widget.widget.session import publisher

publisher.MIN_INTERVAL_S = 0.0
def paced(count):
    for n in range(1, count + 1):
        threading.Event().wait(0.02)
        yield "Then.\\n\\n" if n % 60 == 0 else "so. " if n % 12 == 0 else "word "
engine = ScriptedEngine()
widget = DollyWidget(engine)
widget
"""
ANSWER = "engine._answers.append(paced({count})); widget.instruction = 'Go'; _ = widget.submit()"

SHARED = """
import gc, resource
from dolly_widget import DollyWidget, SamplingParams, load_engine
import ipywidgets
def resident_kb():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 1024
first = DollyWidget(temperature=0)
first.wait()
before = resident_kb()
print("ready")
"""
MANY = f"many = [DollyWidget(temperature=0) for _ in range({WIDGETS})]\nipywidgets.VBox(many)"
MEMORY = "print(resident_kb() - before)"
ASK_ALL = """
import time
places = "France Italy Spain Germany Japan Egypt Norway Sweden Greece Poland Peru Cuba China India Kenya".split()
places += "Austria Portugal Ireland Finland Denmark".split()
questions = [f"What is the capital of {place}?" for place in places]
start = time.perf_counter()
for each, each.instruction in zip(many, questions):
    each.submit()
said = [each.wait().text for each in many]
seconds = time.perf_counter() - start
engine = load_engine("demo", device=many[0].device)
expected = [engine.generate(engine.template.render(each), SamplingParams(temperature=0)).text for each in questions]
print(seconds, sum(map(str.__eq__, said, expected)))
"""
HISTORY = f"""{PATHS}
from exchanges import answered
from dolly_widget import DollyWidget
before = [answered(f"Question {{n}}", f"Answer {{n}}. " + "and so on " * 200) for n in range({ANSWERS})]
print("ready")
"""
FROM_HISTORY = "widget = DollyWidget(history=before); widget._screen.history.is_open = True; widget"


class Watched:
    """What a page receives and does, from one ``since`` to the next."""

    def __init__(self, page: Page) -> None:
        self._received = 0
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))
        self._before = dict.fromkeys([*METRICS, "bytes"], 0.0)

    def _count(self, frame: str | bytes) -> None:
        self._received += len(frame)

    def since(self) -> dict[str, float]:
        """Bytes, and seconds by METRICS, since the last call."""
        metrics = {each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]}
        now = {**{name: metrics[name] for name in METRICS}, "bytes": float(self._received)}
        spent = {name: now[name] - self._before[name] for name in now}
        self._before = now
        return spent

    def heap_kb(self) -> float:
        """What the page's scripts hold."""
        self._session.send("HeapProfiler.collectGarbage")
        return self._session.send("Runtime.getHeapUsage")["usedSize"] / 1024


def median(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def answers(lab: Any, page: Page) -> None:
    """Print bytes and milliseconds for each length."""
    watched = Watched(page)
    notebook = lab.open(page, [SCRIPTED, *(ANSWER.format(count=count) for count in LENGTHS)])
    notebook.run(0)
    page.locator(".dw-widget").wait_for(timeout=60_000)
    for place, count in enumerate(LENGTHS, 1):
        rows = []
        for _ in range(ROUNDS):
            watched.since()
            notebook.run(place)
            page.locator(".dw-streaming").wait_for(timeout=60_000)
            page.locator(".dw-stats", has_text=f"{count:,} tokens").wait_for(timeout=count * 200)
            rows.append(watched.since())
        print(f"{count:,} tokens: {_figures(median(rows), count)} (medians of {ROUNDS})")


def _figures(spent: dict[str, float], count: int) -> str:
    kilobytes, milliseconds = spent["bytes"] / 1000, 1000 * spent["TaskDuration"]
    times = ", ".join(f"{name} {1000 * spent[key] / count:.2f}" for key, name in METRICS.items())
    return (
        f"{kilobytes:.0f} kB to the page, per token {spent['bytes'] / count:.0f} bytes; "
        f"main thread {milliseconds:.0f} ms, per token {times} ms"
    )


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def widgets(lab: Any, page: Page) -> dict[str, float]:
    """Seconds and kilobytes of twenty widgets that share an engine."""
    notebook = lab.open(page, [SHARED, MANY, MEMORY, ASK_ALL])
    watched = Watched(page)
    notebook.run(0)
    notebook.output(0)
    before_kb = watched.heap_kb()

    def show() -> None:
        notebook.run(1)
        page.wait_for_function(f"document.querySelectorAll('.dw-model').length === {WIDGETS}", timeout=60_000)

    shown_s = timed(show)
    page_kb = (watched.heap_kb() - before_kb) / WIDGETS
    notebook.run(2)
    kernel_kb = float(notebook.output(2)) / WIDGETS
    notebook.run(3)
    asked_s, right = map(float, notebook.output(3).split())
    return {"shown": shown_s, "page": page_kb, "kernel": kernel_kb, "asked": asked_s, "right": right}


def history(lab: Any, page: Page) -> dict[str, float]:
    """Seconds until the rows of a long history are shown."""
    notebook = lab.open(page, [HISTORY, FROM_HISTORY])
    notebook.run(0)
    notebook.output(0)

    def show() -> None:
        notebook.run(1)
        page.wait_for_function("document.querySelectorAll('.dw-history-row').length === 50", timeout=60_000)

    return {"shown": timed(show)}


def rounds(browser: Browser, measure: Callable[[Page], dict[str, float]]) -> dict[str, float]:
    """Medians, each round on a page and a kernel of its own."""
    rows = []
    for _ in range(ROUNDS):
        page = browser.new_page()
        rows.append(measure(page))
        page.close()
    return median(rows)


def main() -> None:
    """Print all three."""
    sys.path[:0] = [str(TESTS / "browser"), str(TESTS / "fakes")]
    import chromium
    from lab import running_lab

    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.get(), args=chromium.FLAGS)
        page = browser.new_page()
        answers(lab, page)
        page.close()
        found = rounds(browser, lambda page: widgets(lab, page))
        print(
            f"{WIDGETS} widgets on one engine: shown after {found['shown']:.2f} s, each {found['kernel']:.0f} kB of "
            f"the kernel and {found['page']:.0f} kB of the page's scripts; one question each: {found['asked']:.2f} s, "
            f"{found['right']:.0f} of {WIDGETS} as the engine alone answers (medians of {ROUNDS})"
        )
        found = rounds(browser, lambda page: history(lab, page))
        print(f"a history of {ANSWERS:,} answers: rows after {found['shown']:.2f} s (median of {ROUNDS})")
        browser.close()


if __name__ == "__main__":
    main()
