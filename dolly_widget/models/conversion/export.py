"""A Hugging Face checkpoint on disk becomes OpenVINO files, with Optimum Intel.

It takes memory, and so runs in a child process. Knows nothing of the hub, the store or other processes. Needs the
`optimum` extra.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.models.conversion import compression, tokenizer_files
from dolly_widget.models.conversion.exporters import TASK
from dolly_widget.models.conversion.fit import unfit_weights_refused
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, Progress

if TYPE_CHECKING:
    from optimum.intel import OVWeightQuantizationConfig


def export(
    checkpoint: Path,
    target: Path,
    weight_format: WeightFormat,
    on_progress: OnProgress,
    *,
    uncompressed: Callable[[Path, Path, str, OnProgress], None] | None = None,
) -> None:
    """Write ``checkpoint`` as OpenVINO files into the empty directory ``target``: model and tokenizer in both forms.

    Weights are compressed to ``weight_format`` without data. ``on_progress`` gets the stages load, export, compress and
    write. Takes, beside ``target``, the disk space of the uncompressed model for a while. ``uncompressed`` replaces
    what loads and exports (checkpoint, target, dtype, on_progress). Raises what the libraries do.
    """
    on_progress(Progress("load"))
    tokenizer = target / "tokenizer"
    tokenizer_files.write(checkpoint, tokenizer, on_progress)  # what fails here, fails before the work of minutes
    uncompressed = uncompressed or _export_uncompressed
    if weight_format.name == "fp16":
        uncompressed(checkpoint, target, "fp16", on_progress)
    else:
        plain = target / "uncompressed"
        uncompressed(checkpoint, plain, "auto", on_progress)
        _compress(plain, target, _quantization(weight_format), on_progress)
        shutil.rmtree(plain)
    for path in tokenizer.iterdir():
        path.replace(target / path.name)  # the export has written some of them, too
    tokenizer.rmdir()


def _export_uncompressed(checkpoint: Path, target: Path, dtype: str, on_progress: OnProgress) -> None:
    from optimum.exporters.openvino import main_export
    from optimum.intel import OVConfig

    from dolly_widget.models.conversion.constants import kept_in_float32

    loaded = unfit_weights_refused(lambda: on_progress(Progress("export")))
    with _loading_reported(on_progress), loaded, kept_in_float32(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about the model's own code
        main_export(
            str(checkpoint),
            target,
            task=TASK,
            library_name="transformers",
            local_files_only=True,
            ov_config=OVConfig(dtype=dtype),
        )


@contextmanager
def _loading_reported(on_progress: OnProgress) -> Iterator[None]:
    """Report the loading of weights by transformers' own progress bar. Version 4 has no hook for that."""
    from transformers.utils import logging

    if not hasattr(logging, "set_tqdm_hook"):
        yield
        return
    before = logging.set_tqdm_hook(lambda factory, args, kwargs: _LoadingBar(on_progress, *args, **kwargs))
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)


class _LoadingBar:
    """Stands in for a tqdm bar."""

    def __init__(self, on_progress: OnProgress, iterable: Any = (), *, total: int | None = None, **_: Any) -> None:
        self._on_progress = on_progress
        self._iterable = iterable
        self._total = total if total is not None else len(iterable)
        self._count = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self._iterable:
            yield item
            self.update()

    def update(self, count: int = 1) -> None:
        self._count += count
        self._on_progress(Progress("load", min(1.0, self._count / max(1, self._total))))

    def __enter__(self) -> _LoadingBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None  # set_description, close and what else a bar may be told


def _quantization(weight_format: WeightFormat) -> OVWeightQuantizationConfig:
    from optimum.intel import OVWeightQuantizationConfig

    if weight_format.name == "int8":
        return OVWeightQuantizationConfig(bits=8, sym=False)
    return OVWeightQuantizationConfig(
        bits=4,
        sym=False,
        group_size=weight_format.group_size,
        ratio=weight_format.ratio,
        group_size_fallback="adjust",  # a row that the group size does not divide gets smaller groups
    )


def _compress(plain: Path, target: Path, quantization: OVWeightQuantizationConfig, on_progress: OnProgress) -> None:
    from optimum.intel import OVModelForCausalLM

    on_progress(Progress("compress"))
    with compression.watched(plain, on_progress):
        model = OVModelForCausalLM.from_pretrained(
            plain, compile=False, local_files_only=True, quantization_config=quantization
        )
    on_progress(Progress("write"))
    model.save_pretrained(target)
    (target / "openvino_config.json").unlink()  # holds the path of the checkpoint, and nothing that loading needs
