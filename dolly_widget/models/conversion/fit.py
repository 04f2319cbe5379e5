"""Whether a checkpoint's weights are those of its model, by their names.

transformers fills a weight that it misses with random numbers, leaves out one that it does not know, and only warns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

# Not weights: what older versions of transformers wrote beside them, and what a language model leaves out by intent:
# masks, frequencies, positions; the value head of reinforcement learning; layers that guess several tokens at once.
_HARMLESS = re.compile(
    r"\.(?:attn|attention|self_attn|self_attention)\.(?:attention\.)?(?:bias|masked_bias|causal_mask|embed_positions)$"
    r"|(?:^|\.)(?:rotary_emb|rotary_pos_emb|rope)\.(?:inv_freq|freqs|cos_cached|sin_cached)$"
    r"|(?:^|\.)position_ids$|embed_positions\.(?:_float_tensor|weights)$"
    r"|^v_head\.|^(?:model\.)?mtp\."
)
_SHOWN = 3


class UnfitWeightsError(Exception):
    """Weights that are not those of the model. The message is the reason, for the end of a sentence."""


@contextmanager
def unfit_weights_refused(on_loaded: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Meanwhile, loading a model whose weights do not fit it raises UnfitWeightsError; ``on_loaded`` hears of others.

    Judged by what transformers reports of the load itself, after its renamings, its tied weights and its exceptions.
    """
    from transformers import PreTrainedModel

    model_class: Any = PreTrainedModel
    original = model_class.__dict__["from_pretrained"]

    def from_pretrained(cls: type, *args: Any, **options: Any) -> Any:
        model, report = original.__func__(cls, *args, **{**options, "output_loading_info": True})
        check(report["missing_keys"], report["unexpected_keys"])
        on_loaded()
        return model

    model_class.from_pretrained = classmethod(from_pretrained)
    try:
        yield
    finally:
        model_class.from_pretrained = original


def check(missing: Collection[str], unexpected: Collection[str]) -> None:
    """Raise UnfitWeightsError, with the names, where one of the two is not empty, apart from what is harmless."""
    unexpected = [name for name in unexpected if not _HARMLESS.search(name)]
    parts = [f"{some(names)} {what}" for names, what in ((missing, "missing"), (unexpected, "unexpected")) if names]
    if parts:
        raise UnfitWeightsError(
            f"its weights do not fit its config.json ({'; '.join(parts)}); download it again, or save it again with "
            "save_pretrained"
        )


def some(names: Collection[str]) -> str:
    """A few of the names, which come from a file, and how many more there are."""
    shown = [re.sub(r"[^\x21-\x7e]", "?", name)[:80] for name in sorted(names)[:_SHOWN]]
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    *first, last = [*shown, *more]
    return f"{', '.join(first)} and {last} are" if first else f"{last} is"
