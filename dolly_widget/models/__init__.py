"""A name becomes a directory of OpenVINO files: found, downloaded, converted, stored. Knows no engine."""

from dolly_widget.models.conversion.process import convert
from dolly_widget.models.demo import CHECKPOINT_DIR as DEMO_CHECKPOINT
from dolly_widget.models.entry import PUBLISHED, Entry
from dolly_widget.models.gguf.folders import kept_files
from dolly_widget.models.graph_signature import check_generates, feed, is_recurrent
from dolly_widget.models.info import ModelInfo, check_files, is_openvino
from dolly_widget.models.lookup import KNOWN_MODELS, find, resolve
from dolly_widget.models.model import Model, file_versions
from dolly_widget.models.template_files import chat_template, template_for
from dolly_widget.models.weight_format import NAMES, WeightFormat

__all__ = [
    "DEMO_CHECKPOINT",
    "KNOWN_MODELS",
    "NAMES",
    "PUBLISHED",
    "Entry",
    "Model",
    "ModelInfo",
    "WeightFormat",
    "chat_template",
    "check_files",
    "check_generates",
    "convert",
    "feed",
    "file_versions",
    "find",
    "is_openvino",
    "is_recurrent",
    "kept_files",
    "resolve",
    "template_for",
]
