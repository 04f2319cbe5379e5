"""Models for tests of the lens: of an engine only where its files are, and graphs that say what a test wants."""

import shutil

import numpy as np

from dolly_widget.models import Model


class Files:
    """Of an engine, only what the lens asks it for."""

    def __init__(self, model_dir, device="CPU"):
        self.model, self.device = Model(model_dir), device


def echo(demo_dir, model_dir, length=-1, added=None):
    """A model whose only input is the ids, which follow themselves; ``length`` is how many it takes, -1 any number.

    ``added``, {id: number}, is added to all logits that follow the id. The model has no cache.
    """
    import openvino as ov
    from openvino import opset13 as ops

    ids = ops.parameter([-1, length], np.int64, name="input_ids")
    ids.output(0).set_names({"input_ids"})
    one_hot = ops.one_hot(ids, ops.constant(4096), ops.constant(np.float32(1)), ops.constant(np.float32(0)), axis=-1)
    table = np.zeros((4096, 1), dtype=np.float32)
    for token_id, number in (added or {}).items():
        table[token_id] = number
    logits = ops.add(one_hot, ops.gather(ops.constant(table), ids, ops.constant(0)))
    logits.output(0).set_names({"logits"})
    shutil.copytree(demo_dir, model_dir, ignore=shutil.ignore_patterns("openvino_model.*"))
    ov.save_model(ov.Model([logits], [ids], "echo"), model_dir / "openvino_model.xml", compress_to_fp16=False)
    return Files(model_dir)
