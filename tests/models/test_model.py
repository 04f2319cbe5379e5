"""A directory is opened once: each of its files is read when it is first asked for, and never again."""

import contextlib
import gc
import json
import os
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dolly_widget import DOLLY, PLAIN, DollyWidget, ModelError, SamplingExplorer, compare, load_engine
from dolly_widget.engines import EngineSetup, share_engine
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
        assert opened.vocab_size == 4096
    assert (tokenizers, templates) == ([model_dir], [model_dir])


def test_a_widget_that_asks_colours_and_counts_reads_the_tokenizer_once(model_dir, tokenizers):
    widget = DollyWidget(model_dir, device="CPU")
    widget.lens = True
    for _ in range(2):
        widget.ask("Who is Dolly?", max_new_tokens=3)
    widget.close()
    assert tokenizers == [model_dir]


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


def configure(model_dir, name="config.json", **settings):
    path = model_dir / name
    before = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**before, **settings}))
    return Model(model_dir)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"vocab_size": 4096}, 4096),
        ({"vocab_size": 100}, 100),
        ({"vocab_size": None}, 4096),
        ({"vocab_size": "many"}, 4096),
    ],
)
def test_the_models_vocabulary_counts_where_its_config_says_it(model_dir, settings, expected):
    assert configure(model_dir, **settings).vocab_size == expected


def test_a_prompt_with_a_token_that_the_model_does_not_have_is_refused(model_dir):
    opened = configure(model_dir, vocab_size=1000)
    ids = [token_id for token_id in opened.tokenizer.encode(PLAIN.render("electric sheep")) if token_id >= 1000]
    assert ids
    with pytest.raises(ModelError, match=rf"has the token {ids[0]} \('.+'\), but copy has only 1,000 tokens: "):
        opened.encode(PLAIN.render("electric sheep"))
    assert opened.encode(PLAIN.render("e")) == opened.tokenizer.encode(PLAIN.render("e"))


@pytest.mark.parametrize("eos", ["a", {"content": "a"}])
def test_the_tokenizers_end_ends_a_text_too(model_dir, eos):
    assert Model(model_dir).end_ids == {0}
    opened = configure(model_dir, "tokenizer_config.json", eos_token=eos)
    assert opened.end_ids == {0, opened.tokenizer.token_id("a")}
    assert configure(model_dir, "tokenizer_config.json", eos_token="no token").end_ids == {0}


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


def test_all_who_open_a_directory_have_one_model(model_dir, monkeypatch):
    opened = Model.of(model_dir)
    monkeypatch.chdir(model_dir.parent)
    monkeypatch.setenv("HOME", str(model_dir.parent))
    for same in (model_dir, str(model_dir), Path("copy"), "~/copy"):
        assert Model.of(same) is opened
    assert opened.directory == model_dir


def test_a_link_is_a_directory_of_its_own_since_it_may_lead_elsewhere(model_dir, tmp_path):
    link, opened = tmp_path / "link", Model.of(model_dir)
    link.symlink_to(model_dir)
    linked = Model.of(link)
    assert linked is not opened
    assert linked.is_same(opened)
    link.unlink()
    assert opened.tokenizer.vocab_size == 4096


@pytest.mark.parametrize(
    "name",
    [
        *REQUIRED_FILES,
        "generation_config.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "chat_template.jinja",
        "additional_chat_templates",
        "dolly_widget.json",
    ],
)
def test_a_directory_whose_files_have_changed_is_another_model(model_dir, name):
    opened, path = Model.of(model_dir), model_dir / name
    if path.is_file():
        os.utime(path, ns=(0, 0))
    else:
        path.mkdir()
    assert Model.of(model_dir) is not opened
    assert Model.of(model_dir).is_same(opened)


def test_what_is_no_file_of_the_model_does_not_make_it_another_one(model_dir):
    opened = Model.of(model_dir)
    (model_dir / "cache").mkdir()
    (model_dir / "notes.json").write_text("{}")
    assert Model.of(model_dir) is opened


def test_a_model_that_nobody_holds_any_more_is_freed(model_dir):
    opened = Model.of(model_dir)
    tokenizer = weakref.ref(opened.tokenizer)
    del opened
    gc.collect()
    assert tokenizer() is None


def test_many_threads_that_open_a_directory_read_its_tokenizer_once(model_dir, tokenizers):
    start = threading.Barrier(8)

    def look(_):
        start.wait(30)
        opened = Model.of(model_dir)
        return opened, opened.tokenizer, opened.template

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(look, range(8)))
    assert len({tuple(map(id, each)) for each in seen}) == 1
    assert tokenizers == [model_dir]


def test_a_model_that_is_read_slowly_holds_up_no_other(model_dir, demo_dir, monkeypatch):
    goes_on, reading, template_for = threading.Event(), threading.Event(), model.template_for

    def read_slowly(directory):
        if directory == model_dir:
            reading.set()
            assert goes_on.wait(30)
        return template_for(directory)

    monkeypatch.setattr(model, "template_for", read_slowly)
    slow = Model.of(model_dir)
    with ThreadPoolExecutor(2) as pool:
        found = pool.submit(lambda: slow.template)
        assert reading.wait(30)
        assert pool.submit(lambda: Model(demo_dir).template).result(30) == DOLLY
        assert slow.tokenizer.vocab_size == 4096  # nor what else is read of it
        goes_on.set()
        assert found.result(30) == DOLLY


def test_all_that_runs_a_model_shares_one_tokenizer(model_dir, tokenizers):
    widgets = [DollyWidget(model_dir, device="CPU"), DollyWidget(str(model_dir), device="CPU", temperature=0)]
    with contextlib.closing(load_engine(model_dir, device="CPU")) as engine:
        widgets.append(SamplingExplorer(model_dir, "Who?", device="CPU"))
        for widget in widgets:
            widget.wait(30)
        compare("Who?", model=[model_dir, engine], device="CPU", max_new_tokens=1)
        setup = EngineSetup(model_dir, device="CPU")
        share_engine(setup, setup.prepare()).close()  # as %%dolly does
    for widget in widgets:
        widget.close()
    assert tokenizers.count(model_dir) == 1  # beside the demo model's, which loads the libraries
