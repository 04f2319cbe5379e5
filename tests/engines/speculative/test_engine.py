"""Answers that a draft guesses are the answers that they would be, in fewer passes."""

import json
import shutil
import threading

import pytest
from quoting import KINDS, OTHERS, examples

from dolly_widget import DollyWidget, EngineError, SamplingParams, load_engine
from dolly_widget.engines import EngineSetup
from dolly_widget.engines.speculative.cached_model import BLOCK, CachedModel
from dolly_widget.engines.speculative.pace import MOST, Pace
from dolly_widget.errors import ModelError
from dolly_widget.runtime import PRECISE
from dolly_widget.text.template import PLAIN

GREEDY = SamplingParams(max_new_tokens=96, temperature=0)
LIST = PLAIN.render("one two three four five six seven eight, " * 6)


@pytest.fixture(scope="module")
def engines(demo_dir):
    """In 32 bits: in fewer, what a position's logits are depends on how many are read at once.

    The model is its own draft.
    """
    made = {
        "genai": load_engine(demo_dir, device="CPU", ov_config=PRECISE),
        "draft": load_engine(demo_dir, device="CPU", ov_config=PRECISE, draft=demo_dir),
    }
    yield made
    for engine in made.values():
        engine.close()


def answers(engines, example, params, names):
    prompt = engines["genai"].template.render(example.instruction, example.context)
    return [engines[name].generate(prompt, params) for name in names]


@pytest.fixture
def unguessed(engines, monkeypatch):
    """``unguessed(prompt, params)``: what the engine answers where its draft has no guess."""

    def answer(prompt, params):
        with monkeypatch.context() as patch:
            patch.setattr(Pace, "most", 0)
            return engines["draft"].generate(prompt, params)

    return answer


@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
def test_greedy_answers_have_the_same_ids_as_without_guesses(engines, kind):
    for example in examples(kind):
        plain, guessed = answers(engines, example, GREEDY, ("genai", "draft"))
        assert guessed.token_ids == plain.token_ids
        assert (guessed.text, guessed.finish_reason) == (plain.text, plain.finish_reason)


@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 1.5, "top_p": 1}, {"repetition_penalty": 1.3}, {"top_k": 5}, {"temperature": 2, "min_p": 0.2}],
)
def test_drawn_answers_have_the_same_ids_as_without_guesses(engines, unguessed, settings):
    for seed, example in enumerate(examples("question", 2) + examples("story", 2)):
        params = SamplingParams(max_new_tokens=48, seed=seed, **settings)
        prompt = engines["draft"].template.render(example.instruction, example.context)
        assert engines["draft"].generate(prompt, params).token_ids == unguessed(prompt, params).token_ids


def test_without_guesses_a_pass_gives_one_token(unguessed):
    result = unguessed(LIST, GREEDY)
    assert len(result.pass_s) == result.new_tokens - 1


def test_a_draft_that_is_right_and_cheap_gives_many_tokens_a_pass(demo_dir, engines, monkeypatch):
    """The model is its own draft: always right, and taken for a cheap one."""
    monkeypatch.setattr(Pace, "learn", lambda pace, guessed, right: None)
    (result,) = answers(engines, examples("story")[0], GREEDY, ["draft"])
    assert len(result.pass_s) <= (result.new_tokens - 1) / 4


def test_no_answer_is_longer_than_it_may_be(engines):
    whole = engines["genai"].generate(LIST, GREEDY).token_ids
    for most in range(1, 2 * MOST):
        params = SamplingParams(max_new_tokens=most, temperature=0)
        assert engines["draft"].generate(LIST, params).token_ids == whole[:most]


def test_many_answers_leave_no_trace_in_the_next(engines):
    """What is taken back is masked, and now and then all is read anew."""
    params = SamplingParams(max_new_tokens=200, temperature=2, top_p=1, seed=1)
    for count in range(8):
        engines["draft"].generate(PLAIN.render(f"{count} " * 40), params)
    for example in examples("extract"):
        plain, guessed = answers(engines, example, GREEDY, ("genai", "draft"))
        assert guessed.token_ids == plain.token_ids


def test_a_pass_that_failed_leaves_no_trace_in_the_next_answer(engines, monkeypatch):
    engine, example = engines["draft"], examples("question")[0]
    monkeypatch.setattr(Pace, "most", 0)
    wanted = answers(engines, example, GREEDY, ["genai"])[0].token_ids
    model = engine._loaded.large
    request, passes = model._request, []

    class Failing:
        def infer(self, inputs, **options):
            passes.append(inputs)
            outputs = request.infer(inputs, **options)
            if len(passes) == 3:  # when the cache has them already
                raise RuntimeError("Exception from src/x.cpp:1:\nNo luck")
            return outputs

        def reset_state(self):
            request.reset_state()

    monkeypatch.setattr(model, "_request", Failing())
    with pytest.raises(EngineError, match="No luck"):
        answers(engines, example, GREEDY, ["draft"])
    assert answers(engines, example, GREEDY, ["draft"])[0].token_ids == wanted


def test_a_long_prompt_is_read_in_blocks_and_its_start_once(engines, monkeypatch):
    counts = []
    read = CachedModel.read
    monkeypatch.setattr(CachedModel, "read", lambda model, ids: (counts.append(len(ids)), read(model, ids))[1])
    start = "a b c d e f g h " * 60
    one = SamplingParams(max_new_tokens=1, temperature=0)
    first = engines["draft"].generate(PLAIN.render(f"{start} one"), one)
    assert sum(counts) == first.prompt_tokens > BLOCK
    assert max(counts) == BLOCK
    counts.clear()
    engines["draft"].generate(PLAIN.render(f"{start} two"), one)
    assert 0 < sum(counts) < 10


# What cannot be


def test_the_optimum_engine_refuses(demo_dir):
    for options in ({"prompt_lookup": True}, {"draft": "demo"}):
        with pytest.raises(ValueError, match="does not support prompt_lookup or draft"):
            load_engine(demo_dir, engine="optimum", **options)
        with pytest.raises(ValueError, match="does not support prompt_lookup or draft"):
            DollyWidget(demo_dir, engine="optimum", **options)


def test_a_draft_beside_the_prompt_is_refused(demo_dir):
    with pytest.raises(ValueError, match="prompt_lookup does not go with draft: leave one of them out"):
        load_engine(demo_dir, device="CPU", prompt_lookup=True, draft="demo")


def test_a_draft_with_other_tokens_is_refused(demo_dir, tmp_path):
    draft = shutil.copytree(demo_dir, tmp_path / "draft")
    text = (draft / "tokenizer.json").read_text(encoding="utf-8")
    (draft / "tokenizer.json").write_text(text.replace("### Instruction:", "### Anweisung:"), encoding="utf-8")
    with pytest.raises(ValueError, match="draft draft has a different vocabulary"):
        load_engine(demo_dir, device="CPU", draft=draft)


def test_an_npu_is_refused(monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.setup.check_device", str.upper)
    monkeypatch.setattr("dolly_widget.engines.setup.devices_behind", lambda device: (device,))
    for options in ({"prompt_lookup": True}, {"draft": "demo"}):
        with pytest.raises(ValueError, match="An NPU does not support"):
            EngineSetup(device="npu", **options).checked()
    assert EngineSetup(device="npu").checked().device == "NPU"


@pytest.mark.parametrize(
    "settings",
    [
        {"sliding_window": 512},
        {"layer_types": ["sliding_attention", "full_attention"]},
        {"attention_types": [[["global", "local"], 2]]},
        {"text_config": {"attention_chunk_size": 8192}},
    ],
)
def test_a_model_whose_tokens_look_back_only_so_far_is_refused(demo_dir, tmp_path, settings):
    model_dir = shutil.copytree(demo_dir, tmp_path / "gemma")
    config = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    (model_dir / "config.json").write_text(json.dumps({**config, **settings}), encoding="utf-8")
    with pytest.raises(EngineError, match="gemma does not support draft: leave it out"):
        load_engine(model_dir, device="CPU", draft=demo_dir)


def test_the_cache_never_has_more_places_than_the_model_has_positions(demo_dir, tmp_path):
    model_dir = shutil.copytree(demo_dir, tmp_path / "short")
    config = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    (model_dir / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 150}), encoding="utf-8")
    engine = load_engine(model_dir, device="CPU", draft=demo_dir)
    for seed in range(4):
        params = SamplingParams(max_new_tokens=80, temperature=3, top_p=1, seed=seed)
        result = engine.generate(PLAIN.render("and so on and so on"), params)
        assert result.new_tokens == 80 or result.finish_reason == "stop"
        assert engine._loaded.large._mask.size <= 150
    engine.close()


def test_a_model_with_a_memory_of_another_kind_is_refused(demo_dir, tmp_path):
    model_dir = shutil.copytree(demo_dir, tmp_path / "mamba")
    graph = model_dir / "openvino_model.xml"
    graph.write_text(
        graph.read_text(encoding="utf-8").replace("past_key_values.0.keypresent.0.key", "conv.0"), encoding="utf-8"
    )
    with pytest.raises(EngineError, match="mamba does not support draft: leave it out"):
        load_engine(model_dir, device="CPU", draft=demo_dir)


# In the widget


def test_the_widget_guesses_and_remembers_that_it_did():
    widget = DollyWidget(device="CPU", draft="demo")
    result = widget.ask("Repeat this: one two three four five six seven", temperature=0)
    setup = widget.history[-1].setup
    widget.close()
    assert result.text
    assert setup.draft == "demo"


def test_a_draft_that_is_not_there_is_told_at_once():
    with pytest.raises(ModelError, match="no model 'nowhere/at all'"):
        DollyWidget(draft="nowhere/at all")
    with pytest.raises(ModelError, match="no model 'nowhere/at all'"):
        load_engine("demo", draft="nowhere/at all")


def test_stop_is_heard_while_the_draft_reads(engines, monkeypatch):
    engine, stop, blocks = engines["draft"], threading.Event(), []
    small = engine._loaded.small
    read = small.read

    def reading(ids):
        blocks.append(len(ids))
        stop.set()
        return read(ids)

    monkeypatch.setattr(small, "read", reading)
    result = engine.generate(PLAIN.render("x y z " * 300), GREEDY, stop=stop)
    assert (result.finish_reason, result.new_tokens) == ("cancelled", 1)
    assert blocks == [BLOCK]


def test_a_shape_is_refused_with_what_to_do(engines):
    with pytest.raises(ValueError, match=r"^A draft does not go with answer=: load the model without draft\.$"):
        engines["draft"].generate(LIST, GREEDY, answer=["yes", "no"])
