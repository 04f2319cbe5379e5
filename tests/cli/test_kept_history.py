"""What a page of the app keeps for the next kernel of its address, and for no other."""

import uuid

import pytest
from exchanges import answered

from dolly_widget.cli.kept_history import kept_history
from dolly_widget.history import History


def new_id():
    return str(uuid.uuid4())


@pytest.fixture
def said():
    return History([answered("Who?", "Dolly.")])


def keep(folder, kernel_id, history):
    kept_history(folder, kernel_id, "").write_text(history.to_json())


def begins_with(folder, query):
    path = kept_history(folder, new_id(), query)
    return History.from_json(path) if path.exists() else History()


def test_the_next_kernel_of_an_address_begins_with_what_was_kept(tmp_path, said):
    first = new_id()
    assert begins_with(tmp_path, "token=x") == ()
    keep(tmp_path, first, said)
    assert begins_with(tmp_path, f"token=x&conversation={first}") == said
    assert begins_with(tmp_path, "") == ()


def test_each_kernel_writes_its_own_file_alone(tmp_path, said, make):
    first, second = new_id(), new_id()
    keep(tmp_path, first, said)
    widget = make(history=kept_history(tmp_path, second, f"conversation={first}"))
    widget.ask("And who?")
    assert [each.instruction for each in begins_with(tmp_path, f"conversation={second}")] == ["Who?", "And who?"]
    assert begins_with(tmp_path, f"conversation={first}") == said


def test_what_was_kept_is_there_again_after_a_second_reload_without_an_answer(tmp_path, said, make):
    first, second = new_id(), new_id()
    keep(tmp_path, first, said)
    make(history=kept_history(tmp_path, second, f"conversation={first}"))
    assert begins_with(tmp_path, f"conversation={second}") == said


def test_what_was_deleted_does_not_come_back_with_a_reload(tmp_path, said, make):
    first = new_id()
    keep(tmp_path, first, said)
    second = new_id()
    widget = make(history=kept_history(tmp_path, second, f"conversation={first}"))
    widget.forget(widget.history[0])
    assert begins_with(tmp_path, f"conversation={second}") == ()


@pytest.mark.parametrize("named", ["../secret", "secret", "../../secret.json", "%2e%2e/secret", "", "x" * 100_000])
def test_an_address_names_no_other_file(tmp_path, said, named):
    folder = tmp_path / "app"
    folder.mkdir()
    for place in (tmp_path, folder, folder / "conversations"):
        place.mkdir(exist_ok=True)
        (place / "secret.json").write_text(said.to_json())
    assert begins_with(folder, f"conversation={named}") == ()


def test_a_file_that_is_no_history_is_none(tmp_path):
    first = new_id()
    kept_history(tmp_path, first, "").write_text("{")
    assert begins_with(tmp_path, f"conversation={first}") == ()


def test_a_page_that_is_loaded_again_and_again_leaves_a_bounded_number_of_files(tmp_path, said):
    last = new_id()
    keep(tmp_path, last, said)
    for _ in range(110):
        before, last = last, new_id()
        kept_history(tmp_path, last, f"conversation={before}")
    assert begins_with(tmp_path, f"conversation={last}") == said
    assert len(list((tmp_path / "conversations").iterdir())) <= 101
