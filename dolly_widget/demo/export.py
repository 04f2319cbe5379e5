"""Make the demo model's OpenVINO files from its checkpoint: `python -m dolly_widget.demo.export`.

Needs the `optimum` extra. Weights are compressed to INT8, data-free, as for a model of Dolly's size.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from dolly_widget.demo import CHECKPOINT_DIR, OPENVINO_DIR


def export(checkpoint: Path, target: Path) -> None:
    """Convert ``checkpoint`` with Optimum Intel into ``target``: the model, and the tokenizer in both forms."""
    import openvino as ov
    from openvino_tokenizers import convert_tokenizer
    from optimum.intel import OVModelForCausalLM, OVWeightQuantizationConfig
    from transformers import AutoTokenizer

    model = OVModelForCausalLM.from_pretrained(
        checkpoint,
        export=True,
        compile=False,
        quantization_config=OVWeightQuantizationConfig(bits=8, sym=False),
        local_files_only=True,
    )
    model.save_pretrained(target)
    (target / "openvino_config.json").unlink()  # holds the path of the checkpoint, and nothing that loading needs
    for name in ("tokenizer.json", "tokenizer_config.json"):  # as they are: transformers would write them anew
        shutil.copyfile(checkpoint / name, target / name)
    backend = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    for part, name in zip(convert_tokenizer(backend, with_detokenizer=True), ("tokenizer", "detokenizer"), strict=True):
        ov.save_model(part, target / f"openvino_{name}.xml")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT_DIR)
    parser.add_argument("--out", type=Path, default=OPENVINO_DIR)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.out)
