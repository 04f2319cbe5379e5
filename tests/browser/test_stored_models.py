"""The models on this machine, on a bare page: what is asked, what is sent, and where the focus goes."""

import json

import pytest
from bare_page import open_bare_page
from playwright.sync_api import expect

from dolly_widget.widget.model.stored_models import StoredModels

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.isHit=1><b>name</b>"
PAGE = """<body><link rel="stylesheet" href="/widget.css"><button id="before">Before</button><div id="place"></div>
<script type="module">
import widget from "/widget.js";
window.model = new Model({state});
window.isReady = Boolean(widget.render({{ model, el: document.querySelector("#place") }}));
</script>"""


def row(key, **changes):
    usual = {"label": "INT8", "size": "9 MB", "state": "", "can_load": True, "frees": "8 MB"}
    silent = {"stays": "", "refusal": "", "said": "", "is_deleting": False}
    return {"key": key, **usual, **silent, **changes}


def listing(*rows, answers=0, **changes):
    models = [{"title": f"Model {each['key']}", "facts": "MIT", "rows": [each]} for each in rows]
    return {"models": models, "disk": "Used here: 9 MB", "told": "", "answers": answers, **changes}


@pytest.fixture
def show(page):
    def show(first, disabled=False):
        state = json.dumps({"listing": first, "disabled": disabled})
        assert open_bare_page(page, PAGE.format(state=state), StoredModels) == []

    return show


def tell(page, **state):
    page.evaluate("state => model.set(state)", state)


def sent(page):
    return page.evaluate("model.sent")


def button(page, name):
    return page.get_by_role("button", name=name)


def test_nothing_is_shown_until_something_is_listed(page, show):
    show({})
    expect(page.locator(".dw-stored")).to_be_hidden()
    tell(page, listing=listing(row("a")))
    expect(page.locator(".dw-stored")).to_be_visible()


def test_what_others_have_written_is_text(page, show):
    model = {"title": HOSTILE, "facts": HOSTILE, "rows": [row(HOSTILE, label=HOSTILE, said=HOSTILE)]}
    show({"models": [model], "disk": HOSTILE, "told": HOSTILE, "answers": 0})
    expect(page.locator(".dw-stored-name")).to_have_text(HOSTILE)
    assert page.locator(".dw-stored :is(img, b)").count() == 0
    assert page.evaluate("window.isHit") is None
    button(page, "Load").click()
    assert sent(page) == [{"kind": "load", "key": HOSTILE}]


def test_one_row_at_a_time_asks_and_nothing_is_sent_before_the_second_click(page, show):
    show(listing(row("a", stays="Its download stays."), row("b")))
    button(page, "Delete Model a").click()
    expect(page.get_by_role("alert")).to_have_text("Its download stays.")
    button(page, "Delete Model b").click()
    expect(button(page, "Keep")).to_have_count(1)
    expect(button(page, "Keep Model b")).to_be_focused()
    assert sent(page) == []
    button(page, "Delete, frees 8 MB").click()
    assert sent(page) == [{"kind": "delete", "key": "b"}]


def test_what_is_in_use_says_why_and_sends_nothing(page, show):
    show(listing(row("a", refusal="It is running."), row("b")), disabled=True)
    for name in ("Load Model b", "Delete Model a"):
        button(page, name).press("Enter")
    expect(page.get_by_role("alert")).to_have_text("It is running.")
    assert sent(page) == []


def test_a_row_waits_for_its_own_answer_and_keeps_the_focus(page, show):
    show(listing(row("a"), row("b")))
    button(page, "Delete Model a").click()
    button(page, "Delete, frees").click()
    waiting = button(page, "Deleting… Model a")
    expect(waiting).to_be_focused()
    tell(page, listing=listing(row("a"), row("b"), disk="Used here: 10 MB"))  # for another reason
    expect(waiting).to_be_focused()
    tell(page, listing=listing(row("a", said="It is being converted."), row("b"), answers=1))
    expect(page.get_by_role("alert")).to_have_text("It is being converted.")
    expect(button(page, "Delete Model a")).to_be_focused()


@pytest.mark.parametrize(
    ("left", "focused"),
    [(("b", "c"), "Delete Model c"), (("b",), "Delete Model b"), ((), None)],
    ids=["next", "last", "none"],
)
def test_the_focus_of_a_row_that_goes_is_given_to_its_neighbour(page, show, left, focused):
    show(listing(row("b"), row("x"), row("c")) if left else listing(row("x")))
    button(page, "Delete Model x").focus()
    nothing = {"title": "", "facts": "3 more", "rows": []}
    after = listing(*map(row, left), answers=1)
    tell(page, listing={**after, "models": [*after["models"], nothing]})
    expect(button(page, focused) if focused else page.locator(".dw-stored")).to_be_focused()


def test_the_focus_elsewhere_is_left_there(page, show):
    show(listing(row("a"), row("b")))
    page.locator("#before").focus()
    tell(page, listing=listing(row("b"), answers=1))
    expect(page.locator("#before")).to_be_focused()
