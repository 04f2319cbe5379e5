"""The lens: point at a token, walk through them, choose another one. What hangs on the front end runs in all three."""

import re

import pytest
from front_ends import everywhere, in_jupyterlab
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, in_jupyterlab]

LONG = "Give five ideas for great weekend with family"
MAKE = f"""
from dolly_widget import DollyWidget
widget = DollyWidget(device="CPU", seed=3, temperature=1.3)
_ = widget.ask({LONG!r})
widget.lens = True
widget
"""
HOSTILE = """
from IPython.display import display
from dolly_widget.lens.coloured_tokens import Alternative, ColouredToken
from dolly_widget.text.labels import Label
from dolly_widget.widget.lens.view import LensView
bad = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'
label = Label(bad, bad, False)
token = ColouredToken(1, label, 0.5, 0.5, 1, 1.0, 2, (Alternative(1, label, 0.5), Alternative(2, label, 0.5)))

class Scores:
    from dolly_widget.sampling import SamplingParams
    params, vocab_size = SamplingParams(), 2

view = LensView(print, print)
view.show([token, token], Scores)
view
"""


@pytest.fixture
def notebook(front_end, page):
    opened = []

    def open_notebook(*cells):
        opened.append(front_end.open(page, cells))
        opened[-1].run(0)
        page.locator(".dw-token").first.wait_for(timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def tokens(page):
    return page.locator(".dw-lens .dw-token")


def card(page):
    return page.locator(".dw-card")


def explored(page):
    """The token that the explorer is about."""
    return page.locator(".dw-lens .dw-explored")


def explorer(page):
    return page.locator(".dw-explorer")


def piece(page):
    """A token that is a part of a word."""
    return tokens(page).filter(has_text=re.compile("^ mon$"))


def surprise(page):
    """The first token that there were several for."""
    return page.locator(".dw-lens .dw-token:is(.dw-p1, .dw-p2, .dw-p3)").first


def test_tokens_have_the_colours_of_their_probability_and_a_legend(notebook, page):
    notebook(MAKE)
    expect(page.locator(".dw-legend")).to_contain_text("Probability of each token under the settings used")
    expect(page.locator(".dw-ramp span")).to_have_count(11)
    expect(page.locator(".dw-lens-summary")).to_contain_text(re.compile(r"\d+ tokens, of which \d+ were not"))
    backgrounds = tokens(page).evaluate_all(
        "all => all.map(each => [each.className.match(/dw-p(\\d+)/)[1], getComputedStyle(each).backgroundColor])"
    )
    assert len({background for _, background in backgrounds}) == len({level for level, _ in backgrounds}) > 3
    ramp = page.locator(".dw-ramp span").evaluate_all("all => all.map(each => getComputedStyle(each).backgroundColor)")
    assert all(ramp[int(level)] == background for level, background in backgrounds)


def test_pointing_at_a_token_shows_what_it_was_chosen_from(notebook, page):
    notebook(MAKE)
    surprise(page).hover()
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text(re.compile(r"\d% · rank \d"))
    expect(card(page)).to_contain_text("of 4,096 tokens could be drawn")
    expect(card(page).locator(".dw-other")).to_have_count(8)
    own = card(page).locator('[aria-current="true"]')
    expect(own).to_have_count(1)
    chances = card(page).locator(".dw-share").evaluate_all("all => all.map(each => each.offsetWidth)")
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > chances[-1]
    # The pointer can go into the card, which then stays; and away, which ends it.
    card(page).locator(".dw-other").nth(3).hover()
    expect(card(page)).to_be_visible()
    page.mouse.move(5, 5)
    expect(card(page)).to_be_hidden()


def test_choosing_an_alternative_writes_on_from_there(notebook, page):
    opened = notebook(MAKE, "print(len(widget.history), widget.history[0].result.text[:9])")
    surprise(page).hover()
    place = int(surprise(page).get_attribute("data-place"))
    before = tokens(page).all_inner_texts()
    other = card(page).locator(".dw-other:not([aria-current])").first
    name = other.locator(".dw-name").inner_text()
    other.click()
    chosen = page.locator(".dw-chosen")
    expect(chosen).to_have_attribute("data-place", str(place), timeout=30_000)
    after = tokens(page).all_inner_texts()
    assert after[:place] == before[:place]
    assert after[place].replace(" ", "\N{OPEN BOX}") == name
    assert after != before
    expect(page.get_by_text("Answer 2 of 2")).to_be_visible()
    page.get_by_role("button", name="Older", exact=True).click()
    expect(page.get_by_text("Answer 1 of 2")).to_be_visible()
    expect(tokens(page).nth(place)).to_have_text(before[place])
    opened.run(1)
    assert opened.output(1).startswith("2 ")


@everywhere
def test_everything_can_be_done_with_the_keyboard(notebook, page):
    notebook(MAKE)
    page.mouse.move(0, 0)  # the page scrolls: a token below a resting pointer would be shown instead
    place = int(surprise(page).get_attribute("data-place"))
    tokens(page).first.focus()
    for _ in range(place):
        page.keyboard.press("ArrowRight")
    expect(tokens(page).nth(place)).to_be_focused()
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    page.keyboard.press("End")
    expect(tokens(page).last).to_be_focused()
    page.keyboard.press("Home")
    expect(tokens(page).first).to_be_focused()
    for _ in range(place):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(card(page).locator(".dw-other").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(tokens(page).nth(place)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".dw-explorer")).to_be_visible(timeout=30_000)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".dw-chosen")).to_have_attribute("data-place", str(place), timeout=30_000)
    expect(tokens(page).nth(place)).to_be_focused()
    page.keyboard.press("ArrowUp")  # JupyterLab would go to the cell above
    expect(tokens(page).nth(place)).to_be_focused()
    assert page.locator(".dw-lens .dw-token[tabindex='0']").count() == 1


def test_a_click_opens_the_explorer_at_that_token(notebook, page):
    notebook(MAKE)
    place = int(surprise(page).get_attribute("data-place"))
    name = surprise(page).inner_text()
    surprise(page).click()
    expect(explorer(page).locator("tbody tr").first).to_be_visible(timeout=30_000)
    expect(explorer(page).get_by_role("heading")).to_contain_text(f"Instead of {name.strip()}token {place + 1} of")
    expect(card(page)).to_be_hidden()
    tokens(page).nth(place + 1).click()
    expect(page.locator(".dw-explorer")).to_have_count(1)
    # The click left the focus there, which keeps no card in the way of the explorer.
    tokens(page).nth(place).hover()
    expect(card(page)).to_be_visible()
    page.mouse.move(5, 5)
    expect(card(page)).to_be_hidden()


def test_the_explorer_stands_below_its_token_and_has_no_controls_of_its_own(notebook, page):
    notebook(MAKE)
    place = int(piece(page).get_attribute("data-place"))
    piece(page).click()
    expect(explorer(page).locator("tbody tr")).to_have_count(20, timeout=30_000)
    expect(explored(page)).to_have_attribute("data-place", str(place))
    expect(explored(page)).to_be_in_viewport()
    expect(tokens(page).nth(place)).to_be_focused()  # the reader is still where they were
    assert page.locator(".dw-lens").bounding_box()["y"] < explorer(page).bounding_box()["y"]
    settings = page.locator(".dw-settings").bounding_box()
    assert explorer(page).bounding_box()["x"] < settings["x"]  # in the column of the answer, beside the sliders
    expect(explorer(page).locator("textarea, input, .widget-slider")).to_have_count(0)
    expect(explorer(page).locator(".dw-written")).to_have_count(1)
    # Parts of words have the words beside them.
    expect(explorer(page).locator(".dw-written .dw-word")).to_have_text("monkeys", timeout=30_000)
    # The sliders of the widget are those of the table.
    expect(explorer(page)).to_contain_text("With the answer's settings")
    slider = page.locator(".dw-settings .widget-slider", has_text="Top-p").locator(".noUi-handle")
    slider.focus()
    page.keyboard.press("Home")
    expect(explorer(page).locator("caption")).to_contain_text("top-p 0.01")
    expect(explorer(page)).to_contain_text("With the settings as they are now")
    # With the lens, it is gone.
    page.get_by_role("button", name="Token lens").click()
    expect(explorer(page)).to_have_count(0)


@everywhere
def test_escape_and_close_lead_back_to_the_token(notebook, page):
    notebook(MAKE)
    page.mouse.move(0, 0)
    place = int(surprise(page).get_attribute("data-place"))
    tokens(page).nth(place).focus()
    for close in ("Escape", "Enter"):
        page.keyboard.press("Enter")
        expect(explorer(page).locator("tbody tr").first).to_be_visible(timeout=30_000)
        expect(tokens(page).nth(place)).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Close the explorer")).to_be_focused()
        page.keyboard.press(close)
        expect(explorer(page)).to_have_count(0)
        expect(tokens(page).nth(place)).to_be_focused()
        expect(explored(page)).to_have_count(0)
        expect(card(page)).to_be_hidden()  # of what was just looked at
    # At the token, the first Esc closes its card.
    page.keyboard.press("Enter")
    expect(explorer(page).locator("tbody tr").first).to_be_visible(timeout=30_000)
    page.keyboard.press("ArrowDown")
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    expect(explorer(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(explorer(page)).to_have_count(0)
    expect(tokens(page).nth(place)).to_be_focused()
    page.keyboard.press("Enter")
    explorer(page).locator("tbody tr:not(.dw-written) button").first.focus(timeout=30_000)
    page.keyboard.press("Enter")
    expect(page.locator(".dw-explorer-steps")).to_be_visible()
    page.keyboard.press("Escape")
    expect(explorer(page)).to_have_count(0)
    expect(tokens(page).nth(place)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tokens(page).nth(place + 1)).to_be_focused()
    expect(card(page)).to_be_visible()


def test_in_a_narrow_and_low_window_the_explorer_comes_into_view_and_fits(notebook, page):
    notebook(MAKE)
    page.keyboard.press("Control+b")  # the file browser
    page.set_viewport_size({"width": 640, "height": 520})
    surprise(page).scroll_into_view_if_needed()
    surprise(page).click()
    expect(page.get_by_role("button", name="Close the explorer")).to_be_in_viewport(timeout=30_000)
    expect(explorer(page).locator("tbody tr").first).to_be_visible(timeout=30_000)
    assert explorer(page).evaluate("root => root.scrollWidth <= root.clientWidth")
    table = explorer(page).locator(".dw-scroller")
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_the_answer_can_be_copied_from_the_lens_and_a_part_of_a_word_has_its_word(notebook, page):
    opened = notebook(MAKE, "print(widget.response)")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = page.locator(".dw-lens").get_by_role("button", name="Copy the answer")
    copy.click()
    expect(copy).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    opened.run(1)
    assert opened.output(1).strip() == copied.strip() != ""
    expect(page.locator(".dw-lens").get_by_role("button", name="Copy as code")).to_be_visible()
    piece(page).hover()
    expect(card(page)).to_contain_text("Part of “monkeys”.")
    tokens(page).nth(2).hover()
    expect(card(page)).not_to_contain_text("Part of")


TAP = """element => {
  element.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "touch" }));
  element.focus();
  element.click();
}"""


def test_a_finger_shows_the_card_first_and_opens_the_explorer_next(notebook, page):
    notebook(MAKE)
    surprise(page).evaluate(TAP)
    expect(card(page)).to_be_visible()
    card(page).locator(".dw-other").first.wait_for()
    expect(page.locator(".dw-explorer")).to_have_count(0)
    surprise(page).evaluate(TAP)
    expect(page.locator(".dw-explorer")).to_be_visible(timeout=30_000)


def test_marking_text_to_copy_it_opens_nothing(notebook, page):
    notebook(MAKE)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.dw-lens-text'))")
    surprise(page).evaluate("element => element.click()")
    page.evaluate("getSelection().removeAllRanges()")
    tokens(page).first.click()
    expect(page.locator(".dw-explorer")).to_have_count(1, timeout=30_000)
    expect(explored(page)).to_have_attribute("data-place", "0")


def test_what_a_model_wrote_is_never_markup(notebook, page):
    notebook(HOSTILE)
    tokens(page).first.hover()
    expect(card(page)).to_contain_text("<script>window.hacked = 1</script>")
    assert page.locator(".dw-lens script, .dw-lens img, .dw-card img").count() == 0
    assert page.evaluate("window.hacked") is None


def test_the_toggle_shows_the_tokens_and_the_rendered_answer_in_turn(notebook, page):
    notebook(MAKE)
    toggle = page.get_by_role("button", name="Token lens")
    toggle.click()
    expect(page.locator(".dw-lens")).to_be_hidden()
    expect(page.locator(".dw-response li")).to_have_count(5)
    toggle.click()
    expect(page.locator(".dw-lens")).to_be_visible(timeout=30_000)
    expect(page.locator(".dw-response")).to_be_hidden()
