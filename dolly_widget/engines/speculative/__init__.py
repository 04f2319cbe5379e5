"""Several tokens for one reading of the weights, by guessing. Knows the other engines by their protocol."""
