"""Where a question is written, and the prompt that it becomes."""
