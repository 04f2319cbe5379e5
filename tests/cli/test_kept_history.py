"""What a page of the app keeps for the next kernel of its address, and for no other."""

import uuid

import pytest
from exchanges import answered

from dolly_widget.cli.kept_history import KeptHistory
from dolly_widget.history import History


def new_id():
    return str(uuid.uuid4())


@pytest.fixture
def said():
    return History([answered("Who?", "Dolly.")])


def test_the_next_kernel_of_an_address_begins_with_what_was_kept(tmp_path, said):
    first, second, third = new_id(), new_id(), new_id()
    assert KeptHistory(tmp_path, first, "token=x").history == ()
    KeptHistory(tmp_path, first, "").keep(said)
    assert KeptHistory(tmp_path, second, f"token=x&conversation={first}").history == said
    assert KeptHistory(tmp_path, third, "").history == ()


def test_each_kernel_writes_its_own_file_alone(tmp_path, make):
    first, second = new_id(), new_id()
    KeptHistory(tmp_path, first, "").keep(History())
    kept, widget = KeptHistory(tmp_path, second, f"conversation={first}"), make()
    kept.follow(widget)
    widget.ask("Who?")
    assert [each.instruction for each in KeptHistory(tmp_path, new_id(), f"conversation={second}").history] == ["Who?"]
    assert KeptHistory(tmp_path, new_id(), f"conversation={first}").history == ()


def test_what_was_kept_is_there_again_after_a_second_reload_without_an_answer(tmp_path, said, make):
    first, second = new_id(), new_id()
    KeptHistory(tmp_path, first, "").keep(said)
    kept = KeptHistory(tmp_path, second, f"conversation={first}")
    kept.follow(make(history=kept.history))
    assert KeptHistory(tmp_path, new_id(), f"conversation={second}").history == said


@pytest.mark.parametrize("named", ["../secret", "secret", "../../secret.json", "%2e%2e/secret", "", "x" * 100_000])
def test_an_address_names_no_other_file(tmp_path, said, named):
    folder = tmp_path / "app"
    folder.mkdir()
    for place in (tmp_path, folder, folder / "conversations"):
        place.mkdir(exist_ok=True)
        (place / "secret.json").write_text(said.to_json())
    assert KeptHistory(folder, new_id(), f"conversation={named}").history == ()


def test_a_file_that_is_no_history_is_none(tmp_path):
    first = new_id()
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / f"{first}.json").write_text("{")
    assert KeptHistory(tmp_path, new_id(), f"conversation={first}").history == ()


def test_a_page_that_is_loaded_again_and_again_leaves_a_bounded_number_of_files(tmp_path, make):
    widget = make()
    for _ in range(110):
        KeptHistory(tmp_path, new_id(), "").follow(widget)
    assert len(list((tmp_path / "conversations").iterdir())) <= 101
