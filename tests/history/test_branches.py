"""Where chats part: which other questions were asked in the place of each one."""

from exchanges import answered, many

from dolly_widget.history.branches import branches


def ask(instruction, answer, after=None, context="", instead_of=""):
    turns = () if after is None else after.turns_after
    return answered(instruction, answer, context, turns=turns, instead_of=instead_of)


def texts(found):
    return [[(each.instruction, each.result.text) for each in versions] for versions in found]


def test_a_chat_that_never_parted_has_one_version_of_each_question():
    first = ask("a", "1")
    second = ask("b", "2", first)
    assert branches([first, second], second) == [(second,), (second,)]


def test_a_question_that_was_changed_leads_to_the_newest_answer_of_either_way():
    first = ask("a", "1")
    second = ask("b", "2", first)
    changed = ask("a?", "3", instead_of="a")
    later = ask("c", "4", changed)
    assert texts(branches([first, second, changed, later], later)) == [[("b", "2"), ("c", "4")], [("c", "4")]]
    assert texts(branches([first, second, changed, later], second)) == [[("b", "2"), ("c", "4")], [("b", "2")]]


def test_another_answer_is_a_version_only_where_it_was_gone_on_from():
    first, again = ask("a", "1"), ask("a", "one")
    assert texts(branches([first, again], first)) == [[("a", "1")]]
    second = ask("b", "2", first)
    assert texts(branches([first, again, second], second)) == [[("b", "2"), ("a", "one")], [("b", "2")]]


def test_the_last_question_has_versions_too():
    first = ask("a", "1")
    one, other = ask("b", "2", first), ask("c", "3", first)
    assert texts(branches([first, one, other], one))[1] == [("b", "2"), ("c", "3")]


def test_the_same_words_with_another_context_are_another_question():
    one, other = ask("a", "1", context="x"), ask("a", "1", context="y", instead_of="a")
    assert len(branches([one, other], one)[0]) == 2


def test_what_is_shown_is_always_one_of_its_versions():
    first = ask("a", "1")
    twin = ask("a", "1")
    assert branches([first, twin], first)[0][0] is first
    assert branches([], first) == [(first,)]


def test_another_chat_is_no_version_of_this_one():
    three = many(3)
    assert branches(three, three[2]) == [(three[2],)]


def test_what_was_changed_twice_is_one_question_in_three_versions():
    versions = [ask("a", "1"), ask("b", "2", instead_of="a"), ask("z", "9"), ask("c", "3", instead_of="b")]
    for shown in (versions[0], versions[1], versions[3]):
        assert texts(branches(versions, shown)) == [[("a", "1"), ("b", "2"), ("c", "3")]]
