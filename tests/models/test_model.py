"""A directory is opened once: each of its files is read when it is first asked for, and never again."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dolly_widget import DOLLY, PLAIN, DollyWidget, ModelError
from dolly_widget.models import Model, model
from dolly_widget.models.files import REQUIRED_FILES
from dolly_widget.text import Tokenizer


@pytest.fixture
def model_dir(demo_dir, tmp_path):
    return shutil.copytree(demo_dir, tmp_path / "copy")


@pytest.fixture
def tokenizers(monkeypatch):
    """The directories whose tokenizers were read."""
    read = []

    class Counted(Tokenizer):
        def __init__(self, directory):
            read.append(directory)
            super().__init__(directory)

    monkeypatch.setattr(model, "Tokenizer", Counted)
    return read


def test_it_says_what_its_files_say(demo_dir, model_dir):
    demo, copy = Model(demo_dir), Model(str(model_dir))
    assert (demo.name, copy.name, repr(copy)) == ("demo", "copy", "Model('copy')")
    assert copy.directory == model_dir
    assert demo.template == DOLLY
    assert demo.info.max_positions == copy.info.max_positions == 2048
    assert demo.tokenizer.special_id("### End") in range(demo.vocab_size)


def test_nothing_is_read_before_it_is_asked_for_and_then_once(model_dir, tokenizers, monkeypatch):
    templates = []
    template_for = model.template_for
    monkeypatch.setattr(model, "template_for", lambda directory: templates.append(directory) or template_for(directory))
    opened = Model(model_dir)
    assert (tokenizers, templates) == ([], [])
    for _ in range(3):
        assert opened.tokenizer is opened.tokenizer
        assert opened.template is opened.template
        assert opened.vocab_size == 2048
    assert (tokenizers, templates) == ([model_dir], [model_dir])


def test_a_widget_that_asks_colours_and_counts_reads_the_tokenizer_once(demo_dir, tokenizers):
    widget = DollyWidget(demo_dir, device="CPU")
    widget.lens = True
    for _ in range(2):
        widget.ask("Who is Dolly?", max_new_tokens=3)
    widget.close()
    assert tokenizers == [demo_dir]


def test_several_threads_get_the_same(model_dir):
    opened, start = Model(model_dir), threading.Barrier(8)

    def look(_):
        start.wait(30)
        return opened.tokenizer.vocab_size, opened.template, opened.vocab_size

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(look, range(8)))) == 1


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_missing_file_is_named(model_dir, name):
    (model_dir / name).unlink()
    with pytest.raises(ModelError, match=rf"is not a complete OpenVINO model: {name} is missing"):
        Model(model_dir)


def test_a_directory_that_is_not_there_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="are missing"):
        Model(tmp_path / "nowhere")


def test_a_damaged_file_is_told_when_it_is_read(model_dir):
    for name in ("tokenizer.json", "config.json"):
        (model_dir / name).write_text("{")
    opened = Model(model_dir)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"tokenizer\.json is not a tokenizer that can be read"):
            _ = opened.tokenizer
        with pytest.raises(ValueError, match=r"tokenizer\.json is not a tokenizer that can be read"):
            _ = opened.template
        with pytest.raises(ModelError, match=r"config\.json cannot be read"):
            _ = opened.info.max_positions


@pytest.mark.parametrize(("size", "expected"), [(4096, 4096), (100, 2048), (None, 2048)])
def test_the_vocabulary_is_the_larger_of_what_model_and_tokenizer_have(model_dir, size, expected):
    config = model_dir / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "vocab_size": size}))
    assert Model(model_dir).vocab_size == expected


def test_a_model_that_was_taught_nothing_continues_plain_text(model_dir):
    tokenizer = model_dir / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("### End", "### Ende"), encoding="utf-8")
    assert Model(model_dir).template == PLAIN


def test_two_names_of_one_directory_are_the_same_model(model_dir, tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(model_dir)
    monkeypatch.setenv("HOME", str(tmp_path))
    for other in (link, Path("~/copy"), model_dir / ".." / "copy"):
        assert Model(model_dir).is_same(Model(other))
    assert not Model(model_dir).is_same(Model(shutil.copytree(model_dir, tmp_path / "another")))
