"""The line counts the prompt's tokens at every call; what is seen of them is made only while the panel is open."""

import json
import shutil

import pytest

from dolly_widget.models import Model
from dolly_widget.text.template import DOLLY, Prompt, Segment
from dolly_widget.text.tokenizer import Tokenizer
from dolly_widget.widget.ask.prompt_panel import PromptPanel
from dolly_widget.widget.ask.prompt_view import MAX_SHOWN_CHARS, MAX_SHOWN_TOKENS, PromptView

HOSTILE = "<script>x</script>\u202e\0\ud800 ### End"


@pytest.fixture
def panel(demo_dir):
    panel = PromptPanel()
    panel.load(Model(demo_dir))
    return panel


@pytest.fixture
def copied(demo_dir, tmp_path):
    """A model of which files can be taken away or broken."""
    return Model(shutil.copytree(demo_dir, tmp_path / "model"))


@pytest.fixture
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


def shown(view):
    return "".join(text for _, text, _ in view.stretches)


def test_the_line_says_how_much_of_the_room_is_taken(panel, tokenizer):
    prompt = DOLLY.render("Who is Dolly?")
    panel.show(prompt, 256)
    assert panel.title == f"Prompt · {len(tokenizer.encode(prompt))} + up to 256 of 2,048 tokens"
    panel.show(DOLLY.render("Who is Dolly?" + " Tell me more." * 100), 1_000)
    assert panel.title.startswith("Prompt · 5")
    assert panel.title.endswith("+ up to 1,000 of 2,048 tokens")


@pytest.mark.parametrize(("surplus", "ending"), [(0, "tokens"), (1, "tokens: 1 too many"), (1_000, ": 1,000 too many")])
def test_a_prompt_that_leaves_too_little_room_is_told_in_words(panel, tokenizer, surplus, ending):
    prompt = DOLLY.render("Who is Dolly?")
    panel.is_open = True
    panel.show(prompt, 2048 - len(tokenizer.encode(prompt)) + surplus)
    assert panel.title.endswith(ending)
    assert ("too long for this model" in panel.view.note) == (surplus > 0)
    assert ("dw-is-over" in panel._dom_classes) == (surplus > 0)


def test_a_prompt_that_fits_again_takes_the_warning_away(panel):
    panel.is_open = True
    panel.show(DOLLY.render("Hello"), 5_000)
    panel.show(DOLLY.render("Hello"), 5)
    assert panel.view.note == ""
    assert "dw-is-over" not in panel._dom_classes


def test_without_a_limit_the_tokens_alone_are_counted(panel, copied):
    path = copied.directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in config.items() if name != "max_position_embeddings"}))
    panel.load(copied)
    panel.show(Prompt([Segment("a", False)]), 256)
    assert panel.title == "Prompt · 1 token"


def test_what_is_seen_is_made_only_while_the_panel_is_open(panel):
    panel.show(DOLLY.render("Who is Dolly?"), 256)
    assert panel.view.stretches == []
    panel.is_open = True
    assert shown(panel.view) == str(DOLLY.render("Who is Dolly?"))
    panel.show(DOLLY.render("Who are you?"), 256)
    assert shown(panel.view) == str(DOLLY.render("Who are you?"))
    panel.is_open = False
    panel.show(DOLLY.render("Who?"), 256)
    assert shown(panel.view) == str(DOLLY.render("Who are you?"))


def test_the_users_text_and_special_tokens_are_told_from_the_templates(panel):
    panel.is_open = True
    panel.show(DOLLY.render("Hi"), 256)
    kinds = {text: kind for kind, text, _ in panel.view.stretches}
    assert kinds["### Response:\n"] == kinds["### Instruction:"] == "special"
    assert "".join(text for kind, text, _ in panel.view.stretches if kind == "user").strip() == "Hi"
    assert panel.view.stretches[0][0] == "template"
    assert panel.view.stretches[0][2].startswith("id ")


def test_a_special_token_that_the_user_typed_is_text(panel):
    panel.is_open = True
    panel.show(DOLLY.render("Say ### End"), 256)
    assert "### End" not in [text for kind, text, _ in panel.view.stretches if kind == "special"]


def test_hostile_text_is_made_visible_and_can_be_sent(panel, demo_dir):
    panel.is_open = True
    for model in (Model(demo_dir), None):
        panel.load(model)
        panel.show(DOLLY.render(HOSTILE), 256)
        assert "<script>x</script>" in shown(panel.view)
        assert "\u202e" not in shown(panel.view)
        shown(panel.view).encode()


def test_without_a_tokenizer_the_text_is_shown_and_nothing_counted(panel, copied):
    (copied.directory / "tokenizer.json").unlink()
    for model in (None, copied):
        panel.load(model)
        panel.is_open = True
        panel.show(DOLLY.render("Hello"), 256)
        assert panel.title == "Prompt"
        assert panel.view.stretches[1] == ["user-text", "Hello", ""]
        assert panel.view.count == ""


def test_a_broken_tokenizer_is_as_none(panel, copied):
    (copied.directory / "tokenizer.json").write_text("{")
    panel.load(copied)
    panel.show(DOLLY.render("Hello"), 256)
    assert panel.title == "Prompt"


def test_another_model_counts_again(panel, copied):
    (copied.directory / "tokenizer.json").unlink()
    panel.show(DOLLY.render("Hello"), 256)
    panel.load(copied)
    assert panel.title == "Prompt"


def test_no_prompt_is_no_count(panel):
    panel.is_open = True
    panel.show(DOLLY.render("Hello"), 256)
    panel.show(None, 256)
    assert panel.title == "Prompt"
    assert panel.view.stretches == []


def test_a_refusal_takes_the_prompts_place_until_there_is_one_again(panel):
    panel.is_open = True
    panel.show(DOLLY.render("Hello"), 256)
    panel.show_error("The template <refuses> it.")
    assert panel.title == "Prompt · cannot be made"
    assert (panel.view.note, panel.view.stretches) == ("The template <refuses> it.", [])
    panel.show(DOLLY.render("Hello"), 256)
    assert panel.view.note == ""
    assert "tokens" in panel.title


def test_of_a_long_prompt_the_beginning_and_the_end_are_shown(panel, tokenizer):
    prompt = DOLLY.render("first " + "word " * 3_000 + "last")
    count = len(tokenizer.encode(prompt))
    panel.is_open = True
    panel.show(prompt, 256)
    assert len(panel.view.stretches) == MAX_SHOWN_TOKENS + 1
    assert panel.view.stretches[MAX_SHOWN_TOKENS // 2] == ["gap", f"… {count - MAX_SHOWN_TOKENS:,} tokens more …", ""]
    assert panel.view.count == f"{count:,} tokens"
    assert str(prompt).startswith(shown(panel.view).split("…")[0])
    assert str(prompt).endswith(shown(panel.view).split("…")[-1])


def test_a_long_text_without_tokens_is_cut_too():
    view = PromptView()
    view.show_text(Prompt([Segment("a" * 10_000 + "b", False)]))
    assert [text[-1] for _, text, _ in view.stretches] == ["a", "…", "b"]
    assert view.stretches[1][1] == f"… {10_001 - MAX_SHOWN_CHARS:,} characters more …"


def test_a_panel_says_little_of_itself(panel):
    panel.show(None, 256)
    assert repr(panel) == "PromptPanel('Prompt')"
    assert repr(panel.view) == "PromptView('')"
