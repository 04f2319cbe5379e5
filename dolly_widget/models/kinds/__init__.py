"""What a model's name can be: bundled, a directory, of the catalogue, a repository of the hub. Knows no engine."""

from dolly_widget.models.kinds.registry import KINDS, kind_of

__all__ = ["KINDS", "kind_of"]
