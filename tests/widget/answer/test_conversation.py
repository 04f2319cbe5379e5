"""What was asked: the user's words are text, the model's safe Markdown, and only what changed goes to the page."""

from contextlib import contextmanager

import pytest

from dolly_widget.text.template import Turn
from dolly_widget.widget.answer.conversation import MAX_SHOWN_TURNS, Conversation, Versions

HOSTILE = '<script>x</script><img src=x onerror="x">'


@contextmanager
def sent_messages(part):
    """What the part sends meanwhile: its states, and its messages."""
    sent = []

    def publish(msg_type, data=None, **keys):
        sent.append(data)

    part.comm.publish_msg = publish
    yield sent
    del part.comm.publish_msg


@pytest.fixture
def told():
    return []


@pytest.fixture
def conversation(told):
    made = Conversation(
        on_edit=lambda place: told.append(("edit", place)),
        on_version=lambda place, step: told.append(("version", place, step)),
    )
    yield made
    made.close()


def html_of(*turns):
    made = Conversation(on_edit=print, on_version=print)
    made.show(turns)
    html = "".join(item["question"] + item["answer"] for item in made.items)
    made.close()
    return html


def test_without_turns_nothing_is_shown(conversation):
    assert conversation.layout.display == "none"
    conversation.show([Turn("Hello", "", "")])
    assert conversation.layout.display is None
    conversation.show([])
    assert conversation.layout.display == "none"


def test_what_the_user_wrote_is_text_with_its_white_space():
    shown = html_of(Turn(f"**a**\n  {HOSTILE}", f"b\n{HOSTILE}", "Yes."))
    assert "<script" not in shown
    assert "<img" not in shown
    assert ">**a**\n  &lt;script&gt;" in shown
    assert ">b\n&lt;script&gt;" in shown


def test_a_context_is_folded_under_how_long_it_is():
    shown = html_of(Turn("Who?", "Ada was here.", ""))
    assert "<details" in shown
    assert "<summary>Context · 3 words</summary>" in shown
    assert "open" not in shown
    assert "Context · 1 word<" in html_of(Turn("Who?", " Ada\n", ""))
    assert "<details" not in html_of(Turn("Who?", " \n", ""))


def test_what_the_model_wrote_is_markdown_without_elements_of_its_own():
    shown = html_of(Turn("Hello", "", f"- one\n- two\n\n{HOSTILE}"))
    assert "<li>one</li>" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_half_a_character_is_shown_too():
    assert "\ufffd" in html_of(Turn("\ud800", "", ""))


def test_of_a_very_long_chat_the_end_is_shown(conversation):
    turns = [Turn(f"q{n}.", "", f"a{n}.") for n in range(1, MAX_SHOWN_TURNS + 3)]
    conversation.show(turns)
    assert len(conversation.items) == MAX_SHOWN_TURNS
    assert "q3." in conversation.items[0]["question"]
    assert conversation.items[0]["place"] == 2
    assert conversation.earlier == "2 earlier turns are not shown."
    conversation.show(turns[1:])
    assert conversation.earlier == "1 earlier turn is not shown."
    conversation.show(turns[2:])
    assert conversation.earlier == ""


def test_only_what_changed_goes_to_the_page(conversation):
    first, second, third = (Turn(f"q{n}.", "", f"a{n}.") for n in range(3))
    conversation.show([first, second._replace(answer="")])
    with sent_messages(conversation) as sent:
        conversation.show([first, second, third._replace(answer="")])
    changes = [message["content"] for message in sent if message["method"] == "custom"]
    assert [(each["from"], len(each["items"])) for each in changes] == [(1, 2)]
    assert not any("items" in message.get("state", {}) for message in sent)


def test_a_page_that_lost_something_gets_the_whole_list(conversation):
    conversation.show([Turn("q", "", "a"), Turn("r", "", "")])
    with sent_messages(conversation) as sent:
        conversation._handle_custom_msg({"event": "lost"}, [])
    assert [len(message["state"]["items"]) for message in sent if message["method"] == "update"] == [2]


def test_another_chat_goes_whole(conversation):
    conversation.show([Turn("q", "", "")])
    with sent_messages(conversation) as sent:
        conversation.show([Turn("other", "", "")])
    assert any("items" in message.get("state", {}) for message in sent)


def test_clicks_reach_who_asked_for_them_unless_an_answer_is_being_written(conversation, told):
    conversation._handle_custom_msg({"event": "edit", "place": 1}, [])
    conversation._handle_custom_msg({"event": "version", "place": 0, "step": -1}, [])
    conversation._handle_custom_msg({"event": "version", "place": 0, "step": 1}, [])
    conversation.is_resting = True
    conversation._handle_custom_msg({"event": "edit", "place": 1}, [])
    assert told == [("edit", 1), ("version", 0, -1), ("version", 0, 1)]


@pytest.mark.parametrize("content", [{}, {"event": "edit"}, {"event": "edit", "place": "1"}, {"event": 1, "place": 1}])
def test_what_is_no_click_does_nothing(conversation, told, content):
    conversation._handle_custom_msg(content, [])
    assert told == []


def test_versions_of_each_question_are_told(conversation):
    conversation.show([Turn("q", "", "a"), Turn("r", "", "")], [Versions(2, 3), Versions(1, 1)])
    assert [(item["version"], item["versions"]) for item in conversation.items] == [(2, 3), (1, 1)]


def test_it_says_little_of_itself(conversation):
    conversation.show([Turn("q", "", "")])
    assert repr(conversation) == "Conversation(1 turn)"
