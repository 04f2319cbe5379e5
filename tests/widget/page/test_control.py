"""What each part has from their common base: its files as one module and one style sheet, and a short text."""

from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.lens.view import LensView
from dolly_widget.widget.page.control import Control
from dolly_widget.widget.page.fold import FoldButton


def test_a_part_s_files_follow_what_all_parts_need():
    module = ResponseView._esm
    order = ("function makeElement", "function isAtEnd", "class GrowingAnswer", "export default")
    places = [module.index(text) for text in order]
    assert places == sorted(places)
    assert module.count("export default") == 1


def test_files_are_joined_once_for_a_class():
    """And not for each widget, of whose class anywidget makes a subclass."""
    first, second = FoldButton(), FoldButton()
    assert first._esm is second._esm is FoldButton._esm
    first.close()
    second.close()


def test_a_part_without_style_sheets_brings_none():
    button = FoldButton()
    assert "_css" not in button.get_state()
    button.close()


def test_rules_that_are_computed_follow_the_files():
    assert LensView._css.index(".dw-lens {") < LensView._css.index(".dw-p10")


def test_a_subclass_keeps_the_files_of_its_part():
    class Named(FoldButton):
        pass

    assert Named._esm is FoldButton._esm


def test_a_part_is_told_in_a_few_words():
    class Counter(Control):
        def _facts(self):
            return "3 sheep"

    counter, button = Counter(), FoldButton(title="Context")
    assert (repr(counter), repr(button)) == ("Counter(3 sheep)", "FoldButton()")
    counter.close()
    button.close()
