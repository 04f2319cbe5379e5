"""A DollyWidget whose model runs on a server: what it shows, what goes on there, and what stays when it goes away."""

import json

import pytest
from remote_engines import other_server, our_server
from stub_server import CUT, Hold, StubServer, chunk, delta, events, failure, ids_stream, stream

from dolly_widget import DOLLY, DollyWidget, as_code
from dolly_widget.engines.remote import tries
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

LIMIT_S = 60
TEXT = "The capital of France is Paris."
KEY = "sk-very-secret-0123456789"


@pytest.fixture
def tokens():
    return Model(OPENVINO_DIR).tokenizer


@pytest.fixture
def ids(tokens):
    return [306, 499, 290, 1385, 279, 2231, 15, 276]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", (0.0, 0.0))


@pytest.fixture
def server():
    with our_server("demo", "another") as server:
        yield server


@pytest.fixture
def make():
    made = []

    def make_widget(source, **options):
        made.append(DollyWidget(source, **options))
        made[-1].wait(LIMIT_S)
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def widget(make, server):
    return make(server.url, model="demo", temperature=0)


def test_the_device_and_the_model_line_show_the_server(widget, server):
    screen = widget._screen
    assert screen.settings.device.options == ((f"Server: {server.host}", "AUTO"),)
    assert screen.settings.device.disabled
    for text in ("demo", f"server {server.host}", "times include the network"):
        assert text in screen.model.value
    assert repr(widget) == f"DollyWidget('demo at {server.host}', device='AUTO')"
    with pytest.raises(ValueError, match=r"^A server chooses its device itself: load a model of this machine by name"):
        widget.device = "CPU"


def test_the_model_box_lists_the_server_s_models_and_loads_one(widget, server):
    chooser = widget._screen.chooser
    chooser.is_open = True
    assert chooser.name.options[:2] == (f"{server.url}#demo", f"{server.url}#another")
    chooser.name.value = f"{server.url}#another"
    chooser.load.click()
    widget.wait(LIMIT_S)
    assert "another" in widget._screen.model.value
    assert not chooser.is_open
    server.answers.append(stream("Yes."))
    widget.ask("Is it another one?")
    assert server.asked[-1]["model"] == "another"


def test_of_several_models_one_has_to_be_chosen(make, server):
    widget = make("demo")
    chooser = widget._screen.chooser
    chooser.is_open = True
    chooser.name.value = server.url
    chooser.load.click()
    with pytest.raises(ValueError, match="has 2 models"):
        widget.wait(LIMIT_S)
    assert widget.status == "idle"
    assert f"Choose one of the models of {server.url}" in chooser.hint.value
    assert repr(widget) == "DollyWidget('demo', device='AUTO')"


def test_another_model_of_this_machine_takes_its_place(widget):
    widget.load("demo").wait(LIMIT_S)
    assert not widget._screen.settings.device.disabled
    assert len(widget._screen.settings.device.options) > 1
    assert "parameters" in widget._screen.model.value
    assert not any("http" in name for name in widget._screen.chooser.offered_by_server)
    widget.device = "CPU"
    assert widget.ask("What is the capital of France?").text == TEXT


def test_an_answer_is_that_of_the_ids(widget, server, tokens, ids):
    server.answers.append(ids_stream(tokens, ids))
    result = widget.ask("What is the capital of France?")
    assert (result.text, result.token_ids) == (TEXT, tuple(ids))
    exchange = widget.history[-1]
    assert exchange.model_name == f"demo at {server.host}"
    assert f'DollyWidget("{server.url}#demo")' in as_code(exchange)


def test_a_broken_answer_goes_on_where_it_was_and_says_so(widget, server, tokens, ids):
    first = [chunk(tokens.decode(ids[:4]), ids[:4]), CUT]
    hold = Hold()
    rest = [hold, *(chunk(tokens.decode([each]), [each]) for each in ids[4:]), chunk("", (), finish="stop")]
    server.answers += [events(*first), events(*rest)]
    widget.instruction = "What is the capital of France?"
    job = widget.submit()
    assert hold.reached.wait(LIMIT_S)
    assert "broke after 4 tokens: going on at" in widget._screen.answer.stats.value
    hold.released.set()
    result = job.wait(LIMIT_S)
    assert (result.text, result.token_ids) == (TEXT, tuple(ids))
    assert server.asked[1]["prompt"] == [*server.asked[0]["prompt"], *ids[:4]]
    assert (
        f"The connection to {server.host} broke after 4 tokens; the answer went on" in widget._screen.answer.stats.value
    )
    assert widget.status == "idle"


def test_an_answer_whose_server_does_not_come_back_stays_and_can_be_gone_on_with(widget, server, tokens, ids):
    server.answers += [events(chunk(tokens.decode(ids[:4]), ids[:4]), CUT), failure(500, "no")]
    with pytest.raises(IncompleteAnswerError):
        widget.ask("What is the capital of France?")
    assert widget.response == "The capital of France"
    assert widget.status == "error"
    assert "broke off" in widget._screen.notice.message.value
    assert widget.history[-1].result.finish_reason == "broken"
    go_on = widget._screen.answer.go_on
    assert go_on.layout.display is None
    server.answers[:] = [ids_stream(tokens, ids[4:])]
    go_on.click()
    result = widget.wait(LIMIT_S)
    assert (result.text, result.finish_reason) == (TEXT, "stop")
    assert (widget.status, widget.error) == ("idle", "")


def test_what_a_server_does_not_take_is_named_below_the_answer(make):
    def answered(fields):
        return failure(422, {"detail": "Unexpected fields: {'min_p'}"}) if "min_p" in fields else stream("Yes.")

    with other_server("dolly") as server:
        server.answers.append(answered)
        widget = make(server.url, min_p=0.1)
        widget.ask("Are you there?")
        assert "min_p" in widget._screen.answer.stats.value
        assert widget.response == "Yes."


def test_where_no_tokens_are_known_the_lens_says_why(make):
    with other_server("dolly") as server:
        server.answers.append(stream("Yes."))
        widget = make(server.url)
        widget.ask("Are you there?")
        widget.lens = True
        assert "text only" in widget._screen.answer.lens.message.value


def test_no_server_is_a_sentence_and_the_model_before_stays(make):
    with our_server("demo") as server:
        url = server.url
    widget = make("demo")
    widget._screen.chooser.is_open = True
    widget._screen.chooser.name.value = url
    widget._screen.chooser.load.click()
    with pytest.raises(Exception, match=server.host):
        widget.wait(LIMIT_S)
    assert widget.ask("What is the capital of France?", temperature=0).text == TEXT


def test_key_and_password_are_in_no_trait_no_history_and_no_copy(make, server, tokens, ids, monkeypatch, tmp_path):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY", KEY)
    server.answers.append(ids_stream(tokens, ids))
    file = tmp_path / "history.json"
    widget = make("demo", history=file)
    chooser = widget._screen.chooser
    chooser.is_open = True
    chooser.name.value = f"{server.url.replace('//', '//me:hunter2@')}#demo"
    chooser.load.click()
    assert "hunter2" not in chooser.name.value
    widget.wait(LIMIT_S)
    widget.ask("What is the capital of France?")
    assert {each.headers.get("Authorization", "")[:5] for each in server.requests} <= {"Basic", "Beare"}
    states = json.dumps([part.get_state() for part in _parts(widget)], default=str)
    for text in (states, file.read_text(), as_code(widget.history[-1]), repr(widget), widget.history.to_markdown()):
        assert "hunter2" not in text
        assert KEY not in text


def test_a_lens_that_hangs_at_the_server_ends_with_the_toggle_and_holds_up_no_question(widget, server, tokens, ids):
    server.answers.append(ids_stream(tokens, ids))
    widget.ask("What is the capital of France?")
    hold = Hold()
    server.answers[:] = [events(hold)]
    widget.lens = True
    assert hold.reached.wait(LIMIT_S)
    server.answers[:] = [ids_stream(tokens, ids)]
    widget.lens = False
    assert server.left.wait(LIMIT_S)
    assert widget.ask("And again?").text == TEXT


def test_two_models_of_a_server_are_not_taken_for_each_other(make, tokens, ids):
    with StubServer("good", "bad", owner="vllm") as server:
        server.answers.append(events(chunk(tokens.decode(ids[:4]), ids[:4]), chunk("", (), finish="length")))
        first = make(server.url, model="good", tokenizer="demo", max_new_tokens=4)
        first.ask("What is the capital of France?")
        widget = make(server.url, model="bad", tokenizer="demo", history=first.history)
        for act in (lambda: widget.regenerate_from(1, 300), widget._session.go_on, lambda: widget.explore(1)):
            with pytest.raises(ValueError, match=rf"is not loaded now, good at {server.host}: load that model first"):
                act()
        widget.load("demo").wait(LIMIT_S)
        with pytest.raises(ValueError, match="is not loaded now"):
            widget.regenerate_from(1, 300)


def test_an_answer_of_a_loaded_history_is_gone_on_with_at_its_server(make, server, tokens, ids, tmp_path):
    file = tmp_path / "history.json"
    server.answers.append(events(chunk(tokens.decode(ids[:4]), ids[:4]), chunk("", (), finish="length")))
    make(server.url, model="demo", max_new_tokens=4, history=file).ask("What is the capital of France?")
    server.answers[:] = [ids_stream(tokens, ids[4:])]
    again = make(server.url, model="demo", history=file)
    again._session.go_on().wait(LIMIT_S)
    assert again.response == TEXT


def test_the_same_model_of_the_same_server_keeps_its_tokenizer_and_template(make, tokens, ids):
    with StubServer("dolly", owner="vllm") as server:
        server.answers.append(ids_stream(tokens, ids))
        widget = make(server.url, tokenizer="demo")
        widget.load(f"{server.url}#dolly").wait(LIMIT_S)
        assert widget.ask("What is the capital of France?").token_ids == tuple(ids)


def test_a_model_of_this_machine_comes_back_as_it_was(make, server):
    widget = make("demo", device="CPU", ov_config={"INFERENCE_NUM_THREADS": 1})
    widget.load(f"{server.url}#demo").wait(LIMIT_S)
    widget.load("demo").wait(LIMIT_S)
    assert widget.device == "CPU"
    assert widget._session.engine.setup.properties == {"INFERENCE_NUM_THREADS": 1}


def test_an_address_that_is_none_does_not_keep_its_password_in_the_box(make):
    chooser = make("demo")._screen.chooser
    chooser.is_open = True
    chooser.name.value = "http://me:hunter2@127.0.0.1:99999/v1"
    chooser.load.click()
    assert "hunter2" not in chooser.name.value
    assert "no address of a server" in chooser.hint.value


def _parts(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _parts(child)


def test_an_answer_in_text_alone_is_gone_on_with_by_its_text(make):
    with other_server("dolly") as server:
        server.answers += [events(chunk("The capital"), CUT), stream(" of France", " is Paris.")]
        widget = make(server.url, template=DOLLY)
        with pytest.raises(IncompleteAnswerError):
            widget.ask("What is the capital of France?")
        assert widget.response == "The capital"
        widget._screen.answer.go_on.click()
        result = widget.wait(LIMIT_S)
    assert (result.text, widget.response) == (TEXT, TEXT)
    assert server.asked[1]["prompt"] == server.asked[0]["prompt"] + "The capital"
    assert widget.status == "idle"


def test_where_a_chat_cannot_be_gone_on_with_the_click_says_so(make):
    with other_server("dolly") as server:
        server.answers += [events(delta("The capital"), CUT)]
        widget = make(server.url)
        with pytest.raises(IncompleteAnswerError):
            widget.ask("What is the capital of France?")
        widget._screen.answer.go_on.click()
    assert "is not known: ask anew" in widget._screen.notice.message.value
    assert widget.response == "The capital"
