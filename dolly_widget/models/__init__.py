"""A name becomes a directory of OpenVINO files: found, downloaded, converted, stored. Knows no engine."""

from dolly_widget.models.catalogue import CATALOGUE, KNOWN_MODELS, NamedModel, named
from dolly_widget.models.conversion.process import convert
from dolly_widget.models.demo import CHECKPOINT_DIR as DEMO_CHECKPOINT
from dolly_widget.models.entry import PUBLISHED, Entry
from dolly_widget.models.gguf.folders import kept_files
from dolly_widget.models.graph_signature import check_generates, feed, is_recurrent
from dolly_widget.models.info import ModelInfo, check_files, is_openvino
from dolly_widget.models.lookup import find, resolve
from dolly_widget.models.model import Model, file_versions
from dolly_widget.models.store import cache_dir
from dolly_widget.models.template_files import chat_template, template_for
from dolly_widget.models.title import title_of
from dolly_widget.models.token_texts import has_token_texts
from dolly_widget.models.weight_format import NAMES, WeightFormat
from dolly_widget.models.weightless import WeightlessModel

__all__ = [
    "CATALOGUE",
    "DEMO_CHECKPOINT",
    "KNOWN_MODELS",
    "NAMES",
    "PUBLISHED",
    "Entry",
    "Model",
    "ModelInfo",
    "NamedModel",
    "WeightFormat",
    "WeightlessModel",
    "cache_dir",
    "chat_template",
    "check_files",
    "check_generates",
    "convert",
    "feed",
    "file_versions",
    "find",
    "has_token_texts",
    "is_openvino",
    "is_recurrent",
    "kept_files",
    "named",
    "resolve",
    "template_for",
    "title_of",
]
