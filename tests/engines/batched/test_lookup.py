"""Answers that are guessed from their prompt are the answers that they would be, in fewer passes."""

import json
import shutil
import threading

import pytest
from quoting import KINDS, OTHERS, examples
from real_engines import share

from dolly_widget import DollyWidget, EngineError, SamplingParams, load_engine
from dolly_widget.engines import GenerationRequest, generate_many
from dolly_widget.runtime import PRECISE
from dolly_widget.text.template import PLAIN

GREEDY = SamplingParams(max_new_tokens=96, temperature=0)
LIST = PLAIN.render("one two three four five six seven eight, " * 6)


@pytest.fixture(scope="module")
def engines(demo_dir):
    """In 32 bits: in fewer, what a position's logits are depends on how many are read at once."""
    made = {
        "plain": load_engine(demo_dir, device="CPU", ov_config=PRECISE),
        "lookup": load_engine(demo_dir, device="CPU", ov_config=PRECISE, prompt_lookup=True),
    }
    yield made
    for engine in made.values():
        engine.close()


def answers(engines, example, params, names):
    prompt = engines["plain"].template.render(example.instruction, example.context)
    return [engines[name].generate(prompt, params) for name in names]


@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
def test_greedy_answers_have_the_same_ids_as_without_guesses(engines, kind):
    for example in examples(kind):
        plain, guessed = answers(engines, example, GREEDY, ("plain", "lookup"))
        assert guessed.token_ids == plain.token_ids
        assert (guessed.text, guessed.finish_reason) == (plain.text, plain.finish_reason)


@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 1.5, "top_p": 1}, {"repetition_penalty": 1.3}, {"top_k": 5}, {"temperature": 2, "min_p": 0.2}],
)
def test_a_seed_gives_the_same_drawn_answer_again_and_another_seed_another(engines, settings):
    example = examples("story", 1)[0]
    first, other, again = (
        answers(engines, example, SamplingParams(max_new_tokens=48, seed=seed, **settings), ["lookup"])[0].token_ids
        for seed in (1, 2, 1)
    )
    assert first == again != other


def count_passes(results):
    return sum(len(result.pass_s) for result in results)


def count_tokens(results):
    return sum(result.new_tokens - 1 for result in results)


def test_an_answer_that_repeats_its_prompt_takes_a_fraction_of_the_passes(engines):
    repeated = [answers(engines, example, GREEDY, ["lookup"])[0] for example in examples("copy")]
    assert count_passes(repeated) * 1.5 < count_tokens(repeated)


def test_no_answer_is_longer_than_it_may_be(engines):
    whole = engines["plain"].generate(LIST, GREEDY).token_ids
    for most in range(1, 16):
        params = SamplingParams(max_new_tokens=most, temperature=0)
        assert engines["lookup"].generate(LIST, params).token_ids == whole[:most]


def test_answers_that_are_guessed_are_written_together_as_alone(engines):
    asked = [example for kind in KINDS for example in examples(kind, 2)]
    prompts = [engines["lookup"].template.render(each.instruction, each.context) for each in asked]
    alone = [engines["plain"].generate(prompt, GREEDY).token_ids for prompt in prompts]
    together = dict(generate_many(engines["lookup"], [GenerationRequest(prompt, GREEDY) for prompt in prompts]))
    assert [together[place].token_ids for place in range(len(prompts))] == alone


def test_an_answer_that_is_guessed_keeps_to_its_shape_and_its_beginning(engines):
    story = PLAIN.render("Is a sheep an animal?")
    result = engines["lookup"].generate(story, GREEDY, answer=["yes, of course", "no, of course not"])
    assert result.value in ("yes, of course", "no, of course not")
    whole = engines["plain"].generate(LIST, GREEDY)
    for count in (1, 5, len(whole.token_ids) - 1):
        assert engines["lookup"].generate(LIST, GREEDY, prefix_ids=whole.token_ids[:count]).token_ids == whole.token_ids


def test_stop_ends_it_after_the_pass_and_leaves_no_trace_in_the_next(engines):
    stop = threading.Event()
    wanted = engines["plain"].generate(LIST, GREEDY)
    result = engines["lookup"].generate(LIST, GREEDY, on_text=lambda piece: stop.set(), stop=stop)
    assert result.finish_reason == "cancelled"
    assert result.token_ids == wanted.token_ids[: result.new_tokens]
    assert result.new_tokens < wanted.new_tokens
    assert engines["lookup"].generate(LIST, GREEDY).token_ids == wanted.token_ids


# What cannot be


def test_a_model_that_paged_attention_computes_wrongly_is_refused(demo_dir, tmp_path):
    model_dir = shutil.copytree(demo_dir, tmp_path / "alibi")
    config = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    (model_dir / "config.json").write_text(json.dumps({**config, "alibi": True}), encoding="utf-8")
    with pytest.raises(EngineError, match="alibi does not support prompt_lookup: leave it out"):
        load_engine(model_dir, device="CPU", prompt_lookup=True)


def test_where_openvino_cannot_load_it_so_the_error_says_what_to_leave_out(demo_dir):
    with pytest.raises(EngineError, match=r"could not load .* Without prompt_lookup, it may load\.$"):
        load_engine(demo_dir, device="MULTI:CPU", prompt_lookup=True)


# In the widget


def test_the_widget_guesses_and_remembers_that_it_did():
    widget = DollyWidget(device="CPU", prompt_lookup=True)
    example = examples("copy")[0]
    result = widget.ask(example.instruction, example.context, temperature=0)
    setup = widget.history[-1].setup
    widget.close()
    assert len(result.pass_s) < result.new_tokens - 1
    assert setup.prompt_lookup


def test_an_engine_that_is_given_guesses_or_does_not(make):
    with pytest.raises(ValueError, match="load_engine"):
        make(prompt_lookup=True)


def test_only_engines_that_guess_alike_are_shared(demo_dir):
    leases = [share(demo_dir, device="CPU", prompt_lookup=each) for each in (True, False, True)]
    assert leases[0]._shared is leases[2]._shared is not leases[1]._shared
    for lease in leases:
        lease.close()
