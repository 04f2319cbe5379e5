"""llama.cpp's own server over the demonstration model. Needs the package xllamacpp; runs in a process of its own."""

import json
import sys
from contextlib import contextmanager
from importlib.util import find_spec

from llama_child import listening

IS_INSTALLED = find_spec("xllamacpp") is not None
NEEDS_IT = "the remote engine is tried with llama.cpp's server: `python -m pip install xllamacpp`"
_CONTROL, _NORMAL = 3, 1


def write_demo_gguf(path):
    """The demonstration model's checkpoint as a GGUF file, its weights in F16 and F32."""
    import gguf
    import numpy as np
    from gguf_checkpoints import _settings, _tensors
    from safetensors.numpy import load_file

    from dolly_widget.models import DEMO_CHECKPOINT

    config = json.loads((DEMO_CHECKPOINT / "config.json").read_text())
    writer = gguf.GGUFWriter(path, "gptneox")
    for key, value in _settings("gptneox", config).items():
        kind = {bool: "bool", int: "uint32", float: "float32", str: "string"}[type(value)]
        getattr(writer, f"add_{kind}")(f"gptneox.{key}", value)
    _add_tokenizer(writer, json.loads((DEMO_CHECKPOINT / "tokenizer.json").read_text()), config["vocab_size"])
    for name, values in _tensors("gptneox", config, load_file(DEMO_CHECKPOINT / "model.safetensors")):
        writer.add_tensor(name, values.astype(np.float16 if values.ndim > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer, tokenizer, size):
    added = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    tokens = {token_id: text for text, token_id in tokenizer["model"]["vocab"].items()} | added
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([tokens[token_id] for token_id in range(size)])
    writer.add_token_types([_CONTROL if token_id in added else _NORMAL for token_id in range(size)])
    writer.add_token_merges(
        [" ".join(pair) if isinstance(pair, list) else pair for pair in tokenizer["model"]["merges"]]
    )
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(False)


@contextmanager
def llama_server(path, n_ctx=2048, n_parallel=2):
    """Where llama.cpp serves a GGUF file: "http://127.0.0.1:…". RuntimeError, with its log, where it does not."""
    command = [sys.executable, __file__, str(path), str(n_ctx), str(n_parallel)]
    with listening(command, RuntimeError) as address:
        yield address


def _serve(path, n_ctx, n_parallel):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = int(n_ctx) * int(n_parallel)
    params.n_parallel = int(n_parallel)
    params.port = 0
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
