"""Where a model is chosen, and its conversion watched."""
