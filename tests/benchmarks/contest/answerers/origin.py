"""What the origin notebook runs: Optimum Intel's model on the same OpenVINO files, with a streamer."""

from optimum.intel import OVModelForCausalLM

from contest.answerers.hugging_face import HuggingFaceAnswerer

# As the notebook loads it.
OV_CONFIG = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "CACHE_DIR": ""}


class Answerer(HuggingFaceAnswerer):
    """See `answerers`."""

    def __init__(self, path: str, is_random: bool) -> None:
        super().__init__(OVModelForCausalLM.from_pretrained(path, device="CPU", ov_config=OV_CONFIG), path)
