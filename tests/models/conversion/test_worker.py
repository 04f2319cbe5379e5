"""What a worker's errors are when they arrive in the process that asked."""

import os

import pytest

from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models.conversion import worker
from dolly_widget.runtime.progress import ignore_progress

MODULE = """
from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.models.conversion import worker

def work(request, on_progress):
    if request["asks"]:
        raise ModelChoiceError("Name one.", "org/name", [("a.gguf", 5), ("b.gguf", 7)])
    raise ModelError("It is damaged.")

worker.serve(work, str)
"""


@pytest.fixture
def ask(tmp_path):
    (tmp_path / "refusing_worker.py").write_text(MODULE)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", os.getcwd())])

    def ask(**request):
        with pytest.raises(ModelError) as caught:
            worker.run("refusing_worker", request, ignore_progress, environment={"PYTHONPATH": paths})
        return caught.value

    return ask


def test_a_choice_arrives_with_what_can_be_chosen(ask):
    error = ask(asks=True)
    assert isinstance(error, ModelChoiceError)
    assert (str(error), error.model, error.choices) == ("Name one.", "org/name", (("a.gguf", 5), ("b.gguf", 7)))


def test_any_other_error_arrives_as_its_sentence(ask):
    error = ask(asks=False)
    assert type(error) is ModelError
    assert str(error) == "It is damaged."


def test_a_worker_that_has_ended_and_cannot_be_signalled_is_no_fault(ask, monkeypatch):
    """macOS refuses a signal to a group of which only the exit code is left."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refuse, raising=False)
    assert str(ask(asks=False)) == "It is damaged."


def test_a_crash_without_a_log_is_one_sentence_and_what_to_do(tmp_path):
    (tmp_path / "silent_worker.py").write_text("import os\nos._exit(3)")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", os.getcwd())])
    with pytest.raises(ModelError) as caught:
        worker.run("silent_worker", {}, ignore_progress, environment={"PYTHONPATH": paths})
    assert str(caught.value) == "The conversion process ended with exit code 3; nothing was stored. Try again."
