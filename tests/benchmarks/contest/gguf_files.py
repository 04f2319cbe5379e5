"""A GPT-NeoX checkpoint as GGUF files for llama.cpp, and llama.cpp itself, in a folder of its own.

What goes where follows llama.cpp's convert_hf_to_gguf.py (class GPTNeoXModel) and gguf-py's tensor names.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Numbers of llama.h's enum llama_ftype.
FILE_TYPES = {"Q8_0": 7, "Q4_K_M": 15}


def install_llama(folder: Path, wheel: Path | None) -> None:
    """Install llama-cpp-python, built here for this processor unless a wheel is given; minutes the first time.

    Without what it depends on: the environment that measures has that. Raises RuntimeError where it does not build.
    """
    if (folder / "llama_cpp").is_dir():
        return
    packages = ["gguf", "diskcache", str(wheel or "llama-cpp-python")]
    command = [sys.executable, "-m", "pip", "install", "--target", str(folder), "--no-deps"]
    run = subprocess.run([*command, "--no-binary", "llama-cpp-python", *packages], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"llama-cpp-python could not be installed: {run.stderr.strip().splitlines()[-1]}")


def use_llama(folder: Path) -> None:
    """Make it importable, behind all that is installed."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def make_gguf(checkpoint: Path, llama_folder: Path, target: Path, file_type: str) -> Path:
    """Write ``target`` in one of FILE_TYPES, by way of a file of the checkpoint's own precision that is kept beside."""
    if target.is_file():
        return target
    use_llama(llama_folder)
    whole = target.with_name("whole.gguf")
    if not whole.is_file():
        _write(checkpoint, whole.with_suffix(".unfinished"), _write_tensor)
        whole.with_suffix(".unfinished").rename(whole)
    _quantize(whole, target.with_suffix(".unfinished"), FILE_TYPES[file_type])
    target.with_suffix(".unfinished").rename(target)
    return target


def make_q8_gguf(checkpoint: Path, target: Path) -> Path:
    """Write ``target`` with matrices in Q8_0 by gguf's own arithmetic: without llama.cpp."""
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".unfinished")
        _write(checkpoint, unfinished, _write_q8_tensor)
        unfinished.rename(target)
    return target


def forget_whole(folder: Path) -> None:
    """Remove the file of full precision: it is as large as the checkpoint."""
    (folder / "whole.gguf").unlink(missing_ok=True)


def _write(checkpoint: Path, target: Path, write_tensor: Callable[[Any, str, Any], None]) -> None:
    import gguf

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(target, "gptneox")
    _write_sizes(writer, config)
    _write_vocabulary(writer, config["vocab_size"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPTNEOX, config["num_hidden_layers"])
    for name, tensor in _tensors(checkpoint, config["num_attention_heads"]):
        known = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if known is None:
            raise RuntimeError(f"llama.cpp has no name for {name}.")
        write_tensor(writer, known, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_sizes(writer: Any, config: dict[str, Any]) -> None:
    head_size = config["hidden_size"] // config["num_attention_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_rope_dimension_count(int(config["rope_parameters"]["partial_rotary_factor"] * head_size))
    writer.add_head_count(config["num_attention_heads"])
    writer.add_parallel_residual(config["use_parallel_residual"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])


def _write_vocabulary(writer: Any, size: int) -> None:
    """Placeholders: ids are what goes in and comes out. One merge, since there must be some."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"t{token_id}" for token_id in range(size)])
    writer.add_token_merges(["t 1"])


def _tensors(checkpoint: Path, heads: int) -> Iterator[tuple[str, Any]]:
    """Names and weights; in those for attention, q, k and v of each head become all q, all k, all v."""
    import torch
    from safetensors import safe_open

    with safe_open(checkpoint / "model.safetensors", framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118  # it is no mapping
            tensor = opened.get_tensor(name)
            if ".query_key_value." in name:
                by_head = tensor.reshape(heads, 3, -1, *tensor.shape[1:])
                tensor = torch.cat([by_head[:, part].reshape(-1, *tensor.shape[1:]) for part in range(3)])
            yield name, tensor


def _write_tensor(writer: Any, name: str, tensor: Any) -> None:
    """As it is, in 16 bits; vectors in 32, which llama.cpp wants."""
    import gguf
    import torch

    if tensor.dim() == 1:
        writer.add_tensor(name, tensor.float().numpy())
    elif tensor.dtype == torch.bfloat16:
        kind = gguf.GGMLQuantizationType.BF16
        writer.add_tensor(name, tensor.contiguous().view(torch.uint8).numpy(), raw_dtype=kind)
    else:
        writer.add_tensor(name, tensor.half().numpy())


def _write_q8_tensor(writer: Any, name: str, tensor: Any) -> None:
    import gguf

    if tensor.dim() == 1:
        _write_tensor(writer, name, tensor)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(tensor.float().numpy(), kind), raw_dtype=kind)


def _quantize(source: Path, target: Path, file_type: int) -> None:
    import llama_cpp

    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = file_type
    settings.nthread = os.cpu_count() or 1
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(settings)):
        raise RuntimeError(f"llama.cpp could not quantize {source}.")
