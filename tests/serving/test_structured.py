"""Answers that are one of a few texts, or match a pattern."""

import pytest
from served import client_of

from dolly_widget.engines import load_engine


@pytest.fixture(scope="module")
def client(demo_dir):
    engine = load_engine(demo_dir, device="CPU")
    with client_of(engine) as client:
        yield client
    engine.close()


def ask(client, form, path="completions"):
    asked = {"prompt": "Is it?"} if path == "completions" else {"messages": [{"role": "user", "content": "Is it?"}]}
    body = {"model": "dolly", "max_tokens": 20, "structured_outputs": form, **asked}
    return client.post(f"/v1/{path}", json=body)


@pytest.mark.parametrize("path", ["completions", "chat/completions"])
@pytest.mark.parametrize(
    ("form", "texts"), [({"choice": ["maybe", "never"]}, ("maybe", "never")), ({"regex": "a{3}"}, ("aaa",))]
)
def test_an_answer_is_what_was_asked_for(client, form, texts, path):
    choice = ask(client, form, path).json()["choices"][0]
    text = choice["text"] if path == "completions" else choice["message"]["content"]
    assert text.rstrip() in texts  # a shape may be followed by the white space that the model ends it with


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"choice": []},
        {"choice": "yes"},
        {"choice": ["a", 7]},
        {"choice": ["a"] * 2000},
        {"regex": "("},
        {"regex": "(?=a)"},
        {"regex": "a" * 20_000},
        {"regex": 7},
        {"regex": ".{0,200}" * 100},
        {"regex": "a", "choice": ["a"]},
        {"grammar": "root ::= x"},
        [],
        "yes",
    ],
)
def test_anything_else_is_refused_by_name(client, form):
    refused = ask(client, form)
    assert refused.status_code == 400
    assert "structured_outputs" in refused.json()["error"]["message"]
