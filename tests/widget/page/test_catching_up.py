"""What a widget sends again to a page that may have missed it."""

from comms import size
from scripted_engine import ScriptedEngine

from dolly_widget import DollyWidget


def test_what_is_shown_is_sent_again_without_what_never_changes(sent):
    widget = DollyWidget(ScriptedEngine(["*Hello*"]))
    widget.instruction = "Go"
    widget.submit().wait()
    sent.clear()
    widget._catching_up.send_again()
    states = [each["state"] for each in sent]
    assert [each["text"] for each in states if "is_streaming" in each] == ["*Hello*"]
    assert [len(each["items"]) for each in states if "items" in each] == [1]
    assert [each["recalled"] for each in states if "recalled" in each] == [["Go"]]
    constant = {"_esm", "_css", "_model_name", "_view_module"}
    assert not any(constant & set(each) for each in states)
    assert size(sent) < 60_000
    widget.close()
