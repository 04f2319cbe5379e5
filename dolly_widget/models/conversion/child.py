"""The child process that makes a model ready: `python -m dolly_widget.models.conversion.child`, started by `convert`.

It holds the lock of what it makes, so that no other process writes there while it lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget import __version__
from dolly_widget.models import attention, store
from dolly_widget.models.conversion import needs, verification, worker
from dolly_widget.models.entry import LICENCE, TITLE
from dolly_widget.models.graph_signature import check_generates
from dolly_widget.models.info import check_files
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.kinds.kind import Source
from dolly_widget.models.title import title_of
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import Job, OnProgress, Progress


def main() -> None:
    """Serve the one request; exit code 0 when it was answered, with a result or with a sentence."""
    worker.serve(_work, needs.sentence)


def _work(request: dict[str, Any], on_progress: OnProgress) -> str:
    return str(
        prepare(
            request["model"],
            WeightFormat(**request["weight_format"]),
            request["revision"],
            on_progress,
            install_exporter=request["install_exporter"],
        )
    )


def prepare(
    model: str, weight_format: WeightFormat, revision: str, on_progress: OnProgress, *, install_exporter: bool = False
) -> Path:
    """Return the directory of ``model`` in the store, made now where it is not there yet. Raises ModelError."""
    on_progress(Progress("plan"))
    source = kind_of(model).source(model, revision)
    key = source.key(weight_format)
    with store.making(key, on_wait=lambda: on_progress(Progress("wait"))) as staging:
        entry = store.get(key)
        if entry is None:
            others = source.make(staging, weight_format, on_progress, install_exporter=install_exporter)
            on_progress(Progress("check"))
            check_files(staging)
            check_generates(staging)
            described = Job(lambda _: store.describe(staging), name="dolly-digests")  # seconds for a large model
            facts = {attention.MANIFEST_KEY: verification.verify(staging, on_progress), **_words(key, source)}
            tools = {**_tools(), **others}
            entry = store.publish(staging, key, source.revision, tools, described.wait(), **facts)
    return entry.path


def _words(key: store.Key, source: Source) -> dict[str, str]:
    """The licence, where one is stated, and what to call a model that was made from a path: later, it may be gone."""
    title = {TITLE: title_of(key.model_id)} if Path(key.model_id).is_absolute() else {}
    return {**title, LICENCE: source.licence} if source.licence else title


def _tools() -> Mapping[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"dolly-widget": __version__}
    for name in ("openvino", "openvino-genai", "optimum-intel", "nncf", "transformers", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


if __name__ == "__main__":
    main()
