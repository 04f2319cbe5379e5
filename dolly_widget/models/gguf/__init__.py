"""GGUF files, the format of llama.cpp: read and checked, and made into OpenVINO files. Knows no engine."""
