"""SmolLM2 loaded once for each process of a run."""

import pytest
from real_engines import share
from real_weights import LIMIT_S

# Rounded to 8 or 16 bits, two nearly equal tokens change places with the order of the additions.
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}


@pytest.fixture(scope="session")
def engine(smollm2):
    """A lease on the default engine in full precision."""
    engine = share(smollm2, device="CPU", ov_config=EXACT)
    yield engine
    engine.close()


@pytest.fixture
def make(engine, smollm2_cache):
    """``make(**options)``: DollyWidget("smollm2"), whose engine is the one that is loaded; greedy unless told."""
    from dolly_widget import DollyWidget

    made = []

    def make_widget(**options):
        made.append(DollyWidget("smollm2", **{"device": "CPU", "ov_config": EXACT, **options}))
        made[-1].wait(LIMIT_S)
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()
