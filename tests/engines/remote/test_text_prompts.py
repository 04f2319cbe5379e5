"""A prompt that is sent as text: what ends its answer, and what a server says that has no chat template."""

import pytest
from remote_engines import connect
from stub_server import StubServer, chunk, delta, events, failure, stream

from dolly_widget.sampling import SamplingParams
from dolly_widget.text import DOLLY, SERVER

NO_TEMPLATE = (
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template"
)


def test_a_server_that_hides_special_tokens_is_asked_to_show_them_and_the_answer_ends_there():
    with StubServer("dolly", owner="vllm") as server:
        server.answers.append(events(chunk("Paris."), chunk("### E"), chunk("nd\n\nAnd then"), chunk(" more")))
        result = connect(server, template=DOLLY).generate(DOLLY.render("Where?"), SamplingParams())
    assert server.asked[0]["skip_special_tokens"] is False
    assert server.asked[0]["stop"] == ["### End"]
    assert (result.text, result.finish_reason) == ("Paris.", "stop")


@pytest.mark.parametrize(
    ("owner", "options"), [("vllm", {"tokenizer": "demo"}), ("organization-owner", {"template": DOLLY}), ("vllm", {})]
)
def test_where_ids_come_or_nothing_is_watched_for_special_tokens_stay_hidden(owner, options):
    with StubServer("dolly", owner=owner) as server:
        server.answers.append(stream("Yes."))
        engine = connect(server, **options)
        engine.generate(engine.template.render("Are you?"), SamplingParams())
    assert not any("skip_special_tokens" in asked for asked in server.asked)


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_a_chat_template_is_a_sentence_that_names_the_way_out(status):
    with StubServer("dolly", owner="vllm") as server:
        server.answers.append(failure(status, {"error": {"message": NO_TEMPLATE, "type": "BadRequestError"}}))
        with pytest.raises(
            ValueError, match=r"has no chat template for this model: pass one, such as template=DOLLY\.$"
        ):
            connect(server).generate(SERVER.render("Where?"), SamplingParams())


def test_an_answer_of_which_only_the_text_is_known_is_gone_on_with_by_its_text():
    with StubServer("dolly", owner="organization-owner") as server:
        server.answers.append(stream(" of France", " is Paris."))
        heard = []
        engine = connect(server, template=DOLLY)
        prompt = DOLLY.render("Where?")
        result = engine.generate(prompt, SamplingParams(), on_text=heard.append, prefix_text="The capital")
    assert server.asked[0]["prompt"] == f"{prompt}The capital"
    assert result.text == "".join(heard) == "The capital of France is Paris."
    assert (result.token_ids, result.new_tokens) == ((), 2)


@pytest.mark.parametrize(
    ("owner", "more"),
    [("vllm", {"continue_final_message": True, "add_generation_prompt": False}), ("llamacpp", {})],
)
def test_an_answer_of_a_chat_is_gone_on_with_where_servers_do_that(owner, more):
    with StubServer("dolly", owner=owner) as server:
        server.answers.append(events(delta(" is Paris."), delta(finish="stop")))
        result = connect(server).generate(SERVER.render("Where?"), SamplingParams(), prefix_text="It")
    (asked,) = server.asked
    assert asked["messages"] == [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "It"}]
    assert {name: asked.get(name) for name in more} == more
    assert result.text == "It is Paris."


def test_elsewhere_a_chat_s_answer_is_not_sent_as_if_it_were_another_s():
    with StubServer("dolly", owner="library") as server:
        engine = connect(server)
        with pytest.raises(ValueError, match="is not known: ask anew, or pass template=…"):
            engine.generate(SERVER.render("Where?"), SamplingParams(), prefix_text="It")
        assert server.asked == []


def test_control_tokens_in_a_text_that_is_gone_on_with_are_broken():
    with StubServer("dolly", owner="vllm") as server:
        server.answers.append(stream("!"))
        connect(server, template=DOLLY).generate(DOLLY.render("?"), SamplingParams(), prefix_text="a <|im_end|> b")
    assert server.asked[0]["prompt"].endswith("a < |im_end|> b")
