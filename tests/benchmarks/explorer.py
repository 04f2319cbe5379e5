"""From slider to picture: `python tests/benchmarks/explorer.py [MODEL_DIR]`, in a real JupyterLab and Chromium.

From a key on a slider, as the page hears of it, to the new table in the page, for the demo model, and for a random
GPT-NeoX with 50,280 tokens, or a model that is given. No forward pass is part of it. Nothing else should run.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TESTS = Path(__file__).parents[1]
VOCAB_SIZE = 50_280
ROUNDS = 30

CELL = """
from dolly_widget import SamplingExplorer
explorer = SamplingExplorer({model!r}, "Name 3 advantages to be a cat", temperature=1.0)
explorer
"""
# One key, and the milliseconds until the caption tells of the new setting.
MEASURE = """
() => {
  const caption = document.querySelector(".dw-bars caption");
  window.time = new Promise((done) => {
    let start;
    window.addEventListener("keydown", () => (start = performance.now()), { capture: true, once: true });
    new MutationObserver((_, observer) => {
      observer.disconnect();
      done(performance.now() - start);
    }).observe(caption, { childList: true, characterData: true, subtree: true });
  });
}
"""


def latencies(page: Page) -> list[float]:
    """Milliseconds of each of so many moves of the temperature, to and fro."""
    page.locator(".dw-bars tbody tr").first.wait_for(timeout=60_000)
    slider = page.locator(".dw-settings .widget-slider", has_text="Temperature").locator(".noUi-handle")
    slider.focus()
    times = []
    for round_ in range(ROUNDS + 1):
        page.evaluate(MEASURE)
        page.keyboard.press("ArrowRight" if round_ % 2 else "ArrowLeft")
        times.append(page.evaluate("time"))
    return times[1:]


def make_model(folder: Path) -> Path:
    """A GPT-NeoX of one small layer with random weights, in OpenVINO format; its tokenizer knows 384 tokens."""
    from checkpoint_factory import make_checkpoint
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from dolly_widget.models.conversion.export import _export_uncompressed

    checkpoint = make_checkpoint(folder / "checkpoint", "dolly")
    config = GPTNeoXConfig.from_pretrained(checkpoint)
    config.vocab_size = VOCAB_SIZE
    GPTNeoXForCausalLM(config).save_pretrained(checkpoint)
    model_dir = folder / "large-vocabulary"
    model_dir.mkdir()
    _export_uncompressed(checkpoint, model_dir, "fp32", lambda progress: None)
    return model_dir


def main() -> None:
    """Print the median for each model."""
    sys.path[:0] = [str(TESTS / "browser"), str(TESTS / "fakes")]
    import chromium
    from lab import running_lab

    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, sync_playwright() as playwright:
        given = sys.argv[1] if len(sys.argv) > 1 else str(make_model(Path(folder)))
        browser = playwright.chromium.launch(executable_path=chromium.get(), args=chromium.FLAGS)
        for model in ("demo", given):
            page = browser.new_page()
            lab.open(page, [CELL.format(model=model)], f"{Path(model).name}.ipynb").run(0)
            times = latencies(page)
            vocabulary = page.locator(".dw-bars caption").inner_text().split(" tokens")[0].split()[-1]
            print(
                f"{vocabulary} tokens: {statistics.median(times):.0f} ms from slider to picture "
                f"(median of {len(times)}, {min(times):.0f} to {max(times):.0f})"
            )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
