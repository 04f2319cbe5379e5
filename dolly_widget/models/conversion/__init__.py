"""A Hugging Face checkpoint becomes OpenVINO files, in a process of its own. Knows no engine."""
