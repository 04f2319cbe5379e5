"""The tokens of an answer, coloured."""
