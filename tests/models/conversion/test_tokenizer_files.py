"""The tokenizer of a checkpoint is written with the ids that it has, in OpenVINO's form where that can be had."""

import shutil
from pathlib import Path

import pytest

from dolly_widget.models.conversion import tokenizer_files
from dolly_widget.models.conversion.tokenizer_files import TokenizerError, write

TEXTS = (
    "The sheep sleep in the meadow, and the shepherd counts them: one, two, three.",
    "A model reads the instruction, then the context, and writes its response.",
    "def f(x):\n    return  x",
)
ASKED = ("The shepherd sleeps", "  two   spaces ", "\n\tx\n", "é 你好 🙂 ﬁ", "▁a", " ", "")


def ignore(progress):
    pass


@pytest.fixture
def sentencepiece_checkpoint(checkpoint, tmp_path):
    """``sentencepiece_checkpoint(model_type, …)``: a checkpoint whose tokenizer is a `tokenizer.model` alone."""
    import sentencepiece

    def make(model_type, rule="identity", prefix=True, spaces=False, **settings):
        directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "copy"))
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"):
            (directory / name).unlink(missing_ok=True)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS * 20),
            model_prefix=str(directory / "tokenizer"),
            vocab_size=300,
            model_type=model_type,
            byte_fallback=True,
            normalization_rule_name=rule,
            add_dummy_prefix=prefix,
            remove_extra_whitespaces=spaces,
            minloglevel=2,
            **settings,
        )
        return directory

    return make


@pytest.mark.parametrize(
    ("model_type", "options"),
    [
        ("bpe", {}),
        ("bpe", {"prefix": False}),
        ("bpe", {"rule": "nmt_nfkc", "spaces": True}),
        ("unigram", {}),
        ("unigram", {"rule": "nmt_nfkc", "spaces": True}),
    ],
    ids=str,
)
def test_a_sentencepiece_model_keeps_its_ids(sentencepiece_checkpoint, tmp_path, model_type, options):
    import sentencepiece
    import tokenizers

    directory = sentencepiece_checkpoint(model_type, **options)
    write(directory, tmp_path / "out", ignore)
    ours = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    original = sentencepiece.SentencePieceProcessor(model_file=str(directory / "tokenizer.model"))
    for text in (*ASKED, *TEXTS):
        ids = original.encode(text)
        assert ours.encode(text, add_special_tokens=False).ids == ids
        assert ours.decode(ids) == original.decode(ids)
    assert ours.encode("x").ids[0] == original.bos_id()
    assert (tmp_path / "out" / "openvino_tokenizer.xml").is_file()


def test_a_sentencepiece_model_that_cannot_be_had_with_its_ids_is_refused(sentencepiece_checkpoint, tmp_path):
    directory = sentencepiece_checkpoint("word", hard_vocab_limit=False)
    with pytest.raises(TokenizerError, match=r"cannot be written as a tokenizer\.json with the same ids"):
        write(directory, tmp_path / "out", ignore)


@pytest.mark.parametrize("missing", ["sentencepiece", "google.protobuf"])
def test_a_missing_package_is_named(sentencepiece_checkpoint, tmp_path, monkeypatch, missing):
    directory = sentencepiece_checkpoint("bpe")
    monkeypatch.setattr(tokenizer_files, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(TokenizerError, match="python -m pip install sentencepiece protobuf"):
        write(directory, tmp_path / "out", ignore)


def test_what_openvino_cannot_convert_is_stored_without(checkpoint, tmp_path):
    """Byte fallback after a Metaspace that marks the first word alone, as the Llamas of transformers 5 have it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2, "▁": 3, **{f"<0x{byte:02X}>": 4 + byte for byte in range(256)}}
    vocab |= {"a": 260, "▁a": 261}
    backend = Tokenizer(models.BPE(vocab, [("▁", "a")], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    directory = Path(shutil.copytree(checkpoint("llama"), tmp_path / "copy"))
    PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>").save_pretrained(directory)
    reports = []
    write(directory, tmp_path / "out", reports.append)
    assert not list((tmp_path / "out").glob("openvino_*"))
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (directory / "tokenizer.json").read_bytes()
    (message,) = [report.message for report in reports]
    assert "is stored without openvino_tokenizer.xml and openvino_detokenizer.xml" in message
    assert "/" not in message  # the library's own error names the source files of its makers


def test_half_of_openvino_s_form_is_not_kept(checkpoint, tmp_path, monkeypatch):
    import openvino

    saved = []
    save = openvino.save_model

    def save_one(model, path):
        save(model, path)
        saved.append(path)
        if len(saved) == 2:
            raise RuntimeError("Check failed at /home/x/src/y.cpp")

    monkeypatch.setattr(openvino, "save_model", save_one)
    write(checkpoint("dolly"), tmp_path / "out", ignore)
    assert len(saved) == 2
    assert not list((tmp_path / "out").glob("openvino_*"))


def test_a_full_disk_is_not_taken_for_a_tokenizer_that_openvino_cannot_convert(checkpoint, tmp_path, monkeypatch):
    def fail(model, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openvino.save_model", fail)
    with pytest.raises(OSError, match="No space left"):
        write(checkpoint("dolly"), tmp_path / "out", ignore)


def test_a_tokenizer_that_cannot_be_read_is_told(checkpoint, tmp_path):
    directory = Path(shutil.copytree(checkpoint("dolly"), tmp_path / "copy"))
    (directory / "tokenizer.json").write_text('{"model": {"type": "Nonesuch"}}')
    with pytest.raises(TokenizerError, match="cannot be read") as refused:
        write(directory, tmp_path / "out", ignore)
    assert "\n" not in str(refused.value)


def test_a_model_without_openvino_s_tokenizer_answers(demo_dir, tmp_path):
    from dolly_widget.engines import load_engine
    from dolly_widget.sampling import SamplingParams

    bare = Path(shutil.copytree(demo_dir, tmp_path / "bare", ignore=shutil.ignore_patterns("openvino_*tokenizer.*")))
    answers = []
    for directory in (demo_dir, bare):
        engine = load_engine(directory, device="CPU")
        prompt = engine.template.render("Who is Dolly?")
        answers.append(engine.generate(prompt, SamplingParams(temperature=0, max_new_tokens=8)).text)
        engine.close()
    assert answers[0] == answers[1] != ""
