"""The template that a model was taught, from its files: as transformers finds it, or an error in a sentence."""

import json
from datetime import datetime
from types import SimpleNamespace

import pytest
from chats import CHATS, EVERY_CHAT, chat, expect, moving_clock, wrap, write_tokenizer
from tokenizers import Tokenizer as Backend
from tokenizers import models

from dolly_widget.engines.answer import endings
from dolly_widget.models.template_files import chat_template, template_for
from dolly_widget.text import DOLLY, PLAIN, Tokenizer


@pytest.fixture
def clock(monkeypatch):
    return moving_clock(monkeypatch)


def test_the_template_is_dolly_where_the_tokenizer_has_its_end_key(tmp_path):
    assert template_for(write_tokenizer(tmp_path, "<|endoftext|>", "### End")) is DOLLY
    assert template_for(str(tmp_path)) is DOLLY


def test_the_template_is_plain_elsewhere(tmp_path):
    assert template_for(write_tokenizer(tmp_path, "<|endoftext|>", "### Ending")) is PLAIN
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert template_for(tmp_path) is PLAIN


def test_the_demo_model_was_taught_with_dolly(demo_dir):
    assert template_for(demo_dir) is DOLLY


@pytest.mark.parametrize("content", ["", "{", "[]", '{"added_tokens": 5}', '{"added_tokens": [{}]}', "\udcff"])
def test_a_broken_tokenizer_file_is_named_in_one_sentence(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match="is not a tokenizer that can be read") as broken:
        template_for(tmp_path)
    assert str(path) in str(broken.value)
    assert "\n" not in str(broken.value)


# Chat templates


def write_config(model_dir, **settings):
    (model_dir / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def load_both(model_dir):
    """The chat template of a directory, and what transformers loads from it."""
    from transformers import PreTrainedTokenizerFast

    return chat_template(model_dir), PreTrainedTokenizerFast.from_pretrained(model_dir)


@EVERY_CHAT
@pytest.mark.parametrize("has_own_file", [True, False])
def test_a_saved_chat_template_is_found(name, has_own_file, tmp_path, clock):
    chat(name)[1].save_pretrained(tmp_path, save_jinja_files=has_own_file)
    assert (tmp_path / "chat_template.jinja").is_file() == has_own_file
    template, reference = load_both(tmp_path)
    assert (template.name, template.stop) == ("chat", ("</s>",))
    assert template == chat_template(str(tmp_path)) == template_for(tmp_path)
    assert hash(template) == hash(template_for(tmp_path))
    clock.day = datetime(2024, 2, 27)
    rendered = str(template.render("Hello {{ x }}"))
    clock.day = datetime(2024, 2, 27)
    assert rendered == expect(reference, "Hello {{ x }}")


TEMPLATE = "{}: {{{{ messages[0].content }}}}"


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ("string", [], "string"),
        ([{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "second"}], [], "second"),
        ({"tool_use": "tools", "default": "named"}, [], "named"),
        ("string", ["chat_template"], "chat_template"),
        ([{"name": "default", "template": "listed"}], ["chat_template"], "chat_template"),
        ("string", ["chat_template", "additional_chat_templates/tool_use"], "chat_template"),
        ("string", ["additional_chat_templates/default"], "additional_chat_templates/default"),
        (None, ["chat_template", "additional_chat_templates/default"], "additional_chat_templates/default"),
    ],
)
def test_the_default_template_is_the_one_that_transformers_takes(config, files, expected, tmp_path):
    wrap(None).save_pretrained(tmp_path)
    if isinstance(config, list):
        config = [{**item, "template": TEMPLATE.format(item["template"])} for item in config]
    elif isinstance(config, dict):
        config = {name: TEMPLATE.format(text) for name, text in config.items()}
    elif config:
        config = TEMPLATE.format(config)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    write_config(tmp_path, **settings | {"chat_template": config})
    (tmp_path / "additional_chat_templates").mkdir()
    for file in files:
        (tmp_path / f"{file}.jinja").write_text(TEMPLATE.format(file), encoding="utf-8")
    template, reference = load_both(tmp_path)
    assert str(template.render("Hi")) == expect(reference, "Hi") == f"{expected}: Hi"


@pytest.mark.parametrize(
    ("config", "special_tokens_map"),
    [
        ({"bos_token": "<s>", "eos_token": "</s>"}, None),
        ({"bos_token": {"__type": "AddedToken", "content": "<s>"}, "eos_token": None, "add_bos_token": True}, None),
        ({"eos_token": "old"}, {"bos_token": {"content": "<s>", "lstrip": False}, "eos_token": "</s>"}),
        ({"eos_token": "</s>", "added_tokens_decoder": {}}, {"bos_token": "<not>", "eos_token": "<this>"}),
        ({"image_token": "<image>", "extra_special_tokens": {"boi_token": "<boi>", "other": "<o>"}}, None),
        ({"model_specific_special_tokens": {"image_token": "<image>"}, "extra_special_tokens": ["<x>"]}, None),
        (None, {"bos_token": "<s>"}),
        (None, None),
    ],
)
def test_a_template_gets_the_special_tokens_that_transformers_gives_it(config, special_tokens_map, tmp_path):
    names = ["bos_token", "eos_token", "unk_token", "image_token", "boi_token", "other"]
    source = (
        "{{ messages[0].content }}" + "|".join(f"{{{{ {name} }}}}" for name in names) + "{{ bos_token is defined }}"
    )
    (tmp_path / "chat_template.jinja").write_text(source, encoding="utf-8")
    Backend(models.WordLevel({"<unk>": 0}, unk_token="<unk>")).save(str(tmp_path / "tokenizer.json"))
    if config is not None:
        write_config(tmp_path, **config)
    if special_tokens_map is not None:
        (tmp_path / "special_tokens_map.json").write_text(json.dumps(special_tokens_map), encoding="utf-8")
    template, reference = load_both(tmp_path)
    assert str(template.render("Hi")) == expect(reference, "Hi")
    assert template.stop == ((reference.eos_token,) if reference.eos_token else ())


def test_a_very_long_template_is_refused_in_one_sentence(tmp_path):
    (write_tokenizer(tmp_path) / "chat_template.jinja").write_bytes(b" " * 10**7)
    with pytest.raises(ValueError, match=r"^The model's chat template is too long: pass your own Prompt.*\.$"):
        template_for(tmp_path)


def test_the_token_that_ends_a_turn_ends_an_answer(tmp_path):
    write_tokenizer(tmp_path, "<|endoftext|>", "<|im_start|>", "<|im_end|>")
    (tmp_path / "chat_template.jinja").write_text(CHATS["qwen2.5"], encoding="utf-8")
    assert template_for(tmp_path).stop == ("<|im_end|>",)
    write_config(tmp_path, eos_token="<|endoftext|>")
    assert template_for(tmp_path).stop == chat_template(tmp_path).stop == ("<|endoftext|>", "<|im_end|>")
    write_config(tmp_path, eos_token="<|im_end|>")
    assert template_for(tmp_path).stop == ("<|im_end|>",)


@pytest.mark.parametrize(
    "tokens", [[], [{"content": "<|im_end|>"}], [{"content": "<|im_end|>", "special": False}], [{"content": 5}]]
)
def test_what_is_no_special_token_ends_no_turn(tokens, tmp_path):
    (tmp_path / "tokenizer.json").write_text(json.dumps({"added_tokens": tokens}), encoding="utf-8")
    write_config(tmp_path, eos_token="</s>", chat_template=CHATS["qwen2.5"])
    assert template_for(tmp_path).stop == ("</s>",)


def test_an_answer_ends_at_the_token_that_ends_a_turn(tmp_path):
    tokenizer = Backend(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    write_config(tmp_path, eos_token="<|endoftext|>", chat_template=CHATS["qwen2.5"])
    model = SimpleNamespace(tokenizer=Tokenizer(tmp_path), end_ids=frozenset())
    assert endings(model, template_for(tmp_path)) == (frozenset({1, 3}), ())


def test_a_model_without_a_chat_template_says_so(tmp_path):
    write_tokenizer(tmp_path)
    for settings in ({}, {"chat_template": None}, {"chat_template": ""}):
        write_config(tmp_path, **settings)
        assert template_for(tmp_path) is PLAIN
        with pytest.raises(ValueError, match=r"has no chat template: pass your own PromptTemplate") as missing:
            chat_template(tmp_path)
        assert str(tmp_path) in str(missing.value)


def test_dollys_end_key_comes_before_a_chat_template(tmp_path):
    write_tokenizer(tmp_path, "### End")
    write_config(tmp_path, chat_template=CHATS["qwen2.5"])
    assert template_for(tmp_path) is DOLLY
    assert chat_template(tmp_path).name == "chat"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer_config.json", b"{", "tokenizer_config.json cannot be read; convert or download the model again."),
        (
            "tokenizer_config.json",
            b"\xff",
            "tokenizer_config.json cannot be read; convert or download the model again.",
        ),
        (
            "tokenizer_config.json",
            b"[]",
            "tokenizer_config.json contains no settings; convert or download the model again.",
        ),
        ("tokenizer_config.json", b'{"chat_template": 5}', "no default chat template that can be read: pass your own"),
        (
            "tokenizer_config.json",
            b'{"chat_template": ["x"]}',
            "no default chat template that can be read: pass your own",
        ),
        ("tokenizer_config.json", b'{"chat_template": {"tool_use": "x"}}', "no default chat template that can be read"),
        ("tokenizer_config.json", b"[" * 10**6, "tokenizer_config.json cannot be read; convert or download the model"),
        ("chat_template.jinja", b"\xff\xfe", "is not text: convert or download the model again."),
    ],
)
def test_a_broken_file_of_the_template_is_named_in_one_sentence(file, content, message, tmp_path):
    write_tokenizer(tmp_path)
    (tmp_path / file).write_bytes(content)
    for find in (chat_template, template_for):
        with pytest.raises(ValueError, match=r"^[^\n]*$") as broken:
            find(tmp_path)
        assert message in str(broken.value)
        assert str(tmp_path) in str(broken.value)
