"""A view that is removed leaves nothing in the page that would hold it: every part, on a bare page, twice."""

import json

import pytest
from bare_page import open_bare_page

from dolly_widget.widget.answer.conversation import Conversation
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.ask.attachment import Attachment
from dolly_widget.widget.ask.composer import Composer
from dolly_widget.widget.ask.prompt_view import PromptView
from dolly_widget.widget.column.view import ColumnView
from dolly_widget.widget.explorer.bars import CandidateBars
from dolly_widget.widget.explorer.head import ExplorerHead
from dolly_widget.widget.history.panel import HistoryList
from dolly_widget.widget.lens.view import LensView
from dolly_widget.widget.model.stored_models import StoredModels
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.page.control import Control
from dolly_widget.widget.page.fold import FoldButton
from dolly_widget.widget.page.kernel_notice import KernelNotice

pytestmark = pytest.mark.browser

COUNTING = """
window.held = [];
const release = (name) => { const at = held.indexOf(name); if (at >= 0) held.splice(at, 1); };
for (const target of [document, window]) {
  const { addEventListener: add, removeEventListener: remove } = target;
  target.addEventListener = (...all) => { held.push(all[0]); add.apply(target, all); };
  target.removeEventListener = (...all) => { release(all[0]); remove.apply(target, all); };
}
for (const name of ["ResizeObserver", "MutationObserver"]) {
  window[name] = class extends window[name] {
    observe(...all) { this.isHeld ||= held.push(name); super.observe(...all); }
    disconnect() { if (this.isHeld) release(name); this.isHeld = 0; super.disconnect(); }
  };
}
const { requestAnimationFrame: request, cancelAnimationFrame: cancel } = window;
const frames = new Set();
window.requestAnimationFrame = (act) => {
  const frame = request((now) => { frames.delete(frame); release("frame"); act(now); });
  frames.add(frame);
  held.push("frame");
  return frame;
};
window.cancelAnimationFrame = (frame) => { if (frames.delete(frame)) release("frame"); cancel(frame); };
"""
PAGE = """<body><div><div class="jp-OutputArea-child">
<div id="inside" class="dw-widget dw-conversation"><div></div></div></div><div>Another output</div></div>
<div id="outside"></div>
<script type="module">
import given from "/widget.js";
window.model = new Model({state});
const widget = typeof given === "function" ? given() : given;
widget.initialize?.({{ model }});
window.render = (where) => {{
  const el = document.querySelector(where).appendChild(document.createElement("div"));
  const remove = widget.render({{ model, el }});
  return () => {{ remove(); el.remove(); }};
}};
window.isReady = true;
</script>"""
HELD = "[[...held].sort(), model.listeners.length]"
ROWS = [{"place": n, "instruction": "Who?", "answer": "A sheep.", "facts": "7 tokens"} for n in range(2)]
STATES = {
    Access: {},
    Attachment: {
        **{"accept": ".txt", "max_bytes": 100, "is_reading": False, "note": "", "is_wrong": False},
        **{"remedy": "", "is_attached": False},
    },
    CandidateBars: {"table": {}, "is_outdated": False, "announcement": ""},
    ColumnView: {
        **{"table": "df", "instruction": "", "kind": "text", "details": "", "into": "answer"},
        **{"tables": [{"name": "df", "rows": 2, "columns": ["text"]}], "state": "ready", "run_label": "Run all 2 rows"},
        **{"progress": {}, "note": "", "is_wrong": False, "listing": {}},
    },
    Composer: {
        **{
            "instruction": "",
            "placeholder": "Write",
            "examples": ["One?"],
            "are_examples_open": True,
            "state": "ready",
        },
        **{"recalled": [], "queued": "", "editing": "", "is_chat": False, "can_undo": False},
    },
    Conversation: {
        **{"items": [{"place": 0, "question": "Who?", "answer": "I.", "version": 1, "versions": 2}]},
        **{"earlier": "", "view_begins": 0, "is_resting": False},
    },
    ExplorerHead: {
        "place": {"token": ["a", False], "where": "token 1 of 2", "steps": [["b", False]]},
        "settings": "",
    },
    FoldButton: {"title": "Context", "is_open": False, "name": "context"},
    HistoryList: {
        "query": "",
        "listing": {"query": "", "rows": ROWS, "matches": 2, "total": 2},
        "shown": 1,
        "is_resting": False,
    },
    KernelNotice: {"is_gone": True},
    LensView: {"tokens": [], "legend": "", "summary": "", "chosen": -1, "explored": -1, "text": "", "code": ""},
    PromptView: {"stretches": [["user", "Who?", "id 1"]], "count": "1 token", "note": ""},
    ResponseView: {
        "text": "",
        "html": "",
        "code": "",
        "note": "",
        "is_streaming": True,
        "placeholder": "",
        "label": "",
    },
    StoredModels: {
        "listing": {"models": [{"title": "demo", "facts": "", "rows": []}], "disk": "", "told": "", "answers": 0},
        "disabled": False,
    },
}


def test_each_part_that_is_seen_or_listens_is_tried():
    rendered = {each for each in Control.__subclasses__() if "return () =>" in str(each._esm).partition("render(")[2]}
    assert rendered == set(STATES)


@pytest.mark.parametrize("part", STATES, ids=lambda part: part.__name__)
def test_a_view_that_is_removed_leaves_nothing_behind(page, part):
    page.add_init_script(COUNTING)
    assert open_bare_page(page, PAGE.format(state=json.dumps(STATES[part])), part) == []
    before = page.evaluate(HELD)
    page.evaluate("() => { window.removes = ['#inside', '#outside'].map(render) }")
    page.evaluate("() => new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume)))")
    assert page.evaluate(HELD) != before  # it does listen
    page.evaluate("removes.forEach((remove) => remove())")
    assert page.evaluate(HELD) == before
    assert page.evaluate("document.querySelectorAll('#inside > div > *, #outside > *').length") == 0
