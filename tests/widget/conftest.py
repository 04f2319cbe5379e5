"""What all tests of the widget share: a machine without Ollama and LM Studio."""

import pytest


@pytest.fixture(autouse=True)
def no_files_of_other_programs(monkeypatch):
    monkeypatch.setattr("dolly_widget.widget.model.chooser.kept_files", lambda: ())
