"""A template that takes turns, and whose prompts are easy to read: "<Who?|Dolly.><And then?>"."""

from dolly_widget.text import Prompt, Segment


class TurnsTemplate:
    name, stop, takes_turns = "turns", (), True

    def render(self, instruction, context="", turns=()):
        said = "".join(f"<{turn.instruction}|{turn.answer}>" for turn in turns)
        return Prompt([Segment(said, True), Segment(f"<{instruction}>", False)])
