"""How many guesses there are follows how many were right."""

from dolly_widget.engines.speculative.pace import CHECK_COST, MOST, Pace

LARGE = 3 * 10**9


def passes(pace, rights, tokens):
    """Passes, and guesses in all, for an answer of so many tokens; ``rights(n)`` says how many of n are right."""
    count = guesses = made = 0
    while made < tokens:
        guessed = pace.most
        right = rights(guessed) if guessed else 0
        pace.made(1 + right)
        if guessed:
            pace.learn(guessed, right)
        count, guesses, made = count + 1, guesses + guessed, made + 1 + right
    return count, guesses


def test_where_all_guesses_are_right_there_are_as_many_as_there_may_be():
    count, _ = passes(Pace(LARGE), lambda guessed: guessed, 900)
    assert count <= 900 / (MOST + 1) + 2


def test_where_no_guess_is_right_hardly_any_are_made():
    count, guesses = passes(Pace(LARGE), lambda guessed: 0, 2000)
    assert count == 2000
    assert 0 < guesses * CHECK_COST < 0.06 * 2000
    _, later = passes(Pace(LARGE), lambda guessed: 0, 20_000)
    assert later - guesses < 0.06 * 18_000


def test_guesses_that_cost_more_than_they_save_are_given_up_and_others_not():
    dear, cheap = (passes(Pace(LARGE, cost), lambda guessed: 1, 1000) for cost in (1.5, CHECK_COST))
    assert dear[0] > 900
    assert cheap[0] < 600


def test_guessing_begins_again_after_a_rest():
    pace = Pace(LARGE)
    passes(pace, lambda guessed: 0, 200)
    count, _ = passes(pace, lambda guessed: guessed, 1000)
    assert count < 500


def test_the_smaller_the_model_the_more_guesses_have_to_be_right():
    large, small = (passes(Pace(size), lambda guessed: min(1, guessed), 1000) for size in (LARGE, 10**8))
    assert large[0] < 600
    assert small[0] > 900
