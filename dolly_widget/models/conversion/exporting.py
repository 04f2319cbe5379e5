"""The process that exports with another transformers: `python -m dolly_widget.models.conversion.exporting`.

It is started by `export`, with that version's directory before all others, for the steps that need it: loading the
weights, tracing, and writing the uncompressed model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import making, needs, worker
from dolly_widget.runtime import OnProgress


def main() -> None:
    """Serve the one request."""
    worker.serve(_export, needs.sentence)


def _export(request: dict[str, Any], on_progress: OnProgress) -> str:
    import transformers

    from dolly_widget.models.conversion.export import _export_uncompressed

    if transformers.__version__ != request["version"]:
        raise ModelError(
            f"Python finds transformers {transformers.__version__} in {Path(transformers.__file__).parent}, before the "
            f"{request['version']} that the export needs: start from another directory."
        )
    checkpoint, target = Path(request["checkpoint"]), Path(request["target"])
    with making.faults_described(request["subject"], target.parent):
        _export_uncompressed(checkpoint, target, request["dtype"], on_progress)
    return str(target)


if __name__ == "__main__":
    main()
