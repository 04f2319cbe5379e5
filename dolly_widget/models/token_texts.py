"""The texts of a model's tokens as OpenVINO GenAI needs them, to hold an answer to a grammar.

GenAI reads them from ``openvino_detokenizer.xml``. Without the texts of the tokens, no grammar can choose among them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.models.model import Model

if TYPE_CHECKING:
    import openvino as ov

_NAME = "openvino_detokenizer.xml"


def has_token_texts(directory: Path) -> bool:
    """Whether a model's directory says the texts of its tokens in GenAI's form."""
    return (directory / _NAME).is_file()


def write_token_texts(directory: Path) -> None:
    """Write them for the model in ``directory``, from its ``tokenizer.json``. Raises OSError where the disk is full."""
    import openvino as ov

    ov.save_model(_decoder(Model(directory)), directory / _NAME, compress_to_fp16=False)


def _decoder(model: Model) -> ov.Model:
    """From ids, int64 (batch, length), to texts, by a table of bytes; special tokens are no text."""
    import numpy as np
    import openvino as ov
    from openvino import opset13 as ops
    from openvino_tokenizers.tokenizer_pipeline import FuseStep, TokenizerPipeline, VocabDecoderStep

    size, tokenizer = model.vocab_size, model.tokenizer
    special = [token_id for token_id in range(size) if tokenizer.is_special(token_id)]
    steps: Any = [VocabDecoderStep(_spelled(model), special or [size]), FuseStep()]
    pipeline = TokenizerPipeline()
    pipeline.add_steps(steps)
    graph = pipeline.get_detokenizer_ov_subgraph()
    ids = ops.parameter([-1, -1], np.int64)  # GenAI hands over int64, and the step takes int32
    narrow = ops.convert(ids, "i32")
    for target in list(graph.get_parameters()[0].output(0).get_target_inputs()):
        target.replace_source_output(narrow.output(0))
    return ov.Model(graph.get_results(), [ids], "detokenizer")


def _spelled(model: Model) -> list[bytes]:
    """Bytes of each token; none where it has no text."""
    spelled = [b""] * model.vocab_size
    for piece, token_ids in model.tokenizer.ids_by_bytes.items():
        for token_id in token_ids:
            if token_id < len(spelled):
                spelled[token_id] = piece
    return spelled
