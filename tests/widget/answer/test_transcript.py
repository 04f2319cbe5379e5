"""Earlier turns: what the user wrote is text, what the model wrote is safe Markdown, and nothing is shown for none."""

from dolly_widget.text.template import Turn
from dolly_widget.widget.answer.transcript import MAX_SHOWN_TURNS, Transcript, transcript_html

HOSTILE = '<script>x</script><img src=x onerror="x">'


def test_without_turns_nothing_is_shown():
    transcript = Transcript()
    assert transcript.layout.display == "none"
    transcript.show([Turn("Hello", "", "Good day.")])
    assert transcript.layout.display is None
    transcript.show([])
    assert transcript.layout.display == "none"
    assert transcript_html([]) == ""


def test_turns_are_a_list_that_says_who_wrote_what():
    shown = transcript_html([Turn("Hello", "", "Good day."), Turn("Who?", "Ada.", "**Ada**.")])
    assert shown.count('role="list"') == 1
    assert shown.count('role="listitem"') == 4
    order = [shown.index(text) for text in (">You<", "Hello", ">Model<", "Good day.", "Who?", "Ada.", "<strong>Ada<")]
    assert order == sorted(order)


def test_of_a_very_long_chat_the_end_is_shown():
    turns = [Turn(f"q{n}.", "", f"a{n}.") for n in range(1, MAX_SHOWN_TURNS + 3)]
    shown = transcript_html(turns)
    assert shown.count('role="listitem"') == 2 * MAX_SHOWN_TURNS
    assert "q2." not in shown
    assert "q3." in shown
    assert "2 earlier turns are not shown." in shown
    assert "not shown" not in transcript_html(turns[2:])


def test_what_the_user_wrote_is_text_with_its_white_space():
    shown = transcript_html([Turn(f"**a**\n  {HOSTILE}", f"b\n{HOSTILE}", "Yes.")])
    assert "<script" not in shown
    assert "<img" not in shown
    assert ">**a**\n  &lt;script&gt;" in shown
    assert ">b\n&lt;script&gt;" in shown


def test_what_the_model_wrote_is_markdown_without_elements_of_its_own():
    shown = transcript_html([Turn("Hello", "", f"- one\n- two\n\n{HOSTILE}")])
    assert "<li>one</li>" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_what_is_still_to_be_answered_and_half_a_character_are_shown_too():
    shown = transcript_html([Turn("\ud800", " \n", "")])
    assert "\ufffd" in shown
    assert "dw-turn-model" not in shown
    assert "dw-turn-context" not in shown


def test_a_transcript_says_little_of_itself():
    assert repr(Transcript()) == "Transcript()"
