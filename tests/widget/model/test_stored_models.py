"""The models on this machine, from Python: what is listed, and what a click of the page does."""

import json
import threading

import pytest
from scripted_engine import LIMIT_S
from stored import put

from dolly_widget.models import inventory, store
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.widget.model.chooser import ModelChooser
from dolly_widget.widget.model.stored_models import MOST_KEPT


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def uses():
    return {}


@pytest.fixture
def loaded():
    return []


@pytest.fixture
def box(uses, loaded):
    box = ModelChooser(lambda *chosen: loaded.append(chosen), lambda: uses)
    yield box
    box.stored.close()
    box.close()


def listed(box):
    box.is_open = True
    return {model["title"]: model for model in box.stored.listing["models"]}


def row(box, key):
    rows = [row for model in box.stored.listing["models"] for row in model["rows"]]
    return next((row for row in rows if row["key"] == key), None)


def say(box, **content):
    box.stored._handle_custom_msg(content, [])
    if box.stored.job is not None:
        box.stored.job.wait(LIMIT_S)


def test_nothing_is_looked_up_before_the_box_is_opened(box, monkeypatch):
    put("org/name")
    assert box.stored.listing == {}
    box.look_again()
    assert box.stored.listing == {}
    assert list(listed(box)) == ["demo", "org/name"]


def test_a_model_has_its_licence_and_a_row_for_each_format(box):
    int4, int8 = put("org/name", "int4", licence="mit", weights=2_000_000), put("org/name", weights=3_000_000)
    model = listed(box)["org/name"]
    assert model["facts"] == "MIT"
    assert model["rows"] == [
        {
            **{"key": entry.name, "label": label, "size": size, "state": "", "can_load": True, "frees": size},
            **{"stays": "", "refusal": "", "said": "", "is_deleting": False},
        }
        for entry, label, size in ((int4, "INT4", "2.0 MB"), (int8, "INT8", "3.0 MB"))
    ]
    assert box.stored.listing["disk"].startswith("Used here: 5.0 MB · free on this disk: ")
    assert repr(box.stored) == "StoredModels(2 stored)"


def test_the_demonstration_model_is_there_and_cannot_be_deleted(box, loaded):
    (demo,) = listed(box)["demo"]["rows"]
    assert "frees" not in demo
    say(box, kind="delete", key="demo")
    assert (OPENVINO_DIR / "openvino_model.bin").is_file()
    say(box, kind="load", key="demo")
    assert loaded == [("demo", "int8")]


def test_deleting_says_what_was_freed_and_offers_it_no_longer(box):
    entry, kept = put("org/name", weights=2_000_000), put("org/kept")
    listed(box)
    say(box, kind="delete", key=entry.name)
    assert store.entries() == (kept,)
    assert (row(box, entry.name), box.stored.listing["told"]) == (None, "org/name INT8 is deleted: 2.0 MB freed.")
    assert "org/name" not in box.name.options
    box.is_open = False
    box.is_open = True
    assert box.stored.listing["told"] == ""


@pytest.mark.parametrize(
    ("use", "state", "words"),
    [("running", "running now", "is running"), ("loading", "being loaded", "is being"), ("elsewhere", "in use", "use")],
)
def test_what_is_in_use_is_not_deleted_and_says_why(box, uses, use, state, words):
    entry = put("org/name")
    listed(box)
    uses[entry.path.resolve()] = use  # since it was listed
    say(box, kind="delete", key=entry.name)
    said = row(box, entry.name)
    assert store.entries() == (entry,)
    assert (said["state"], said["can_load"]) == (state, use == "elsewhere")
    assert said["said"] == said["refusal"]
    assert said["said"].startswith("org/name INT8 is ")
    assert words in said["said"]


def test_what_another_process_makes_is_not_deleted_and_its_row_says_why(box):
    entry = put("org/name")
    listed(box)
    with store.making(store.Key(entry.model_id, entry.commit, entry.weight_format)):
        say(box, kind="delete", key=entry.name)
    assert row(box, entry.name)["said"] == f"{entry.name} is being converted; try again when that has finished."
    assert store.entries() == (entry,)
    say(box, kind="delete", key=entry.name)
    assert store.entries() == ()


def test_while_it_is_deleted_the_row_says_so_and_a_second_click_does_nothing(box, monkeypatch):
    entry, goes_on, removed = put("org/name"), threading.Event(), []
    remove = inventory.remove

    def slowly(name):
        goes_on.wait(LIMIT_S)
        removed.append(name)
        return remove(name)

    monkeypatch.setattr(inventory, "remove", slowly)
    listed(box)
    for _ in range(2):
        box.stored._handle_custom_msg({"kind": "delete", "key": entry.name}, [])
    assert row(box, entry.name)["is_deleting"]
    goes_on.set()
    box.stored.job.wait(LIMIT_S)
    assert removed == [entry.name]


def test_one_that_is_gone_already_is_said_and_each_answer_is_a_new_listing(box):
    entry = put("org/name")
    listed(box)
    store.remove(entry.name)
    say(box, kind="delete", key=entry.name)
    assert "There is no model" in box.stored.listing["told"]
    answers = box.stored.listing["answers"]
    say(box, kind="delete", key=entry.name)
    assert box.stored.listing["answers"] == answers + 1


@pytest.mark.parametrize("key", ["../../precious", "/", "", "org--name", None, 7, ["demo"], {}])
def test_only_the_key_of_a_row_is_obeyed(box, loaded, cache, key):
    (cache.parent / "precious").mkdir()
    entry = put("org/name")
    listed(box)
    for kind in ("delete", "load", "sell"):
        say(box, kind=kind, key=key)
    say(box)
    assert (loaded, store.entries(), (cache.parent / "precious").is_dir()) == ([], (entry,), True)


def test_a_row_loads_its_own_format_whatever_the_box_says(box, loaded):
    entry = put("org/name", "int4")
    listed(box)
    box.weight_format.value = "fp16"
    say(box, kind="load", key=entry.name)
    assert [(name, str(weight_format)) for name, weight_format in loaded] == [("org/name", "int4")]
    box.loaded("org/name")
    assert not box.is_open


def test_nothing_is_loaded_while_an_answer_is_written(box, loaded):
    listed(box)
    box.stored.disabled = True
    say(box, kind="load", key="demo")
    assert loaded == []


def test_names_of_others_are_sent_with_signs(box):
    put("/home/me/\u202eevil\x1b[2J\n", licence="\u202eTIM")
    listed(box)
    assert json.dumps(box.stored.listing, ensure_ascii=False).isprintable()


def test_of_many_files_of_other_programs_the_first_are_listed(box):
    box.stored.show([], {f"model-{number} (Ollama)": "/no/such/file" for number in range(MOST_KEPT + 3)})
    *_, last, more = box.stored.listing["models"]
    assert "delete it there" in last["facts"]
    assert (more["rows"], more["facts"]) == ([], "3 more files of other programs: the box above offers them")
    assert len(box.stored.listing["models"]) == 1 + MOST_KEPT + 1
