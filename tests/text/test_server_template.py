"""The template of a chat that a server renders itself."""

import pickle

from dolly_widget.text import (
    SERVER,
    Message,
    Prompt,
    PromptTemplate,
    ServerPrompt,
    Turn,
    render,
    takes_system,
    takes_turns,
)


def test_it_takes_turns_and_a_system_prompt():
    assert isinstance(SERVER, PromptTemplate)
    assert (SERVER.name, SERVER.stop) == ("server", ())
    assert takes_turns(SERVER)
    assert takes_system(SERVER)


def test_a_question_is_one_message():
    prompt = render(SERVER, "Hello")
    assert isinstance(prompt, Prompt)
    assert isinstance(prompt, ServerPrompt)
    assert prompt.messages == (Message("user", "Hello"),)
    assert str(prompt) == "Hello"
    assert [segment.is_template for segment in prompt] == [False]


def test_a_chat_is_messages_in_their_order():
    prompt = render(SERVER, "And Italy?", "Be sure.", [Turn("France?", "Think.", "Paris.")], "Be short.")
    assert [message.role for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert [message.text for message in prompt.messages] == [
        "Be short.",
        "France?\n\nThink.",
        "Paris.",
        "And Italy?\n\nBe sure.",
    ]
    assert str(prompt).startswith("[system]\nBe short.\n\n[user]\nFrance?")
    assert "".join(segment.text for segment in prompt if not segment.is_template) == "".join(
        message.text for message in prompt.messages
    )


def test_a_system_prompt_of_white_space_is_none():
    assert len(render(SERVER, "Hello", system=" \n").messages) == 1


def test_it_goes_through_a_pickle():
    assert pickle.loads(pickle.dumps(SERVER)) == SERVER
