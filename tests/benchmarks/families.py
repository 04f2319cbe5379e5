"""Which families of models are right here: `python tests/benchmarks/families.py [NAME …]`. Fills the guide's table.

Each family of `fakes/family_models.py`, tiny and with random weights, is converted by this package to FP16. Both
engines and the lens then continue a text that leaves every window, in full precision, and are compared with
transformers, token by token. What the installed transformers cannot export is exported by another version, which is
installed in the cache for that. With names, only their rows are printed, and the guide stays as it is.
"""

import functools
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fakes"))

from family_models import FAMILIES, make_family  # noqa: E402

from dolly_widget import SamplingParams, load_engine, models  # noqa: E402
from dolly_widget.errors import EngineError, ModelError  # noqa: E402
from dolly_widget.lens import score  # noqa: E402
from dolly_widget.text import PLAIN  # noqa: E402

GUIDE = ROOT / "notebooks" / "guide" / "families.md"
MARKERS = "<!-- families: begin -->", "<!-- families: end -->"
HEAD = ("family", "exported with transformers", "OpenVINO GenAI", "Optimum", "lens")
TEXT = "Where do the electric sheep sleep? They sleep where the others"
GREEDY = SamplingParams(max_new_tokens=24, temperature=0)
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}


def main(names: list[str]) -> None:
    """Print the table; write it into the guide where it is of all families."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        os.environ.setdefault("DOLLY_WIDGET_CACHE", str(Path(directory) / "cache"))
        rows = [show(row) for row in tried(names or list(FAMILIES), Path(directory))]
    print(f"{len(rows)} families in {time.perf_counter() - started:.0f} s")
    if not names:
        write(rows)


def show(row: list[str]) -> str:
    """Print a row, and return it as Markdown."""
    line = f"| {' | '.join(row)} |"
    print(line, flush=True)
    return line


def tried(names: list[str], directory: Path) -> Iterator[list[str]]:
    """A row for each family. They are tried in a process that may crash."""
    pool = None
    for name in names:
        pool = pool or ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            yield [name, *pool.submit(attempt, name, directory / name.replace(" ", "_")).result()]
        except BrokenProcessPool:
            pool = None
            yield [name, "", "**crashed**", "", ""]


def attempt(name: str, directory: Path) -> list[str]:
    """What came of a family: see ``HEAD``."""
    checkpoint = make_family(name, directory)
    try:
        converted = models.convert(checkpoint, "fp16", install_exporter=True)
    except ModelError as exc:
        return [f"refused: {reason(exc, checkpoint)}", "", "", ""]
    expected = continued(checkpoint)
    info = models.ModelInfo(converted)
    exporter = info.entry.manifest["tools"]["transformers"]
    genai = compared(lambda: answer(converted, "genai"), expected)
    if genai == "right" and info.genai_attention == "SDPA":
        genai = "right, with its backend SDPA"
    optimum = compared(lambda: answer(converted, "optimum"), expected)
    lens = compared(lambda: likeliest(converted, expected), expected)
    return [exporter if exporter != version("transformers") else f"{exporter} (installed)", genai, optimum, lens]


def compared(ids: Callable[[], list[int]], expected: list[int]) -> str:
    """A word or two for a cell."""
    try:
        found = ids()
    except EngineError:
        return 'refused: use `engine="optimum"`'
    same = next((place for place, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]), None)
    return "right" if same is None and len(found) == len(expected) else f"**wrong from token {same} on**"


def answer(directory: Path, engine: str) -> list[int]:
    """What an engine writes."""
    loaded = load_engine(directory, device="CPU", engine=engine, ov_config=EXACT)
    try:
        return list(loaded.generate(PLAIN.render(TEXT), GREEDY).token_ids)
    finally:
        loaded.close()


def likeliest(directory: Path, expected: list[int]) -> list[int]:
    """The likeliest token at each place, by the lens."""
    engine = load_engine(directory, device="CPU", engine="optimum")
    try:
        return score(engine, PLAIN.render(TEXT), expected, k=1).alternative_ids[:, 0].tolist()
    finally:
        engine.close()


def continued(checkpoint: Path) -> list[int]:
    """What transformers writes, each token from the whole text: its caches are not on trial."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(checkpoint)(TEXT).input_ids
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    with torch.no_grad():
        logits = functools.partial(model, use_cache=False)
        text = list(ids)
        for _ in range(GREEDY.max_new_tokens):
            text.append(int(logits(torch.tensor([text])).logits[0, -1].argmax()))
            if text[-1] == 0:  # the end of the text
                break
    return text[len(ids) :]


def reason(exc: ModelError, checkpoint: Path) -> str:
    """A sentence without paths, fit for a cell."""
    return re.sub(r"\s+", " ", str(exc).replace(f"{checkpoint} ", "")).replace("|", "/")


def write(rows: list[str]) -> None:
    """Put the table between the markers of the guide."""
    begin, end = MARKERS
    page = GUIDE.read_text(encoding="utf-8")
    before, after = page[: page.index(begin) + len(begin)], page[page.index(end) :]
    head = [f"| {' | '.join(HEAD)} |", f"| {' | '.join(['---'] * len(HEAD))} |"]
    GUIDE.write_text("\n".join([before, "", *head, *rows, "", after]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
