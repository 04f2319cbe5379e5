"""A DollyWidget remembers what answered, and continues a history that it is given."""

import shutil

import pytest
from exchanges import SCRIPT, answered
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, Exchange, History, PromptTemplate
from dolly_widget.engines import EngineSetup
from dolly_widget.models import Model, store
from dolly_widget.widget.session.choice import make_reproducible


def test_the_history_is_one_and_its_exchanges_are_where_they_were(make):
    widget = make(ScriptedEngine(["a"], ["b"]))
    widget.ask("first")
    widget.ask("second")
    assert isinstance(widget.history, History)
    assert [each.instruction for each in widget.history.search("b")] == ["second"]
    assert [type(each) for each in widget.history] == [Exchange, Exchange]


@pytest.mark.parametrize("kind", ["history", "list", "path", "text"])
def test_a_history_is_continued(make, tmp_path, kind):
    history = History([answered("one", "1"), answered("two", "**2**")])
    path = tmp_path / "history.json"
    path.write_text(history.to_json())
    given = {"history": history, "list": list(history), "path": path, "text": str(path)}[kind]
    widget = make(ScriptedEngine(["3"]), history=given)
    assert widget.history == history
    assert widget.response == "**2**"
    assert "<strong>2</strong>" in widget._screen.answer.view.html
    assert "3 tokens · 10.0 tokens/s" in widget._screen.answer.stats.value
    assert widget.status == "idle"
    widget.ask("three")
    assert [each.result.text for each in widget.history] == ["1", "**2**", "3"]


def test_the_statistics_are_there_once_the_model_is_loaded(make):
    widget = make("demo", device="CPU", history=[answered("one", "1")])
    widget.wait(LIMIT_S)
    wait_for(widget, "status", "idle")
    assert widget.response == "1"
    assert "seed 7" in widget._screen.answer.stats.value


def test_an_answer_read_from_a_file_can_be_gone_on_with_where_its_model_is(make):
    first = make("demo", device="CPU", max_new_tokens=8, seed=3)
    first.ask("Who is Dolly?")
    again = make("demo", device="CPU", history=History.from_json(first.history.to_json()))
    again.wait(LIMIT_S)
    result = again.regenerate_from(2, first.history[0].result.token_ids[0]).wait(LIMIT_S)
    assert result.token_ids[:2] == first.history[0].result.token_ids[:2]
    assert len(again.history) == 2


def test_a_model_that_is_not_here_leaves_the_answer_to_be_read(make, tmp_path):
    elsewhere = [answered(setup=EngineSetup(name)) for name in ("org/never-heard-of", str(tmp_path / "gone"), "\0")]
    widget = make(history=elsewhere)
    assert widget.response == "A sheep."
    with pytest.raises(ValueError, match="a model that is not loaded now"):
        widget.regenerate_from(0, 1)


def test_no_model_is_looked_for_on_another_machine(make, monkeypatch):
    monkeypatch.setattr(EngineSetup, "find", lambda setup: looked_for.append(setup.model))
    looked_for = []
    make(history=[answered(setup=EngineSetup(name)) for name in ("\\\\evil\\share", "//evil/share", "\\/evil", "demo")])
    assert looked_for == ["demo"]


def test_a_file_that_names_many_models_has_the_newest_looked_for(make, monkeypatch):
    monkeypatch.setattr(EngineSetup, "find", lambda setup: looked_for.append(setup.model))
    looked_for = []
    widget = make(history=[answered(setup=EngineSetup(f"org/model-{n}")) for n in range(500)])
    assert looked_for == [f"org/model-{n}" for n in range(499, 399, -1)]
    assert len(widget.history) == 500


def test_a_lone_surrogate_in_a_file_breaks_no_message_to_the_page(make):
    widget = make(history=[answered("x", "a \ud800 b")])
    assert widget.response == "a \N{REPLACEMENT CHARACTER} b"


@pytest.mark.parametrize("history", [3, None, ["text"], [("a", "b")], {"a": 1}])
def test_what_is_no_history_is_refused_before_anything_is_made(history):
    with pytest.raises(TypeError, match=r"^history must be a History, exchanges, or the path of a JSON file, not "):
        DollyWidget(ScriptedEngine(), history=history)


def test_a_file_that_is_no_history_is_refused_with_its_name(tmp_path):
    (tmp_path / "x.json").write_text(SCRIPT)
    with pytest.raises(ValueError, match=r"x\.json is not a complete history"):
        DollyWidget(ScriptedEngine(), history=tmp_path / "x.json")


def test_ask_takes_the_first_tokens_of_the_answer(make):
    widget = make("demo", device="CPU", max_new_tokens=8, seed=3)
    ids = widget.ask("Who is Dolly?").token_ids
    result = widget.ask("Who is Dolly?", prefix_ids=iter(ids[:2]))
    assert (result.token_ids[:2], result.prefix_tokens) == (ids[:2], 2)
    with pytest.raises(ValueError, match="cannot continue an answer"):
        make().ask("Who?", prefix_ids=[1])


# What answered


def test_the_setup_is_what_was_asked_for(make):
    own = PromptTemplate("own", (), "Q: {instruction}\nA:")
    widget = make("demo", device="CPU", template=own, ov_config={"INFERENCE_NUM_THREADS": 1}, max_new_tokens=2)
    widget.ask("Who?")
    exchange = widget.history[0]
    assert exchange.setup == EngineSetup("demo", device="CPU", template=own, ov_config=(("INFERENCE_NUM_THREADS", 1),))
    assert exchange.template_name == "own"


def test_a_given_engine_and_a_template_of_an_own_kind_have_no_setup(make):
    class Own:
        name, stop = "own", ()
        render = staticmethod(PromptTemplate("own").render)

    given = make(ScriptedEngine())
    given.ask("Who?")
    own = make("demo", device="CPU", template=Own(), max_new_tokens=2)
    own.ask("Who?")
    assert [given.history[0].setup, own.history[0].setup] == [None, None]
    assert [given.history[0].template_name, own.history[0].template_name] == ["dolly", "own"]


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def stored(directory, model_id, weight_format):
    """A copy of a model in the store."""
    key = store.Key(model_id, COMMIT, weight_format)
    with store.making(key) as staging:
        shutil.copytree(directory, staging, dirs_exist_ok=True)
        return store.publish(staging, key, "main", {}, store.describe(staging)).path


@pytest.mark.parametrize(
    ("model", "manifest", "told"),
    [
        ("org/model", {"model_id": "org/model", "weight_format": "int4-g64"}, (COMMIT, "int4-g64")),
        ("org/model", {"model_id": "org/model", "weight_format": "published"}, (COMMIT, "int8")),
        ("checkpoint", {"model_id": "/a/checkpoint", "weight_format": "int8"}, ("main", "int8")),
        ("org/model", {}, ("main", "int8")),
        (None, {"model_id": "org/model", "weight_format": "int4"}, ("main", "int8")),
    ],
)
def test_the_commit_and_format_are_those_of_the_store_s_manifest(
    demo_dir, tmp_path, monkeypatch, model, manifest, told
):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    directory = stored(demo_dir, **manifest) if manifest else shutil.copytree(demo_dir, tmp_path / "model")
    asked = EngineSetup(model or directory, weight_format="fp16", revision="main", engine="optimum")
    setup = make_reproducible(asked, Model(directory))
    assert (setup.model, setup.revision, str(setup.weight_format)) == (model or str(directory), *told)
    assert (setup.device, setup.engine) == ("AUTO", "optimum")


def test_a_short_name_becomes_the_id_that_its_commit_belongs_to(demo_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    directory = stored(demo_dir, model_id="OpenVINO/dolly-v2-3b-int8-ov", weight_format="published")
    setup = make_reproducible(EngineSetup("dolly-v2-3b"), Model(directory))
    assert (setup.model, setup.revision) == ("OpenVINO/dolly-v2-3b-int8-ov", COMMIT)


def test_properties_are_kept_as_plain_values(demo_dir):
    import openvino as ov

    given = {"CACHE_DIR": demo_dir, "PERFORMANCE_HINT": ov.properties.hint.PerformanceMode.LATENCY, "N": 2, "B": True}
    setup = make_reproducible(EngineSetup(device="CPU", ov_config=given), Model(demo_dir))
    assert setup.properties == {"CACHE_DIR": str(demo_dir), "PERFORMANCE_HINT": "LATENCY", "N": 2, "B": True}
