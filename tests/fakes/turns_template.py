"""A template that takes turns, and whose prompts are easy to read: "<Who?|Dolly.><And then?>"."""

from dolly_widget.text import Prompt, Segment


class TurnsTemplate:
    name, stop, takes_turns, takes_system = "turns", (), True, True

    def render(self, instruction, context="", turns=(), system=""):
        said = f"[{system}]" * bool(system) + "".join(f"<{turn.instruction}|{turn.answer}>" for turn in turns)
        return Prompt([Segment(said, True), Segment(f"<{instruction}>", False)])
