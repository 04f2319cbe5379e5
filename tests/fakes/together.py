"""Two hundred rows together and one after the other: how many come out the same."""

from dolly_widget import SamplingParams
from dolly_widget.batch import answer_rows
from dolly_widget.batch.running import seed_of
from dolly_widget.engines import GenerationRequest, generate_many

ROWS = 200


def questions():
    """Short and long ones, with and without a context."""
    asked = ["What is {n} plus {m}?", "Who is Dolly?", "Write a sentence about the sea.", "How old is the man?"]
    return [
        (asked[n % 4].format(n=n, m=n % 7), f"Anna is {n} years old. Her brother is {n + 3}." if n % 4 == 3 else "")
        for n in range(ROWS)
    ]


def rows_that_differ(engine, params):
    """The rows whose tokens are others when they are written together, of ``ROWS``."""
    together = dict(
        generate_many(engine, (_request(engine, row, each, params) for row, each in enumerate(questions())))
    )
    alone = [
        engine.generate(request.prompt, request.params)
        for request in (_request(engine, row, each, params) for row, each in enumerate(questions()))
    ]
    assert sorted(together) == list(range(ROWS))
    return [row for row, each in enumerate(alone) if together[row].token_ids != each.token_ids]


def _request(engine, row, question, params):
    own = SamplingParams(**{**vars(params), "seed": seed_of(params, row)})
    return GenerationRequest(engine.template.render(*question), own)


def texts_of_rows(engine, params):
    """What ``answer_rows`` makes of them, in order."""
    return [each.text for each in sorted(answer_rows(engine, questions(), params), key=lambda each: each.row)]
