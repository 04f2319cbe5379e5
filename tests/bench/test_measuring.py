"""Measuring: what is asked of the engine and in which order, what becomes of its answers, and the table."""

import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command_line import ROOT

from dolly_widget import GenerationResult
from dolly_widget.bench import measuring
from dolly_widget.bench.measuring import answers_planned, fitting, measure
from dolly_widget.bench.prompts import of_words
from dolly_widget.bench.weights import weight_bytes_per_token
from dolly_widget.engines import EngineSetup, start_engine
from dolly_widget.errors import EngineError
from dolly_widget.models import Model, ModelInfo
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime import devices
from dolly_widget.text.tokenizer import Tokenizer

IS_LINUX = Path("/proc/self/status").exists()


class ClockedEngine:
    """Answers at once, and says that it took the given seconds: to the first token, per token, and in each pass."""

    model, device = Model(OPENVINO_DIR), "CPU"

    def __init__(self, times=(), on_call=lambda count: None):
        self.times, self.on_call = list(times), on_call
        self.prompts, self.new_tokens, self.is_closed = [], [], False

    def generate(self, prompt, params, *, stop):
        self.prompts.append(str(prompt))
        self.new_tokens.append(params.max_new_tokens)
        self.on_call(len(self.prompts))
        ttft_s, tpot_s, *passes = self.times.pop(0) if self.times else (0.5, 0.25)
        tokens = len(Tokenizer(OPENVINO_DIR).encode(prompt))
        ids = tuple(range(params.max_new_tokens))
        return GenerationResult("", ids, tokens, "length", 0, ttft_s, tpot_s, pass_s=tuple(passes))

    def close(self):
        self.is_closed = True


@pytest.fixture
def clocked(monkeypatch):
    """Makes ``measure`` load this engine; the one that only imports libraries is another."""

    def use(*arguments, **options):
        engines = [ClockedEngine(), ClockedEngine(*arguments, **options)]
        loaded = iter(engines)
        monkeypatch.setattr(measuring, "load_engine", lambda model, **options: next(loaded))
        monkeypatch.setattr(measuring, "start_engine", lambda setup, prepared: next(loaded))
        return engines[1]

    return use


def words(prompt):
    return prompt.split()


# --- with the demo model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["genai", "optimum"])
def test_the_demo_model_is_measured(engine):
    (row,) = measure(device="cpu", engine=engine, prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert (row.model, row.precision, row.device, row.engine) == ("demo", "INT8", "CPU", engine)
    assert 14 <= row.prompt_tokens <= 16
    assert row.new_tokens == 8
    seconds = (row.load_s, row.ttft_s, row.shared_ttft_s, row.tpot_s, row.tpot_p95_s)
    assert all(math.isfinite(each) and each > 0 for each in seconds)
    assert row.load_s > row.ttft_s
    assert row.tokens_per_s == pytest.approx(1 / row.tpot_s)
    assert (row.memory_bytes is not None) == IS_LINUX


def test_every_answer_is_as_long_as_asked(monkeypatch):
    """The demo model ends most answers to such prompts after a few tokens, if nothing is done about it."""
    lengths = []

    class Spied:
        def __init__(self, setup, prepared):
            self._engine = start_engine(setup, prepared)
            self.device, self.close = self._engine.device, self._engine.close

        def generate(self, prompt, params, **options):
            answer = self._engine.generate(prompt, params, **options)
            lengths.append((params.max_new_tokens, answer.new_tokens))
            return answer

    monkeypatch.setattr(measuring, "start_engine", Spied)
    rows = measure(device="CPU", prompt_lengths=(8, 24, 200), new_tokens=32, rounds=3)
    assert lengths == [(1, 1)] + [(32, 32), (1, 1)] * 9
    assert [row.new_tokens for row in rows] == [32, 32, 32]


def test_measuring_with_genai_does_not_import_torch():
    code = (
        "import sys; from dolly_widget.bench.measuring import measure; from dolly_widget.bench.table import table;"
        "print(table(measure(device='CPU', prompt_lengths=(8,), new_tokens=2, rounds=1)));"
        "print(sorted({'torch', 'transformers', 'optimum'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not IS_LINUX, reason="private memory is read from /proc: Linux only")
def test_private_memory_is_what_the_process_has_for_itself():
    import mmap

    before = measuring.private_bytes()
    with mmap.mmap(-1, 40_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        block.write(b"x" * 40_000_000)
        assert 30e6 < measuring.private_bytes() - before < 100e6


# --- the prompts ----------------------------------------------------------------------------------------------------


def test_lengths_are_asked_in_turns_and_each_prompt_twice(clocked):
    engine = clocked()
    measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=2)
    assert engine.new_tokens == [1, *[8, 1] * 4]
    counts = [len(Tokenizer(OPENVINO_DIR).encode(of_words(words(prompt)))) for prompt in engine.prompts[1:]]
    for count, length in zip(counts, [16, 16, 64, 64] * 2, strict=True):
        assert length - 2 <= count <= length


def test_a_prompt_begins_like_none_before_it(clocked):
    engine = clocked()
    measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=10)
    load, *asked = map(words, engine.prompts)
    assert len({prompt[0] for prompt in [load, *asked[::2]]}) == 21


def test_every_second_prompt_differs_from_the_one_before_it_in_its_last_words_only(clocked):
    engine = clocked()
    measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=60)
    asked = list(map(words, engine.prompts[1:]))
    for first, second in zip(asked[::2], asked[1::2], strict=True):
        end = len(first) - 4
        assert first[:end] == second[:end]
        assert first[end] != second[end]


def test_prompts_are_the_same_in_every_run(clocked):
    runs = []
    for _ in range(2):
        engine = clocked()
        measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=2)
        runs.append(engine.prompts)
    assert runs[0] == runs[1]


# --- what becomes of the answers ------------------------------------------------------------------------------------


def test_figures_are_medians_over_the_rounds(clocked):
    nan = math.nan
    short = [((9.0, 0.3), (0.6, nan)), ((1.0, 0.1), (0.2, nan)), ((2.0, 0.9), (0.5, nan))]
    long = [((90.0, 3.0), (6.0, nan)), ((10.0, 1.0), (2.0, nan)), ((20.0, 9.0), (5.0, nan))]
    turns = [time for pair in zip(short, long, strict=True) for asked in pair for time in asked]
    engine = clocked([(9.0, nan), *turns])
    heard = []
    rows = measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=3, on_measured=heard.append)
    assert [(row.ttft_s, row.shared_ttft_s, row.tpot_s) for row in rows] == [(2.0, 0.5, 0.3), (20.0, 5.0, 3.0)]
    assert heard == rows
    assert engine.is_closed


def test_the_95th_percentile_is_that_of_all_passes_of_all_rounds(clocked):
    """Twenty passes: nineteen of them, 95 %, are within the second longest, though one round has both of these."""
    quick, slow = [0.1] * 10, [*[0.2] * 8, 0.7, 0.9]
    clocked([(0, 0), (1, 0.1, *quick), (1, 0.1, 50), (1, 0.3, *slow), (1, 0.3, 50)])
    (row,) = measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=2)
    assert row.tpot_p95_s == 0.7
    assert row.tpot_s == pytest.approx(0.2)


def test_progress_counts_the_answers_and_names_the_prompt(clocked):
    engine, reports = clocked(), []
    measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=2, on_progress=reports.append)
    planned = answers_planned((16, 64), 2)
    assert planned == len(engine.prompts) == 9
    assert [report.fraction for report in reports] == [0, *(count / planned for count in range(planned))]
    prompts = ["a prompt of 16 tokens"] * 2 + ["a prompt of 64 tokens"] * 2
    assert [report.subject for report in reports] == ["loading", "the first token", *prompts * 2]
    assert {report.stage for report in reports} == {"measure"}


def test_stopping_keeps_the_rounds_that_are_whole(clocked):
    stop = threading.Event()
    engine = clocked([(0, 0), (1, 1), (1, 1), (2, 2), (2, 2), (9, 9)], on_call=lambda count: count == 6 and stop.set())
    rows = measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=3, stop=stop)
    assert [row.ttft_s for row in rows] == [1, 2]
    assert len(engine.prompts) <= 7
    assert engine.is_closed


@pytest.mark.parametrize("count", [1, 2, 3])
def test_stopping_in_the_first_round_leaves_nothing_for_lengths_without_one(clocked, count):
    stop = threading.Event()
    engine = clocked(on_call=lambda calls: calls == count and stop.set())
    assert measure(device="CPU", prompt_lengths=(16, 64), new_tokens=8, rounds=3, stop=stop) == []
    assert engine.is_closed


def test_an_engine_that_fails_is_closed(clocked):
    def fail(count):
        raise EngineError("The device is gone; choose another one.")

    engine = clocked(on_call=fail)
    with pytest.raises(EngineError, match="device is gone"):
        measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert engine.is_closed


# --- the floor ------------------------------------------------------------------------------------------------------


class ScriptedMemory:
    """Delivers so many bytes per second, one reading after the other."""

    def __init__(self, *rates):
        self.bytes_per_s = iter(rates).__next__


@pytest.fixture
def large(monkeypatch):
    """The demo model, beside a cache that is too small for it."""
    monkeypatch.setattr(measuring, "cache_bytes", lambda: weight_bytes_per_token(OPENVINO_DIR) - 1)


def test_the_floor_is_the_weights_over_the_bandwidth_of_that_moment(clocked, large, monkeypatch):
    clocked()
    monkeypatch.setattr(measuring, "memory_reader", lambda: ScriptedMemory(9e9, 2e9, 3e9))
    (row,) = measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=2)
    assert (row.weight_bytes, row.bandwidth_bytes_per_s) == (weight_bytes_per_token(OPENVINO_DIR), 3e9)
    assert row.floor_s == pytest.approx(row.weight_bytes / 3e9)
    assert row.floor_share == pytest.approx(row.floor_s / 0.25)


@pytest.mark.parametrize("device", ["GPU", "AUTO", "HETERO:GPU,CPU"])
def test_a_device_that_may_have_its_own_memory_has_no_floor(clocked, large, monkeypatch, device):
    clocked()
    monkeypatch.setattr(devices, "available_devices", lambda: {"CPU": "", "GPU": ""})
    monkeypatch.setattr(measuring, "memory_reader", lambda: pytest.fail("the memory was read"))
    (row,) = measure(device=device, prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert math.isnan(row.floor_s)
    assert math.isnan(row.floor_share)


@pytest.mark.parametrize("device", ["AUTO", "AUTO:CPU", "HETERO:CPU"])
def test_a_device_that_can_only_be_the_cpu_has_its_floor(clocked, large, monkeypatch, device):
    clocked()
    monkeypatch.setattr(devices, "available_devices", lambda: {"CPU": ""})
    monkeypatch.setattr(measuring, "memory_reader", lambda: ScriptedMemory(3e9, 3e9))
    (row,) = measure(device=device, prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert row.bandwidth_bytes_per_s == 3e9


def test_a_model_that_fits_into_the_cache_has_no_floor(clocked, monkeypatch):
    clocked()
    monkeypatch.setattr(measuring, "cache_bytes", lambda: weight_bytes_per_token(OPENVINO_DIR))
    monkeypatch.setattr(measuring, "memory_reader", lambda: pytest.fail("the memory was read"))
    (row,) = measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert math.isnan(row.floor_s)


def test_with_too_little_memory_to_measure_there_is_no_floor(clocked, large, monkeypatch):
    clocked()
    monkeypatch.setattr(measuring, "memory_reader", lambda: None)
    (row,) = measure(device="CPU", prompt_lengths=(16,), new_tokens=8, rounds=1)
    assert math.isnan(row.floor_s)


# --- what is loaded ---


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_whole_setup_reaches_the_engine(clocked, monkeypatch, is_whole):
    clocked()
    load, loaded = measuring.start_engine, []
    monkeypatch.setattr(measuring, "start_engine", lambda *given: (loaded.append(given), load(*given))[1])
    options = {"device": "CPU", "ov_config": {"N": 1}, "draft": OPENVINO_DIR}
    setup = EngineSetup(OPENVINO_DIR, **options)
    asked = (setup, {}) if is_whole else (OPENVINO_DIR, options)
    measure(asked[0], prompt_lengths=(16,), new_tokens=8, rounds=1, **asked[1])
    ((found, prepared),) = loaded
    assert found == setup
    assert [each.directory for each in prepared[:2]] == [OPENVINO_DIR, OPENVINO_DIR]


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounds": 0}, r"rounds must be a whole number, at least 1, not 0\."),
        ({"rounds": 1.5}, r"rounds must be a whole number, at least 1, not 1\.5\."),
        ({"new_tokens": 1}, r"new_tokens must be a whole number, at least 2, not 1\."),
        ({"prompt_lengths": (16, 3)}, r"prompt_lengths must be a whole number, at least 8, not 3\."),
        ({"prompt_lengths": ()}, r"prompt_lengths is empty: give at least one, such as 32\."),
        (
            {"prompt_lengths": (16, 2000)},
            r"2,000 tokens and 64 new tokens exceed the 2,048 positions of demo",
        ),
        ({"device": "TPU"}, "no device 'TPU'"),
        ({"engine": "onnx"}, "no engine 'onnx'"),
        ({"model": "no such model"}, "no model 'no such model'"),
        ({"weight_format": "int3"}, "no weight format 'int3'"),
        ({"draft": "no such model"}, "no model 'no such model'"),
        ({"engine": "optimum", "prompt_lookup": True}, "'optimum' does not support prompt_lookup or draft"),
    ],
)
def test_a_mistake_is_a_sentence_before_anything_is_loaded(monkeypatch, arguments, message):
    for name in ("load_engine", "start_engine"):
        monkeypatch.setattr(measuring, name, lambda *_, **__: pytest.fail("something was loaded"))
    with pytest.raises(ValueError, match=message):
        measure(**{"device": "CPU", **arguments})


def test_lengths_fit_up_to_the_last_position():
    assert fitting(ModelInfo(OPENVINO_DIR), (32, 1984, 1985), 64) == (32, 1984)
