"""One instruction, the answer that it got, and what it takes to ask again. Pure values: no files, no widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dolly_widget.engines import GenerationResult
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, PromptTemplate, Turn


@dataclass(frozen=True)
class Setup:
    """What it takes to make the same widget again."""

    model: str
    """As the user named it: "demo", an id of the hub, a directory."""
    revision: str | None = None
    """Of a hub model: the commit that was used, where it is known; else what was asked for."""
    weight_format: str = ""
    """What it was converted to, as ``str(WeightFormat)`` writes it; "" where its files are used as they are."""
    device: str = "AUTO"
    engine: str = "genai"
    template: PromptTemplate | None = None
    """What replaced the model's own template; None: nothing."""
    ov_config: tuple[tuple[str, Any], ...] = ()
    """OpenVINO properties; the values are texts, numbers and truth values."""
    template_name: str = ""
    """Name of the template that was used, be it the model's own."""
    prompt_lookup: bool = False
    draft: str = ""
    """The smaller model that wrote ahead, as the user named it; "": none."""


@dataclass(frozen=True)
class Exchange:
    """One instruction and the answer that it got."""

    instruction: str
    context: str
    params: SamplingParams
    result: GenerationResult
    prompt: Prompt = field(default=Prompt(()), repr=False)
    """What the instruction became; empty where it was stopped before there was a model."""
    model_dir: Path | None = field(default=None, repr=False, compare=False)
    """The files of the model that answered, on this machine."""
    setup: Setup | None = field(default=None, repr=False)
    """What answered; None where that cannot be made again from names: a given engine, a template of an own kind."""
    turns: tuple[Turn, ...] = field(default=(), repr=False)
    """Earlier turns of the chat, which the prompt holds."""

    @property
    def asked(self) -> tuple[str, str, SamplingParams]:
        """What was asked, and with which settings."""
        return self.instruction, self.context, self.params

    @property
    def turns_after(self) -> tuple[Turn, ...]:
        """What was said up to the end of this answer; one that is empty is no turn."""
        own = (Turn(self.instruction, self.context, self.result.text),) if self.result.text else ()
        return (*self.turns, *own)

    @property
    def model_name(self) -> str:
        """What to call the model: as the user named it, or else its directory's name; "" where there was none."""
        if self.setup is not None:
            return self.setup.model
        return "" if self.model_dir is None else self.model_dir.name
