"""DollyWidget("smollm2"): its own settings, Stop, copy as code, and a history that goes on elsewhere."""

import io
import sys

from real_weights import LIMIT_S

from dolly_widget import History
from dolly_widget.cli.entry_point import main
from dolly_widget.history.as_code import as_code

FRANCE = "What is the capital of France?"


def test_the_model_s_own_sampling_stands_in_the_widget(make):
    widget = make()
    assert (widget.temperature, widget.top_p) == (0.2, 0.9)
    assert make(temperature=1.1).temperature == 1.1
    assert "Paris" in widget.ask(FRANCE, max_new_tokens=24, seed=1).text


def test_stop_keeps_the_text_so_far(make):
    widget = make(max_new_tokens=1000)

    def stop(change):
        if len(change["new"]) > 20:
            widget.unobserve(stop, "response")
            widget.stop()

    widget.observe(stop, "response")
    widget.instruction = "Write a long story about a whale."
    answer = widget.submit().wait(LIMIT_S)
    assert answer.finish_reason == "cancelled"
    assert len(answer.text) > 20
    assert widget.response == answer.text == widget.history[-1].result.text
    assert answer.new_tokens < 200
    assert "stopped" in widget._screen.answer.stats.value
    assert "Paris" in widget.ask(FRANCE, temperature=0).text  # it answers the next one


def test_the_code_of_an_answer_gives_it_again(make):
    widget = make(max_new_tokens=16)
    answer = widget.ask("Write a sentence about the sea.", temperature=0.9, seed=7)
    code, names = as_code(widget.history[-1]), {}
    assert '"smollm2"' in code
    exec(compile(code, "cell", "exec"), names)
    assert names["widget"].history[-1].result.token_ids == answer.token_ids
    names["widget"].close()


def test_a_history_goes_on_from_its_file(make, tmp_path):
    widget = make(chat=True, temperature=0, max_new_tokens=24)
    widget.ask(FRANCE)
    path = tmp_path / "history.json"
    path.write_text(widget.history.to_json(), encoding="utf-8")
    assert History.from_json(path.read_text(encoding="utf-8"))[0].result == widget.history[0].result
    other = make(chat=True, temperature=0, max_new_tokens=24, history=path)
    assert "Seine" in other.ask("Which river flows through it?").text


def test_the_command_line_answers_with_it(smollm2_cache, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert not main(["ask", "--model", "smollm2", "--device", "CPU", "--temperature", "0", FRANCE])
    assert out.getvalue() == "The capital of France is Paris.\n"
