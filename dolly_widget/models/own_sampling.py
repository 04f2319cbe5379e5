"""The sampling settings that a model's makers publish for it, in its ``generation_config.json``. Reads no files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dolly_widget.sampling import DEFAULTS, SETTINGS, SHAPING, SamplingParams, with_changes


def own_sampling(generation_config: Mapping[str, Any]) -> SamplingParams:
    """The project's defaults, with what the settings of a model say instead where they say ``"do_sample": true``.

    Without it, transformers takes no notice of them either. A value that is none, or out of range, is left out.
    """
    return with_changes(DEFAULTS, usable(generation_config) if generation_config.get("do_sample") is True else {})


def usable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that are a sampling setting's, by its name, and can be taken."""
    checked = {name: _checked(name, values.get(name)) for name in SHAPING}
    return {name: value for name, value in checked.items() if value is not None}


def _checked(name: str, value: Any) -> Any:
    """The value as it is kept; None for one that cannot be taken. Decimals beyond the tenth are noise."""
    try:
        plain = SETTINGS[name].checked(name, value)
        return SETTINGS[name].checked(name, round(plain, 10) or plain)
    except (TypeError, ValueError):
        return None
