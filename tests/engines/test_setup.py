"""``EngineSetup``: what each field takes and becomes, what is refused in a sentence, and what its names lead to."""

import dataclasses
import shutil
import threading
from pathlib import Path

import pytest

from dolly_widget import DOLLY, ModelError, SamplingParams, WeightFormat, load_engine
from dolly_widget.engines import SETUP_FIELDS, TYPED_FIELDS, EngineSetup, setup_from, split_options
from dolly_widget.engines import setup as module
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime import devices

DEFAULTS = ("demo", None, WeightFormat(), "AUTO", "genai", None, (), False, None, None)


def test_the_defaults_are_the_demo_model_where_openvino_chooses():
    assert tuple(getattr(EngineSetup(), name) for name in SETUP_FIELDS) == DEFAULTS
    assert len(SETUP_FIELDS) == len(DEFAULTS)


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("model", Path("some") / "where", str(Path("some") / "where")),
        ("model", "org/model", "org/model"),
        ("revision", "v2", "v2"),
        ("weight_format", "int4-g64", WeightFormat("int4", group_size=64)),
        ("weight_format", WeightFormat("fp16"), WeightFormat("fp16")),
        ("device", "cpu", "cpu"),
        ("engine", "optimum", "optimum"),
        ("template", DOLLY, DOLLY),
        ("ov_config", {"CACHE_DIR": Path("c"), "N": 2}, (("CACHE_DIR", "c"), ("N", 2))),
        ("ov_config", [("N", 2)], (("N", 2),)),
        ("ov_config", None, ()),
        ("prompt_lookup", True, True),
        ("draft", Path("small"), "small"),
        ("draft", "org/small", "org/small"),
        ("tokenizer", Path("small"), "small"),
    ],
)
def test_plain_arguments_become_what_the_fields_hold(field, given, kept):
    setup = EngineSetup(**{field: given})
    assert getattr(setup, field) == kept
    assert dataclasses.replace(setup) == setup
    assert hash(setup) == hash(dataclasses.replace(setup))


def test_every_field_is_tried_above():
    (mark,) = test_plain_arguments_become_what_the_fields_hold.pytestmark
    assert {field for field, *_ in mark.args[1]} == set(SETUP_FIELDS)


def test_a_setup_is_a_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EngineSetup().device = "GPU"
    properties = {"N": 1}
    setup = EngineSetup(ov_config=properties)
    properties["N"] = 2
    assert setup.properties == {"N": 1}
    setup.properties["N"] = 3
    assert setup.properties == {"N": 1}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": ""}, r"Name a model first: an id of the Hugging Face hub, a directory, or a server's URL\."),
        ({"model": " \n"}, r"Name a model first"),
        ({"engine": "llama"}, r"There is no engine 'llama'; choose 'genai' or 'optimum'\."),
        ({"weight_format": "int3"}, r"There is no weight format 'int3'; choose one of fp16, int8, int4\."),
        ({"weight_format": "int8-g64"}, r"There is no weight format 'int8-g64'"),
    ],
)
def test_what_can_never_be_is_refused_in_a_sentence(fields, message):
    with pytest.raises(ValueError, match=rf"^{message}"):
        EngineSetup(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"device": "TPU"}, r"There is no device 'TPU' on this machine; choose one of AUTO, CPU, NPU\."),
        ({"device": "npu", "prompt_lookup": True}, r"An NPU does not support prompt_lookup or draft: leave them out"),
        ({"device": "HETERO:NPU,CPU", "draft": "demo"}, r"An NPU does not support"),
        (
            {"engine": "optimum", "draft": "demo", "device": "CPU"},
            r"The engine 'optimum' does not support prompt_lookup or draft: leave ",
        ),
        ({"engine": "optimum", "prompt_lookup": True, "device": "CPU"}, r"The engine 'optimum' does not support"),
    ],
)
def test_what_cannot_be_here_is_refused_when_it_is_checked(monkeypatch, fields, message):
    monkeypatch.setattr(devices, "available_devices", lambda: {"CPU": "", "NPU": ""})
    setup = EngineSetup(**fields)
    with pytest.raises(ValueError, match=rf"^{message}"):
        setup.checked()


def test_checking_spells_the_device_and_changes_nothing_else():
    setup = EngineSetup("org/model", device=" cpu", draft="demo", ov_config={"N": 1})
    assert setup.checked() == dataclasses.replace(setup, device="CPU")


@pytest.mark.parametrize(
    ("model", "name"), [("demo", "demo"), ("org/model", "org/model"), ("./nowhere", "./nowhere"), (".", "here")]
)
def test_a_model_has_a_name_before_its_files_are_read(tmp_path, monkeypatch, model, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert EngineSetup(model).name == name


# From a name to files


@pytest.fixture
def lookups(monkeypatch):
    """What is asked of the models' lookup; "org/there" is here, all else has to be prepared, and "no/where" fails."""
    asked = []

    def find(*choice):
        asked.append(("find", *choice))
        if choice[0] == "no/where":
            raise ModelError("It is nowhere.")
        return OPENVINO_DIR if choice[0] == "org/there" else None

    def resolve(*choice, on_progress, stop):
        asked.append(("resolve", *choice, stop))
        on_progress(choice[0])
        return OPENVINO_DIR

    monkeypatch.setattr(module, "find", find)
    monkeypatch.setattr(module, "resolve", resolve)
    return asked


def test_models_that_are_here_are_opened(lookups):
    found = EngineSetup("org/there", "v2", "int4", draft="org/there").find()
    assert (found.model.directory, found.draft.directory) == (OPENVINO_DIR, OPENVINO_DIR)
    int4 = WeightFormat("int4")
    assert lookups == [("find", "org/there", int4, "v2"), ("find", "org/there", int4)]
    assert EngineSetup("org/there").find().draft is None


@pytest.mark.parametrize(("model", "draft"), [("org/new", None), ("org/new", "org/there"), ("org/there", "org/new")])
def test_where_one_has_to_be_prepared_nothing_is_opened_yet(lookups, model, draft):
    assert EngineSetup(model, draft=draft).find() is None


def test_what_is_missing_is_prepared_with_a_report(lookups):
    reports, stop = [], threading.Event()
    setup = EngineSetup("org/new", "v2", "int4", draft="org/new-small")
    prepared = setup.prepare(on_progress=reports.append, stop=stop)
    assert (prepared.model.directory, prepared.draft.directory) == (OPENVINO_DIR, OPENVINO_DIR)
    assert reports == ["org/new", "org/new-small"]
    int4 = WeightFormat("int4")
    assert lookups[-2:] == [("resolve", "org/new", int4, "v2", stop), ("resolve", "org/new-small", int4, stop)]
    lookups.clear()
    EngineSetup("org/there").prepare()
    assert [each[0] for each in lookups] == ["find"]


@pytest.mark.parametrize("fields", [{"model": "no/where"}, {"model": "org/new", "draft": "no/where"}])
def test_what_is_known_to_be_impossible_is_told_before_anything_is_prepared(lookups, fields):
    for ask in (EngineSetup(**fields).find, EngineSetup(**fields).prepare, lambda: load_engine(**fields)):
        with pytest.raises(ModelError, match="It is nowhere"):
            ask()
    assert {each[0] for each in lookups} == {"find"}


def test_a_damaged_directory_is_a_model_error(demo_dir, tmp_path):
    model_dir = shutil.copytree(demo_dir, tmp_path / "model")
    (model_dir / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        EngineSetup(model_dir).find()


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [({"device": "GPU"}, True), ({"template": DOLLY}, True), ({"revision": "v2"}, False), ({"draft": "demo"}, False)],
)
def test_only_some_fields_ask_for_other_files(changes, is_same):
    assert EngineSetup().needs_same_models(EngineSetup(**changes)) is is_same


# From keyword arguments


def test_options_are_divided_between_setup_and_sampling():
    options = {"device": "CPU", "top_k": 3, "draft": "demo", "stop": ["x"]}
    assert split_options(options) == ({"device": "CPU", "draft": "demo"}, {"top_k": 3, "stop": ["x"]})
    with pytest.raises(
        TypeError, match=r"no setting 'topk', 'devise'; choose from revision, .*, tokenizer, max_new_tokens"
    ):
        split_options({"topk": 3, "devise": "CPU", "seed": 1})


def test_a_setup_is_taken_whole_or_made_of_arguments():
    setup = EngineSetup("org/model", device="CPU")
    assert setup_from(setup, {}) is setup
    assert setup_from("org/model", {"device": "CPU"}) == setup
    with pytest.raises(TypeError, match=r"An EngineSetup takes no further options: set device, engine in it\."):
        setup_from(setup, {"device": "GPU", "engine": "genai"})
    with pytest.raises(TypeError, match="devise"):
        setup_from("demo", {"devise": "CPU"})


def test_a_setup_loads_what_its_fields_load():
    engine = load_engine(EngineSetup(device="cpu", ov_config={"INFERENCE_NUM_THREADS": 1}))
    assert (engine.device, engine.setup.properties) == ("CPU", {"INFERENCE_NUM_THREADS": 1})
    assert engine.generate(DOLLY.render("Hi"), SamplingParams(max_new_tokens=1)).new_tokens == 1
    engine.close()


def test_what_can_be_typed_has_words_for_it():
    assert set(TYPED_FIELDS) == set(SETUP_FIELDS) - {"template", "ov_config"}
    for field in TYPED_FIELDS.values():
        assert field.metadata["help"]
        assert field.metadata["metavar"] or field.default is False


def test_one_of_several_engines_has_the_threads_that_it_is_given_and_no_processor_of_its_own():
    given = {"INFERENCE_NUM_THREADS": 3, "ENABLE_CPU_PINNING": False}
    assert EngineSetup().with_threads(3).properties == given
    assert EngineSetup(device="cpu").with_threads(3).properties == given
    own = EngineSetup(ov_config={"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": True, "CACHE_DIR": "x"})
    assert own.with_threads(3).properties == own.properties
    assert EngineSetup(device="GPU").with_threads(3).ov_config == ()
