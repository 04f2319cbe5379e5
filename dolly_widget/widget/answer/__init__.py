"""Where an answer is read."""
