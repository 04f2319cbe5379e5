"""The names of a model's files. Reads none of them."""

WEIGHT_FILES = ("openvino_model.xml", "openvino_model.bin")
REQUIRED_FILES = (*WEIGHT_FILES, "config.json", "tokenizer.json")
"""What running needs."""
