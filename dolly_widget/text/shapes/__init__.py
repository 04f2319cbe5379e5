"""The shape of an answer: what constrains its decoding, and what makes a value of its text. Knows no engine."""

from dolly_widget.text.shapes.shape import Shape, shape_of

__all__ = ["Shape", "shape_of"]
