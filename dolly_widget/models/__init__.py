"""A name becomes a directory of OpenVINO files: found, downloaded, converted, stored. Knows no engine."""

from dolly_widget.models.conversion.process import convert
from dolly_widget.models.demo import CHECKPOINT_DIR as DEMO_CHECKPOINT
from dolly_widget.models.info import WEIGHT_FILES, ModelInfo, check_files, is_openvino
from dolly_widget.models.inputs import check_generates, feed, graph_inputs, is_recurrent
from dolly_widget.models.lookup import KNOWN_MODELS, find, resolve
from dolly_widget.models.model import Model
from dolly_widget.models.store import PUBLISHED, Entry
from dolly_widget.models.template_files import chat_template, template_for
from dolly_widget.models.weight_format import NAMES, WeightFormat

__all__ = [
    "DEMO_CHECKPOINT",
    "KNOWN_MODELS",
    "NAMES",
    "PUBLISHED",
    "WEIGHT_FILES",
    "Entry",
    "Model",
    "ModelInfo",
    "WeightFormat",
    "chat_template",
    "check_files",
    "check_generates",
    "convert",
    "feed",
    "find",
    "graph_inputs",
    "is_openvino",
    "is_recurrent",
    "resolve",
    "template_for",
]
