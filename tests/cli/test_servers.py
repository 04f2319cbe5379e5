"""The commands with a model of a server: what is asked there, and what is told of it."""

import json

import pytest
from remote_engines import other_server, our_server
from stub_server import CUT, chunk, events, failure, ids_stream, stream

from dolly_widget.cli.entry_point import main
from dolly_widget.engines.remote import tries
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

IDS = [306, 499, 290, 1385, 279, 2231, 15, 276]
TEXT = "The capital of France is Paris."


@pytest.fixture
def server():
    with our_server("dolly") as server:
        server.answers.append(ids_stream(Model(OPENVINO_DIR).tokenizer, IDS))
        yield server


def test_ask_asks_the_server(server, capsys):
    assert main(["ask", "What is the capital of France?", "--model", server.url]) == 0
    out, err = capsys.readouterr()
    assert out == f"{TEXT}\n"
    assert err == ""
    assert server.asked[0]["model"] == "dolly"


def test_json_names_the_model_as_the_server_does(server, capsys):
    assert main(["ask", "What?", "--model", server.url, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["device"], said["notes"]) == (f"{server.url}#dolly", server.host, [])


def test_what_a_server_does_not_take_is_told_on_stderr(capsys):
    def answered(fields):
        return failure(422, {"detail": "Unexpected fields: {'min_p'}"}) if "min_p" in fields else stream("Yes.")

    with other_server("dolly") as server:
        server.answers.append(answered)
        assert main(["ask", "Who?", "--model", server.url, "--min-p", "0.1"]) == 0
    out, err = capsys.readouterr()
    assert out == "Yes.\n"
    assert "min_p" in err


def test_a_chat_is_with_the_server(server, capsys, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("What is the capital of France?\n"))
    assert main(["chat", "--model", f"{server.url}#dolly"]) == 0
    assert TEXT in capsys.readouterr().out


def test_map_asks_it_for_each_row(server, capsys, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("country\nFrance\nFrance\n")
    out = tmp_path / "out.csv"
    asked = ["map", str(table), "--instruction", "The capital of {country}?", "--model", server.url, "--out", str(out)]
    assert main(asked) == 0
    assert out.read_text().count(TEXT) == 2


@pytest.mark.parametrize("command", [["ask", "Who?", "--model"], ["chat", "--model"]])
def test_no_server_is_one_sentence(capsys, monkeypatch, command):
    import io

    with our_server() as server:
        url = server.url
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main([*command, url]) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"dolly-widget: {server.host} refuses the connection: check that it runs, and the port."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bench", "URL"], "This needs a model on this machine, not a server's: name one, or a directory."),
        (["ask", "Who?", "--model", "URL", "--device", "CPU"], "A server does not take --device, which"),
        (
            ["ask", "Who?", "--model", "URL", "--revision", "x"],
            "A server does not take --revision, which it has chosen",
        ),
        (["ask", "Who?", "--tokenizer", "demo"], "--tokenizer is for a server's model: leave it out."),
        (["convert", "URL"], "A server's model runs there: convert a checkpoint, or a model of the hub."),
    ],
)
def test_what_cannot_be_with_a_server_is_a_sentence(capsys, arguments, sentence):
    assert main([argument.replace("URL", "http://localhost:1/v1") for argument in arguments]) != 0
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_answer_that_breaks_off_is_printed_with_its_reason(capsys, monkeypatch, more):
    monkeypatch.setattr(tries, "PAUSES_S", ())
    with our_server("dolly") as server:
        server.answers.append(events(chunk("The capital of France", IDS[:4]), CUT))
        assert main(["ask", "What?", "--model", server.url, *more]) != 0
    out, err = capsys.readouterr()
    assert "The capital of France" in out
    assert "broke off" in err
    if more:
        assert json.loads(out)["finish_reason"] == "broken"


def test_a_password_that_would_not_reach_the_page_is_refused(capsys):
    assert main(["app", "http://me:hunter2@localhost:1/v1", "--no-browser"]) != 0
    err = capsys.readouterr().err
    assert "set DOLLY_WIDGET_API_KEY to a key instead" in err
    assert "hunter2" not in err
