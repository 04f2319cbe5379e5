"""The demo model: the files that ship are its checkpoint's, and it knows what its README says."""

import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from dolly_widget import SamplingParams, load_engine
from dolly_widget.models.conversion.export import export
from dolly_widget.models.demo import CHECKPOINT_DIR, OPENVINO_DIR
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import ignore_progress
from dolly_widget.text.template import DOLLY
from dolly_widget.text.tokenizer import Tokenizer
from tests.demo_model import corpus, evaluate
from tests.demo_model.corpus import checks, names, questions, reading, showcase
from tests.demo_model.corpus.grammar import Split
from tests.demo_model.corpus.showcase import family_weekend

MAX_BYTES = 25_000_000


@pytest.fixture(scope="module")
def demo():
    engine = load_engine("demo", device="CPU")
    yield engine
    engine.close()


def prompt_ids():
    return np.array([Tokenizer(OPENVINO_DIR).encode(DOLLY.render("What is the capital of France?"))])


def openvino_logits(model_dir):
    import openvino as ov

    ids = prompt_ids()
    model = ov.Core().compile_model(Path(model_dir) / "openvino_model.xml", "CPU")
    places = np.arange(ids.shape[1])[None]
    inputs = {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "position_ids": places,
        "beam_idx": np.zeros(1, int),
    }
    names = {name for port in model.inputs for name in port.names}
    return model.create_infer_request().infer({k: v for k, v in inputs.items() if k in names})[0][0]


def test_the_openvino_files_are_the_checkpoint_converted(tmp_path):
    export(CHECKPOINT_DIR, tmp_path, WeightFormat("int8"), ignore_progress)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in OPENVINO_DIR.iterdir())
    np.testing.assert_allclose(openvino_logits(tmp_path), openvino_logits(OPENVINO_DIR), atol=1e-3)


def test_int8_stays_close_to_the_checkpoint():
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT_DIR, dtype=torch.float32, local_files_only=True)
    with torch.no_grad():
        exact = model(torch.tensor(prompt_ids())).logits[0].numpy()
    shipped = openvino_logits(OPENVINO_DIR)
    assert (exact.argmax(-1) == shipped.argmax(-1)).mean() > 0.9
    assert np.abs(exact - shipped).max() < 1.0


def test_the_tokenizers_are_the_same_file():
    name = "tokenizer.json"
    assert (CHECKPOINT_DIR / name).read_bytes() == (OPENVINO_DIR / name).read_bytes()


def test_checkpoint_and_openvino_files_are_small_enough_to_commit():
    files = [path for folder in (CHECKPOINT_DIR, OPENVINO_DIR) for path in folder.iterdir()]
    assert sum(path.stat().st_size for path in files) <= MAX_BYTES
    assert not [path for path in files if b"/tmp/" in path.read_bytes()]


def test_the_tokenizer_has_dolly_s_tokens():
    tokenizer = Tokenizer(OPENVINO_DIR)
    ids = [tokenizer.special_id(text) for text in ("### End", "### Instruction:", "### Response:", "<|endoftext|>")]
    assert None not in ids
    assert len(set(ids)) == 4


# What the model's README reports, less what a smaller number of questions may vary.


def test_facts_in_unseen_phrasings(demo):
    facts = random.Random(1).sample(questions.every_fact(random.Random(2)), 200)
    assert evaluate.right(demo, facts).hits >= 195


def test_yes_or_no_and_either_or_in_unseen_phrasings(demo):
    defaults = SamplingParams(seed=1)
    for every, least in ((checks.every_yes_no, 94), (checks.every_either_or, 97)):
        examples = random.Random(1).sample(every(random.Random(2), Split.HELD), 100)
        assert evaluate.right(demo, examples, defaults).hits >= least


def test_extraction_from_unseen_contexts(demo):
    assert evaluate.right(demo, reading.extractions(random.Random(1), 100)).hits >= 68


def test_ideas_do_not_repeat_themselves(demo):
    assert evaluate.without_repeat(demo, 20).hits >= 18


def test_answers_end_by_themselves(demo):
    assert evaluate.ended(demo, 100).hits >= 98


@pytest.mark.parametrize("instruction", showcase.EXAMPLES)
def test_ten_seeds_give_at_least_five_answers(demo, instruction):
    prompt = demo.template.render(instruction)
    texts = {demo.generate(prompt, SamplingParams(seed=seed)).text for seed in range(10)}
    assert len(texts) >= 5


@pytest.mark.parametrize("split", Split)
def test_the_corpus_is_whole(split):
    rng = random.Random(3)
    for example in (corpus.draw(rng, split) for _ in range(2000)):
        assert example.instruction.strip()
        assert example.response.strip()
        assert not re.search(r"[{}|]", example.instruction + example.context + example.response)
        assert example.answer.lower() in example.response.lower()


def test_the_corpus_is_seeded():
    assert [corpus.draw(random.Random(5)) for _ in range(3)] == [corpus.draw(random.Random(5)) for _ in range(3)]


def asked(examples):
    return {re.sub(r"\W+", " ", example.instruction.lower()).strip() for example in examples}


def test_no_question_of_one_split_is_asked_in_another():
    rng = random.Random(4)
    held, final = (asked(questions.every_fact(rng, split)[:-100]) for split in (Split.HELD, Split.FINAL))
    drawn = asked(questions.draw(rng) for _ in range(20_000))
    # Without the problems of arithmetic, which are drawn anew each time, in phrasings of their own.
    assert len(held) > 1000
    assert not held & final
    assert not (held | final) & drawn


def test_no_wrong_answer_of_one_split_is_offered_in_another():
    rng = random.Random(4)
    pairs = {split: {(one.response, one.wrong) for one in checks.every_either_or(rng, split)} for split in Split}
    assert len(pairs[Split.FINAL]) > 1000
    assert not pairs[Split.TRAIN] & pairs[Split.FINAL]
    assert not pairs[Split.TRAIN] & pairs[Split.HELD]
    assert not pairs[Split.HELD] & pairs[Split.FINAL]


def test_a_name_belongs_to_one_split():
    drawn = {split: {names.invent(["a", "en"], random.Random(seed), split) for seed in range(500)} for split in Split}
    assert not drawn[Split.TRAIN] & drawn[Split.HELD]
    assert not drawn[Split.TRAIN] & drawn[Split.FINAL]
    assert not drawn[Split.HELD] & drawn[Split.FINAL]


@pytest.mark.parametrize(
    ("statement", "question"),
    [
        ("The capital of {key} is {value}.", "is the capital of {key} {value}?"),
        ("{value} is the capital of {key}.", "is {value} the capital of {key}?"),
        ("{key} has {value} legs.", "does {key} have {value} legs?"),
        ("{value} wrote {key}.", "did {value} write {key}?"),
        ("There are {value} {more} in {key}.", "are there {value} {more} in {key}?"),
        ("{key} {value}.", None),
        ("In digits, {key} is {value}.", None),
    ],
)
def test_a_statement_becomes_a_question(statement, question):
    assert checks.inverted(statement) == question


@pytest.mark.parametrize("split", Split)
def test_claims_are_right_as_often_as_wrong_and_the_answer_says_which(split):
    examples = checks.every_yes_no(random.Random(6), split)
    assert {example.answer for example in examples} == {"yes", "no"}
    assert 0.45 < sum(example.answer == "yes" for example in examples) / len(examples) < 0.6
    assert all(example.response.endswith(f", so {example.answer}.") for example in examples)
    assert all(evaluate.is_right(example, example.response) for example in examples)


def test_the_right_one_of_two_stands_first_as_often_as_last():
    examples = checks.every_either_or(random.Random(6), Split.TRAIN)
    first = [one.instruction.lower().rfind(one.answer.lower()) for one in examples]
    last = [one.instruction.lower().rfind(one.wrong.lower()) for one in examples]
    assert 0.45 < sum(a < b for a, b in zip(first, last, strict=True)) / len(examples) < 0.55
    assert all(evaluate.is_right(one, one.response) for one in examples)


def test_ideas_are_different_ones_in_one_order():
    rng = random.Random(7)
    texts = [family_weekend.TOPIC.answer(rng) for _ in range(200)]
    assert all(evaluate.is_list_of_five(text) for text in texts)
    titles = [re.findall(r"^\d\. \*\*(.+?)\.\*\*", text, re.MULTILINE) for text in texts]
    order = [re.match(r"\*\*(.+?)\.\*\*", item)[1] for item in family_weekend.POOL]
    assert all(sorted(found, key=order.index) == found for found in titles)


def test_a_repeated_idea_is_counted_as_one():
    assert not evaluate.is_list_of_five("\n".join(f"{n}. **Picnic.** Eat." for n in range(1, 6)))
    assert evaluate.is_list_of_five("\n".join(f"{n}. **Picnic {n}.** Eat." for n in range(1, 6)))
    assert not evaluate.is_list_of_five("\n".join(f"{n}. **Picnic {n}.** Eat." for n in range(1, 5)))


def test_examples_that_share_a_row_see_the_introduction_and_themselves():
    from tests.demo_model import train

    rows = train.pack([([7, 8, 1, 2, 3], 4), ([7, 8, 4, 5], 3)], intro=[7, 8])
    (row,) = rows
    assert row.ids == [7, 8, 1, 2, 3, 4, 5]
    assert row.places == [0, 1, 2, 3, 4, 2, 3]
    assert [weight > 0 for weight in row.weights] == [False, False, False, False, True, False, True]
    seen = train.tensors(rows, "cpu")[3][0, 0] == 0
    assert seen[6].nonzero().flatten().tolist() == [0, 1, 5, 6]
    assert seen[4].nonzero().flatten().tolist() == [0, 1, 2, 3, 4]


def test_a_row_gives_the_logits_of_its_examples_alone():
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from tests.demo_model import train

    torch.manual_seed(0)
    shape = {"vocab_size": 32, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = GPTNeoXForCausalLM(GPTNeoXConfig(**shape, intermediate_size=32)).eval()
    examples = [([7, 8, 1, 2, 3], 4), ([7, 8, 4, 5], 3)]
    ids, places, _, mask = train.tensors(train.pack(examples, [7, 8]), "cpu")
    with torch.no_grad():
        together = model(ids, attention_mask=mask, position_ids=places).logits[0]
        alone = [model(torch.tensor([own])).logits[0, 2:] for own, _ in examples]
    torch.testing.assert_close(together[2:7], torch.cat(alone), atol=1e-5, rtol=1e-4)


def test_every_prompt_begins_with_the_introduction_that_rows_share():
    from tests.demo_model import train

    tokenizer, rng = Tokenizer(CHECKPOINT_DIR), random.Random(8)
    intro = train.introduction(tokenizer)
    for example in (corpus.draw(rng) for _ in range(500)):
        ids, prompt_length = train.encode(tokenizer, example)
        assert ids[: len(intro)] == intro
        assert len(intro) < prompt_length < len(ids) <= train.WIDTH


def test_training_goes_on_after_an_interruption(tmp_path, monkeypatch):
    from safetensors.numpy import load_file

    from tests.demo_model import train

    small = {
        "HIDDEN": 16,
        "LAYERS": 1,
        "HEADS": 2,
        "VOCAB_SIZE": 4096,
        "EXAMPLES_PER_STEP": 4,
        "SAVE_EVERY": 2,
        "RATE": 0.5,
    }
    for name, value in small.items():
        monkeypatch.setattr(train, name, value)
    rows_of = train.rows_of

    def interrupted(tokenizer, step, steps):
        if step == 3:
            raise KeyboardInterrupt
        return rows_of(tokenizer, step, steps)

    weights = []
    for stops in (False, True):
        target = tmp_path / str(stops)
        train.build_model().save_pretrained(target)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(CHECKPOINT_DIR / name, target)
        if stops:
            monkeypatch.setattr(train, "rows_of", interrupted)
            with pytest.raises(KeyboardInterrupt):
                train._run(0, 1, target, 4, "cpu", "")
            assert (target / train.STATE).exists()
            monkeypatch.setattr(train, "rows_of", rows_of)
        train._run(0, 1, target, 4, "cpu", "")
        assert not (target / train.STATE).exists()
        weights.append(load_file(target / "model.safetensors"))
    for name, expected in weights[0].items():
        np.testing.assert_allclose(weights[1][name], expected, rtol=1e-2, atol=1e-4)


def test_only_whole_words_count_as_right():
    example = corpus.grammar.Example("", "", "", answer="2")
    assert evaluate.is_right(example, "It is 2.")
    assert not evaluate.is_right(example, "It is 12.")


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ("A snake has no legs, so yes.", "yes"),
        ("No, the capital of France is Paris.", "no"),
        ("Yes!", "yes"),
        ("The capital of France is Paris.", None),
        ("Nobody knows.", None),
    ],
)
def test_yes_or_no_is_the_first_or_the_last_word(response, said):
    for answer in ("yes", "no"):
        assert evaluate.is_right(corpus.grammar.Example("", "", "", answer=answer), response) == (answer == said)


def test_an_answer_that_names_both_is_wrong():
    example = corpus.grammar.Example("", "", "", answer="France", wrong="Spain")
    assert evaluate.is_right(example, "Paris is in France.")
    assert not evaluate.is_right(example, "Paris is in France or in Spain.")


def test_a_question_behind_the_end_of_a_sentence_begins_with_a_capital():
    assert checks._around("Yes or no? <it>", "is Rome in Italy?") == "Yes or no? Is Rome in Italy?"
    assert checks._around("Tell me: <it>", "is Rome in Italy?") == "Tell me: is Rome in Italy?"
    assert checks._around("<it> Yes or no?", "is Rome in Italy?") == "Is Rome in Italy? Yes or no?"


def test_wordings_around_a_choice_that_are_held_out_are_not_trained():
    rng = random.Random(9)
    trained = {checks.draw(rng).instruction.lower() for _ in range(20_000)}
    for held_out in ("please answer yes or no:", "yes or no? ", "is it correct that", "would you say that"):
        assert not [each for each in trained if each.startswith(held_out)], held_out


def test_what_a_text_tells_of_is_often_a_word_that_no_list_suggests():
    rng = random.Random(10)
    draw = names.DRAWERS["animal"]
    strange = [draw(rng, Split.TRAIN) not in names.ANIMALS for _ in range(1000)]
    assert 0.35 < sum(strange) / len(strange) < 0.65
    assert all(draw(rng, split) in names.ANIMALS for split in (Split.HELD, Split.FINAL) for _ in range(100))
