"""Who takes part. A peer's process is started with the name of its answerer and the path of its files."""

from dataclasses import dataclass

from dolly_widget.engines.bounds import CANDIDATES


@dataclass(frozen=True)
class Peer:
    """One row of the table."""

    name: str
    title: str
    answerer: str
    """Module of `contest.answerers`."""
    files: str
    """What kind of files it runs on: see `Workshop.prepare`."""
    memory: float = 1.1
    """What it holds, by the size of those files."""
    top_k: int = 0
    settings: tuple[str, ...] = ("greedy", "defaults")

    @property
    def process(self) -> tuple[str, str]:
        """Peers with the same one share a process, and the model in it."""
        return self.answerer, self.files


# What all groups have in common, and what ratios are formed with.
REFERENCE = "ours"
# Those that the targets compare come first: they are then in the first group.
PEERS = {
    each.name: each
    for each in (
        Peer("ours", "ours, the engine alone", "ours", "int8"),
        Peer("widget", "ours, the whole widget", "notebook", "int8"),
        Peer("origin", "Optimum Intel + streamer", "origin", "int8"),
        Peer("genai", f"OpenVINO GenAI bare, top-k {CANDIDATES:,}", "genai", "int8", top_k=CANDIDATES),
        Peer("genai-top-k-0", "OpenVINO GenAI bare, top-k 0", "genai", "int8", settings=("defaults",)),
        Peer("llama-q8", "llama.cpp Q8_0", "llama", "Q8_0"),
        Peer("ours-int4", "ours, the engine alone, INT4", "ours", "int4"),
        Peer("llama-q4", "llama.cpp Q4_K_M", "llama", "Q4_K_M"),
        Peer("torch-bf16", "transformers on PyTorch, bfloat16", "torch_bfloat16", "checkpoint"),
        # The checkpoint has 16 bits.
        Peer("torch-fp32", "transformers on PyTorch, float32", "torch_float32", "checkpoint", memory=2.1),
    )
}
