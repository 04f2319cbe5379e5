"""A page that joins a kernel while the widget changes, in a real Voilà and a real Chromium."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# The change comes when the test says so.
MAKE = """
import threading, time
from pathlib import Path
from dolly_widget import DollyWidget
widget = DollyWidget()
widget.wait()
def change():
    while not Path("change").exists():
        time.sleep(0.01)
    widget._screen.model.value = '<span class="dw-model">changed meanwhile</span>'
threading.Thread(target=change, daemon=True).start()
widget
"""


def test_what_changed_while_the_page_was_made_is_shown(voila, page):
    sent, received = [], []

    def listen(socket):
        socket.on("framesent", lambda frame: sent.append("request_states" in str(frame)))
        socket.on("framereceived", lambda frame: received.append("changed meanwhile" in str(frame)))

    def hold(route):
        """Hold back the code of the widgets once the page has their states, until they have changed."""
        if any(sent) and not any(received):
            (voila.folder / "change").touch()
            while not any(received):
                page.wait_for_timeout(20)
        route.continue_()

    page.on("websocket", listen)
    page.route("**/jupyterlab-manager/static/**", hold)
    notebook = voila.open(page, [MAKE])
    expect(page.locator(".dw-model")).to_have_text("changed meanwhile")
    assert any(received)
    assert notebook.errors() == []
    notebook.close()
