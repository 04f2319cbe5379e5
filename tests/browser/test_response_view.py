"""The output area in a real browser, with a model that behaves as anywidget's does. No network."""

import pytest
from response_page import is_at_end, lines, open_page, scroll_to, scroll_top, send

from dolly_widget.text.markdown import markdown_to_html

pytestmark = pytest.mark.browser


def test_the_placeholder_shows_while_there_is_nothing_else(view):
    placeholder = view.locator(".dw-placeholder")
    assert placeholder.inner_text() == "Nothing yet"
    send(view, placeholder="Ask something")
    assert placeholder.inner_text() == "Ask something"
    assert placeholder.is_visible()
    send(view, text="a", is_streaming=True)
    assert not placeholder.is_visible()
    send(view, text="", html="<p>b</p>", is_streaming=False)
    assert not placeholder.is_visible()
    send(view, html="")
    assert placeholder.is_visible()


def test_text_is_appended_to_one_node(view):
    send(view, text="Hello", is_streaming=True)
    view.evaluate("() => { window.first = textNode() }")
    for text in ("Hello, wor", "Hello, world\n<b>", "Hello, world"):
        send(view, text=text)
        assert view.evaluate("textNode() === first && first.data") == text
    assert view.evaluate("$('.dw-text').childNodes.length") == 1


def test_a_selection_survives_fifty_updates(view):
    send(view, text="select me, please.", is_streaming=True)
    view.evaluate("select(textNode(), 7, 9)")
    for i in range(50):
        send(view, text=f"select me, please.{' more' * i}")
    # What was trimmed at the end, too.
    send(view, text="select me, please")
    assert view.evaluate("document.getSelection().toString()") == "me"


def test_the_view_follows_the_end(view):
    for n in (5, 60, 61, 90):
        send(view, text=lines(n), is_streaming=True)
    assert is_at_end(view)
    send(view, text=lines(90), html=markdown_to_html(lines(90) * 2), is_streaming=False)
    assert is_at_end(view)


def test_a_reader_who_scrolled_up_stays_there(view):
    send(view, text=lines(60), is_streaming=True)
    # No scroll event between the reader's scrolling and the next piece.
    view.evaluate("text => { $('.dw-response').scrollTop = 100; model.set({ text }) }", lines(70))
    assert scroll_top(view) == 100
    scroll_to(view, 120)
    send(view, text=lines(90))
    assert scroll_top(view) == 120
    view.evaluate("() => { $('.dw-response').style.height = '100px' }")
    view.evaluate("frame().then(frame)")
    assert scroll_top(view) == 120


def test_a_reader_who_returned_to_the_end_is_followed_again(view):
    send(view, text=lines(60), is_streaming=True)
    scroll_to(view, 100)
    send(view, text=lines(70))
    scroll_to(view, 100_000)
    send(view, text=lines(90))
    assert is_at_end(view)


def test_a_smaller_view_still_follows_the_end(view):
    send(view, text=lines(60), is_streaming=True)
    view.evaluate("() => { $('.dw-response').style.height = '160px' }")
    view.evaluate("frame().then(frame)")
    send(view, text=lines(90))
    assert is_at_end(view)


def test_a_view_that_comes_late_follows_the_end(view):
    send(view, text=lines(60), is_streaming=True)
    # As JupyterLab does: rendered first, put into the page afterwards.
    view.evaluate("""() => {
        remove();
        const el = document.createElement("div");
        widget.render({ model, el });
        document.body.append(el);
    }""")
    view.evaluate("frame().then(frame)")
    assert is_at_end(view)


def test_an_answer_that_comes_whole_is_read_from_its_beginning(view):
    send(view, text=lines(90), html=markdown_to_html(lines(90)))
    view.evaluate("frame().then(frame)")
    assert scroll_top(view) == 0


def test_the_finished_answer_keeps_the_place(view):
    send(view, text=lines(100), is_streaming=True)
    scroll_to(view, view.evaluate("room() / 2"))
    send(view, html=markdown_to_html(lines(200)), is_streaming=False)
    assert view.evaluate("Math.abs($('.dw-response').scrollTop / room() - 0.5)") < 0.02


def test_the_finished_answer_replaces_the_text(view):
    send(view, text="**bold**", is_streaming=True)
    send(view, html=markdown_to_html("**bold**"), is_streaming=False)
    assert view.locator(".dw-body").inner_text().strip() == "bold"
    assert view.locator("strong").count() == 1
    send(view, text="next", html="", is_streaming=True)
    assert view.locator(".dw-body").inner_text() == "next"


def test_the_swap_waits_until_the_selection_is_gone(view):
    send(view, text="select *me*", is_streaming=True)
    view.evaluate("select(textNode(), 0, 6)")
    send(view, text="select *me*!", html=markdown_to_html("select *me*!"), is_streaming=False)
    view.evaluate("frame()")
    assert view.evaluate("document.getSelection().toString()") == "select"
    assert view.locator(".dw-text").inner_text() == "select *me*!"
    view.evaluate("document.getSelection().collapseToEnd()")
    view.wait_for_selector("em")
    assert not view.locator(".dw-text").is_visible()


def test_the_swap_comes_when_the_selection_moves_elsewhere(view):
    send(view, text="*me*", is_streaming=True)
    view.evaluate("select(textNode(), 0, 2)")
    send(view, html=markdown_to_html("*me*"), is_streaming=False)
    assert view.locator("em").count() == 0
    view.evaluate("select($('#before').firstChild, 0, 3)")
    view.wait_for_selector("em")
    assert view.evaluate("document.getSelection().toString()") == "Bef"


def test_a_new_answer_does_not_wait_for_the_old_selection(view):
    send(view, text="old", html="<p>old</p>")
    view.evaluate("select($('.dw-html p').firstChild, 0, 3)")
    send(view, text="new", html="", is_streaming=True)
    assert view.locator(".dw-body").inner_text() == "new"


def test_hostile_html_neither_runs_nor_stays(view):
    hostile = """<p onclick="hit()" style="background:url(/css)">kept</p><script>hit()</script>
    <img src="/img" onerror="hit()">
    <svg onload="hit()"><script>hit()</script></svg><iframe srcdoc="<script>parent.hit()</script>"></iframe>
    <a href="javascript:hit()" id="link">link</a><a href=" java&#9;script:hit()">link</a><object data="/o"></object>
    <embed src="/e"><style>body { display: none }</style><link rel="stylesheet" href="/l"><form action="/f">
    <input autofocus onfocus="hit()"></form><template><script>hit()</script></template>
    <math><mi><style><img onerror=hit() src="/m">
    </style></mi></math><base href="/base"><meta http-equiv="refresh" content="0;url=/meta">
    <details ontoggle=hit() open>"""
    view.evaluate("() => { window.hits = 0; window.hit = () => { hits += 1 } }")
    send(view, html=hostile)
    view.evaluate("frame().then(frame)")
    view.evaluate("document.querySelectorAll('.dw-html *').forEach((element) => element.click())")
    left = view.evaluate("[...document.querySelectorAll('.dw-html *')].map((e) => e.cloneNode().outerHTML)")
    assert left == ["<p></p>", "<a></a>", "<a></a>", "<details></details>"]
    assert view.evaluate("hits") == 0


def test_what_rendering_writes_passes_unchanged(view):
    markdown = '# h\n**b** *i* ~~s~~ `c`\nbreak [l](http://a.example/ "t")\n\n---\n\n3. x\n4. y\n\n- z\n\n> q\n\n'
    html = markdown_to_html(markdown + "|a|b|c|\n|-|-:|:-:|\n|1|2|3|\n\n```python\nx = '<b>'\n```\n" + "    plain\n")
    send(view, html=html)
    parsed = view.evaluate(
        "html => { const d = document.createElement('div'); d.innerHTML = html; return d.innerHTML }", html
    )
    # The code is in a frame, with the button that copies it.
    view.evaluate("() => document.querySelectorAll('.dw-code').forEach((e) => e.replaceWith(e.querySelector('pre')))")
    view.evaluate("() => document.querySelectorAll('.dw-html .dw-copy').forEach((e) => e.remove())")
    assert view.evaluate("$('.dw-html').innerHTML") == parsed


def test_two_views_of_one_model_work_on_their_own(view):
    view.evaluate("() => { window.removeSecond = show('two') }")
    send(view, text=lines(60), is_streaming=True)
    scroll_to(view, 50)
    view.evaluate("select($('#one .dw-text').firstChild, 0, 4)")
    send(view, text=lines(80))
    assert scroll_top(view) == 50
    assert view.evaluate("(e => e.scrollHeight - e.clientHeight - e.scrollTop)($('#two .dw-response'))") <= 1
    send(view, html=markdown_to_html(lines(80)), is_streaming=False)
    assert view.locator("#one .dw-text").is_visible()
    assert view.locator("#two .dw-html p").is_visible()
    view.evaluate("removeSecond()")
    assert view.locator("#two > *").count() == 0
    view.evaluate("document.getSelection().removeAllRanges()")
    view.wait_for_selector("#one .dw-html p")


def test_cleanup_leaves_nothing_behind(page):
    page.add_init_script("""
      window.held = [];
      for (const target of [document, window]) {
        const { addEventListener: add, removeEventListener: remove } = target;
        target.addEventListener = (...a) => { held.push(a[0]); add.apply(target, a) };
        target.removeEventListener = (...a) => { held.splice(held.indexOf(a[0]), 1); remove.apply(target, a) };
      }
      window.ResizeObserver = class extends ResizeObserver {
        observe(e) { held.push("resize"); super.observe(e) }
        disconnect() { held.splice(held.indexOf("resize"), 1); super.disconnect() }
      };""")
    open_page(page)
    before, listening = page.evaluate("[[...held], model.listeners.length]")
    page.evaluate("() => { window.remove = show('one') }")
    assert page.evaluate("held.length") > len(before)
    assert page.evaluate("model.listeners.length") > listening
    page.evaluate("remove()")
    assert page.evaluate("held") == before
    assert page.evaluate("model.listeners.length") == listening
    assert page.evaluate("$('#one').childNodes.length") == 0


def test_the_keyboard_scrolls_although_the_notebook_takes_the_arrows(view):
    view.evaluate(
        "document.addEventListener('keydown', (e) => { if (e.key === 'ArrowDown') e.preventDefault() }, true)"
    )
    send(view, text=lines(60))
    assert scroll_top(view) == 0
    view.locator(".dw-response").focus()
    view.keyboard.press("ArrowDown")
    view.wait_for_function("$('.dw-response').scrollTop > 0")


def test_the_keyboard_is_the_notebooks_where_there_is_nothing_to_scroll(view):
    view.evaluate("() => { window.keys = []; document.addEventListener('keydown', (e) => keys.push(e.key), true) }")
    view.locator(".dw-response").focus()
    view.keyboard.press("ArrowDown")
    send(view, text=lines(60))
    view.keyboard.press("Control+ArrowDown")
    view.keyboard.press("a")
    view.keyboard.press("ArrowDown")
    assert view.evaluate("keys") == ["ArrowDown", "Control", "ArrowDown", "a"]


def test_a_screen_reader_finds_a_named_region(view):
    send(view, label="Answer")
    assert view.get_by_role("region", name="Answer").count() == 1
    assert view.get_by_role("log").get_attribute("aria-live") == "polite"
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement === $('.dw-response')")
    assert view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_right_to_left_text_runs_from_the_right(view):
    send(view, text="שלום")
    assert view.evaluate("getComputedStyle($('.dw-text')).direction") == "rtl"


def test_the_caret_blinks_only_while_streaming_and_only_if_motion_is_welcome(view):
    caret = "getComputedStyle($('.dw-text'), '::after')"
    send(view, text="a")
    assert view.evaluate(f"{caret}.content") == "none"
    send(view, is_streaming=True)
    assert view.evaluate(f"{caret}.animationName") == "dw-blink"
    view.emulate_media(reduced_motion="reduce")
    assert view.evaluate(f"{caret}.animationName") == "none"


def test_the_reader_can_drag_the_view_higher(view):
    send(view, text=lines(200))
    limit = view.evaluate("$('.dw-response').clientHeight")
    # What dragging the lower edge sets.
    view.evaluate("() => { $('.dw-response').style.height = '900px' }")
    assert view.evaluate("$('.dw-response').clientHeight") > limit
