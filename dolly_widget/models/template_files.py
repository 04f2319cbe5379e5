"""The prompt template that a model's files ask for. Reads files; knows no jinja."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from dolly_widget.models.info import read_settings
from dolly_widget.models.template_check import require_harmless
from dolly_widget.text import DOLLY, PLAIN, TEMPLATE_ADVICE, ChatTemplate, PromptTemplate, end_of_turn, read_json

_LONGEST_FILE = 1_000_000
"""Characters, more than a chat template may have."""


def chat_template(model_dir: Path) -> PromptTemplate:
    """Return the model's own chat template, from ``chat_template.jinja`` or ``tokenizer_config.json`` beside it.

    Raises ValueError if there is none, or where it cannot be used.
    """
    model_dir = Path(model_dir)
    has_tokenizer = (model_dir / "tokenizer.json").is_file()
    template = _find_chat_template(model_dir, _added_tokens(model_dir) if has_tokenizer else {})
    if template is None:
        raise ValueError(f"{model_dir} has no chat template: {TEMPLATE_ADVICE}")
    return template


def check_chat_template(model_dir: Path, stop: threading.Event) -> None:
    """Render a model's chat template where it can be ended; from then on, ``template_for`` does not wait.

    Setting ``stop`` ends it at once, with ModelError. Raises ValueError for a template that had to be ended.
    """
    try:
        template = _read_chat_template(Path(model_dir))
    except ValueError:  # a broken file: who needs it says so
        return
    if template is not None:
        require_harmless(template, stop)


def _find_chat_template(model_dir: Path, added_tokens: dict[str, bool]) -> ChatTemplate | None:
    """The model's chat template, with all that ends an answer of it."""
    template = _read_chat_template(model_dir)
    if template is None:
        return None
    require_harmless(template)
    template.render("Hello")  # one that cannot be used is refused here, not at the first question
    end = end_of_turn(template, [text for text, is_special in added_tokens.items() if is_special])
    return template if end is None or end in template.stop else replace(template, stop=(*template.stop, end))


def _read_chat_template(model_dir: Path) -> ChatTemplate | None:
    """The model's chat template, as its files have it."""
    config = _read_settings(model_dir / "tokenizer_config.json")
    sources = _template_files(model_dir) or _configured_templates(config.get("chat_template"))
    if not any(sources.values()):
        return None
    source = sources.get("default")
    if not isinstance(source, str):
        raise ValueError(f"{model_dir} has no default chat template that can be read: {TEMPLATE_ADVICE}")
    tokens = _special_tokens(config, model_dir)
    stop = tuple(filter(None, [tokens.get("eos_token")]))
    return ChatTemplate(stop=stop, source=source, special_tokens=tuple(tokens.items()))


def _template_files(model_dir: Path) -> dict[str, str]:
    # Source: transformers 5.5, PreTrainedTokenizerBase._from_pretrained: files come before what the config says.
    paths = [("default", model_dir / "chat_template.jinja")]
    paths += [(path.stem, path) for path in sorted((model_dir / "additional_chat_templates").glob("*.jinja"))]
    return {name: _template_text(path) if name == "default" else name for name, path in paths if path.is_file()}


def _template_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LONGEST_FILE)  # a longer one is refused when it is rendered
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path} is not text: convert or download the model again.") from exc


def _configured_templates(entry: Any) -> dict[str, Any]:
    if isinstance(entry, list) and all(isinstance(item, dict) for item in entry):
        return {str(item.get("name")): item.get("template") for item in entry}
    return entry if isinstance(entry, dict) else {"default": entry}


def end_token(model_dir: Path) -> str | None:
    """Text of the token that ends a text by the tokenizer's settings (``eos_token``); None where they name none.

    Raises ValueError where they cannot be read.
    """
    return _special_tokens(_read_settings(Path(model_dir) / "tokenizer_config.json"), Path(model_dir)).get("eos_token")


def _special_tokens(config: dict[str, Any], model_dir: Path) -> dict[str, str]:
    """Texts of the special tokens by name, as transformers hands them to a template."""
    settings = dict(config)
    if "added_tokens_decoder" not in settings:  # an older tokenizer: its tokens are in a file of their own
        settings |= _read_settings(model_dir / "special_tokens_map.json")
    tokens = {name: value for name, value in settings.items() if name.endswith("_token")}
    for more in ("extra_special_tokens", "model_specific_special_tokens"):
        tokens |= settings[more] if isinstance(settings.get(more), dict) else {}
    texts = {name: value.get("content") if isinstance(value, dict) else value for name, value in tokens.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _read_settings(path: Path) -> dict[str, Any]:
    """The settings of a file; none where it is missing. Raises ValueError where it cannot be read."""
    return read_settings(path) if path.is_file() else {}


def template_for(model_dir: Path) -> PromptTemplate:
    """Return the template that a model was taught: DOLLY where its tokenizer has ``### End``; its chat template; PLAIN.

    Raises FileNotFoundError where ``tokenizer.json`` is missing, ValueError where a file of the template's is broken or
    the chat template cannot be used.
    """
    added_tokens = _added_tokens(Path(model_dir))
    if added_tokens.keys() & set(DOLLY.stop):
        return DOLLY
    return _find_chat_template(Path(model_dir), added_tokens) or PLAIN


def _added_tokens(model_dir: Path) -> dict[str, bool]:
    """The tokens that a tokenizer has beside its vocabulary, and whether each is special."""
    path = model_dir / "tokenizer.json"
    try:
        tokens = read_json(path).get("added_tokens", [])
        return {token["content"]: bool(token.get("special")) for token in tokens}
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"{path} is not a tokenizer that can be read; convert or download the model again.") from exc
