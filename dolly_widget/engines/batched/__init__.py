"""Many answers at a time of one model, on OpenVINO GenAI's continuous batching. Knows no prompt and no template."""
