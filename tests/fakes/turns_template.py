"""Templates that take turns, and whose prompts are easy to read."""

from dolly_widget.text import Prompt, Segment


class TurnsTemplate:
    """ "<Who?|Dolly.><And then?>"."""

    name, stop, takes_turns, takes_system = "turns", (), True, True

    def render(self, instruction, context="", turns=(), system=""):
        said = f"[{system}]" * bool(system) + "".join(f"<{turn.instruction}|{turn.answer}>" for turn in turns)
        return Prompt([Segment(said, True), Segment(f"<{instruction}>", False)])


class LinesTemplate:
    """Writes down all that it is given, a line for each turn: "Who?|A text.|Dolly."."""

    name, stop, takes_turns = "chat", (), True

    def render(self, instruction, context="", turns=()):
        said = [f"{turn.instruction}|{turn.context}|{turn.answer}" for turn in turns]
        return Prompt([Segment("\n".join([*said, f"{instruction}|{context}"]), False)])
