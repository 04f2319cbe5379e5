"""What a reader changes in the history: an exchange deleted, brought back, or labelled. No session and no page."""

import pytest
from exchanges import answered, many

from dolly_widget.widget.session.edits import Edit, Edits


def test_a_deleted_exchange_comes_back_to_its_place():
    exchanges = many(3)
    one, two, three = exchanges
    edits = Edits(exchanges)
    assert edits.delete(two) == Edit("remove", 1)
    assert exchanges == [one, three]
    exchanges.append(answered("A new one"))
    assert edits.undelete() == Edit("insert", 1)
    assert [each.instruction for each in exchanges[:3]] == [each.instruction for each in (one, two, three)]
    assert edits.undelete() is None
    assert len(exchanges) == 4


def test_of_equal_exchanges_the_one_that_is_meant_is_changed():
    exchanges = [answered(), answered(), answered()]
    middle = exchanges[1]
    edits = Edits(exchanges)
    edits.label(middle, "mine")
    assert [each.label for each in exchanges] == ["", "mine", ""]
    assert edits.delete(middle).place == 1
    assert [each.label for each in exchanges] == ["", ""]


def test_an_exchange_is_found_by_whoever_has_it_from_before_its_labels():
    exchanges = many(2)
    first = exchanges[0]
    edits = Edits(exchanges)
    assert edits.current(first) is first
    edits.label(first, "a")
    second = edits.current(first)
    edits.label(first, "b")
    assert edits.current(first) is edits.current(second) is exchanges[0]
    assert exchanges[0].label == "b"
    edits.delete(second)
    edits.undelete()
    assert edits.current(first) is exchanges[0]


@pytest.mark.parametrize("act", [lambda edits, each: edits.delete(each), lambda edits, each: edits.label(each, "x")])
def test_an_exchange_that_is_not_there_is_refused_in_a_sentence(act):
    exchanges = many(2)
    edits = Edits(exchanges)
    with pytest.raises(ValueError, match=r"does not hold this exchange: take one of widget\.history\.$"):
        act(edits, answered())
    assert exchanges == many(2)
