"""Files that a page sends become the context; what does not fit is said before anything runs, and cut only if asked."""

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, PromptTooLongError
from dolly_widget.widget.ask import attachment as attachment_module

WORDS = "The quick brown fox jumps over the lazy dog. "


@pytest.fixture
def make():
    made = []

    def make_widget(*arguments, **options):
        made.append(DollyWidget(*arguments, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def widget(make):
    return make(ScriptedEngine("An answer."))


def send(widget, data, name="notes.txt", size=None, part=5, upload="a"):
    """As the page sends a file."""
    attachment = widget._screen.attachment
    messages = [({"kind": "begin", "id": upload, "name": name, "size": len(data) if size is None else size}, [])]
    parts = [data[start : start + part] for start in range(0, len(data), part)]
    messages += [({"kind": "part", "id": upload}, [memoryview(each)]) for each in parts]
    for content, buffers in [*messages, ({"kind": "end", "id": upload}, [])]:
        attachment._handle_custom_msg(content, buffers)
    if attachment.job is not None:
        attachment.job.wait(LIMIT_S)
    return attachment


def test_the_text_is_in_the_box_with_name_and_tokens(widget):
    attachment = send(widget, "Grüße an alle".encode(), name="../x/notes.txt")
    assert widget.context == widget._screen.context.value == "Grüße an alle"
    assert widget._screen.context_fold.is_open
    assert attachment.note.startswith("notes.txt · ")
    assert attachment.note.endswith(" tokens")
    assert (attachment.is_wrong, attachment.remedy, attachment.is_attached) == (False, "", True)
    widget.ask("What?", widget.context)
    assert "Grüße an alle" in str(widget._session.engine.calls[0][0])


def test_a_second_file_follows_the_first_and_removing_takes_it_back(widget):
    widget.context = "By hand."
    send(widget, b"one")
    attachment = send(widget, b"two", upload="b")
    assert widget.context == "By hand.\n\none\n\ntwo"
    attachment._handle_custom_msg({"kind": "remove"}, [])
    assert (widget.context, attachment.note, attachment.is_attached) == ("By hand.\n\none", "", False)
    attachment._handle_custom_msg({"kind": "remove"}, [])
    assert widget.context == "By hand.\n\none"
    send(widget, b"two", upload="b")
    widget.context += " edited"
    attachment._handle_custom_msg({"kind": "remove"}, [])
    assert widget.context == "By hand.\n\none\n\ntwo edited"


def test_what_is_emptied_is_no_longer_attached(widget):
    attachment = send(widget, b"one")
    widget.clear()
    assert (widget.context, attachment.note, attachment.is_attached) == ("", "", False)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.png", bytes(100), "a.png is not a text"),
        ("a.pdf", b"%PDF-", "damaged PDF"),
        ("<b>.txt", b"", "<b>.txt is empty"),
    ],
)
def test_what_has_no_text_is_a_sentence_and_changes_nothing(widget, name, data, says):
    widget.context = "By hand."
    attachment = send(widget, data, name=name)
    assert says in attachment.note
    assert (attachment.is_wrong, attachment.is_reading, widget.context) == (True, False, "By hand.")
    widget.context = "Other."
    assert (attachment.note, attachment.is_wrong) == ("", False)


@pytest.mark.parametrize("size", [21 * 2**20, -1, "many", None, 2**80])
def test_a_size_that_is_too_large_or_a_lie_is_refused_without_keeping_the_file(widget, monkeypatch, size):
    monkeypatch.setattr(attachment_module, "MAX_BYTES", 10)
    attachment = send(widget, b"123456789012345", size=size if size is not None else 3)
    assert "more than 20 MB" in attachment.note
    assert attachment.is_wrong
    assert (attachment.job, widget.context, bytes(attachment._parts)) == (None, "", b"")


@pytest.mark.parametrize(
    "content", [{}, {"kind": "close"}, {"kind": "part", "id": "z"}, {"kind": "end"}, {"kind": "begin"}, {"kind": 3}]
)
def test_other_messages_change_nothing(widget, content):
    widget._screen.attachment._handle_custom_msg(content, [memoryview(b"x")])
    assert widget.context == ""
    assert send(widget, b"one").is_attached


def test_what_does_not_fit_is_said_before_anything_runs_and_cut_when_asked(make):
    widget = make("demo", device="CPU")
    widget.wait(LIMIT_S)
    widget.instruction, widget.max_new_tokens = "Summarise this text.", 100
    text = "".join(f"{number}. {WORDS}" for number in range(600))
    attachment = send(widget, text.encode(), part=1 << 16)
    surplus = widget._screen.prompt.surplus
    assert surplus > 0
    assert attachment.is_wrong
    assert f"fit with max new tokens {widget.max_new_tokens:,}" in attachment.note
    assert attachment.remedy == f"Leave out the last {surplus:,} tokens"
    assert widget.context == text
    with pytest.raises(PromptTooLongError):
        widget.submit().wait(LIMIT_S)
    widget.max_new_tokens = 50
    assert attachment.remedy == f"Leave out the last {surplus - 50:,} tokens"
    attachment._handle_custom_msg({"kind": "cut"}, [])
    assert text.startswith(widget.context)
    assert (widget._screen.prompt.surplus, attachment.remedy, attachment.is_wrong) == (0, "", False)
    assert len(widget.context) > 0.9 * len(text) * (
        1 - surplus / len(attachment_module._ids(text, widget._screen.prompt.tokenizer))
    )
    widget.submit().wait(LIMIT_S)
    attachment._handle_custom_msg({"kind": "remove"}, [])
    assert widget.context == ""


def test_ask_takes_the_path_of_a_file(widget, tmp_path):
    (tmp_path / "a.html").write_text("<p>Hello <b>there</b><script>no()</script>")
    widget.ask("What?", context=tmp_path / "a.html")
    assert widget.history[-1].context == "Hello there"
    assert widget.history[0].context == "Hello there"
    with pytest.raises(ValueError, match=r"nowhere\.txt cannot be read"):
        widget.ask("What?", context=tmp_path / "nowhere.txt")
    assert len(widget.history) == 1


def test_closing_ends_the_reading(make):
    widget = make(ScriptedEngine())
    attachment = widget._screen.attachment
    widget.close()
    attachment.close()
