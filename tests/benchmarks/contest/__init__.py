"""The parts of `python tests/benchmarks/peers.py`: who takes part, what is prepared, who runs when, what comes out."""
