"""The prompt template that a model's files ask for. Reads files; renders nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dolly_widget.text import DOLLY, PLAIN, TEMPLATE_ADVICE, ChatTemplate, PromptTemplate, read_json


def chat_template(model_dir: Path) -> PromptTemplate:
    """Return the model's own chat template, from ``chat_template.jinja`` or ``tokenizer_config.json`` beside it.

    Raises ValueError if there is none, or where it cannot be used.
    """
    template = _find_chat_template(Path(model_dir))
    if template is None:
        raise ValueError(f"{model_dir} has no chat template: {TEMPLATE_ADVICE}")
    return template


def _find_chat_template(model_dir: Path) -> ChatTemplate | None:
    config = _read_settings(model_dir / "tokenizer_config.json")
    sources = _template_files(model_dir) or _configured_templates(config.get("chat_template"))
    if not any(sources.values()):
        return None
    source = sources.get("default")
    if not isinstance(source, str):
        raise ValueError(f"{model_dir} has no default chat template that can be read: {TEMPLATE_ADVICE}")
    tokens = _special_tokens(config, model_dir)
    stop = tuple(filter(None, [tokens.get("eos_token")]))
    template = ChatTemplate(stop=stop, source=source, special_tokens=tuple(tokens.items()))
    template.render("Hello")  # one that cannot be used is refused here, not at the first question
    return template


def _template_files(model_dir: Path) -> dict[str, str]:
    # Source: transformers 5.5, PreTrainedTokenizerBase._from_pretrained: files come before what the config says.
    paths = [("default", model_dir / "chat_template.jinja")]
    paths += [(path.stem, path) for path in sorted((model_dir / "additional_chat_templates").glob("*.jinja"))]
    try:
        return {name: path.read_text(encoding="utf-8") for name, path in paths if path.is_file()}
    except UnicodeDecodeError as exc:
        raise ValueError(f"A chat template of {model_dir} is not text: convert or download the model again.") from exc


def _configured_templates(entry: Any) -> dict[str, Any]:
    if isinstance(entry, list) and all(isinstance(item, dict) for item in entry):
        return {str(item.get("name")): item.get("template") for item in entry}
    return entry if isinstance(entry, dict) else {"default": entry}


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
    if not path.is_file():
        return {}
    try:
        settings = read_json(path)
    except ValueError as exc:
        raise ValueError(f"{path} cannot be read; convert or download the model again.") from exc
    if not isinstance(settings, dict):
        raise ValueError(f"{path} contains no settings; convert or download the model again.")
    return settings


def template_for(model_dir: Path) -> PromptTemplate:
    """Return the template that a model was taught: DOLLY where its tokenizer has ``### End``; its chat template; PLAIN.

    Raises FileNotFoundError where ``tokenizer.json`` is missing, ValueError where a file of the template's is broken.
    """
    path = Path(model_dir) / "tokenizer.json"
    try:
        contents = {token["content"] for token in read_json(path).get("added_tokens", [])}
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"{path} is not a tokenizer that can be read; convert or download the model again.") from exc
    return DOLLY if contents & set(DOLLY.stop) else _find_chat_template(Path(model_dir)) or PLAIN
