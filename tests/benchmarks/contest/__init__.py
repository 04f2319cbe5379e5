"""The parts of `python tests/bench/peers.py`: who takes part, what is prepared, who runs when, and what comes out."""
