"""A real ipykernel, asked as a front end asks it: cells, and what is clicked, over a subshell or not."""

import os
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.manager import start_new_kernel

LIMIT_S = 30
TESTS = Path(__file__).parent


class Kernel:
    """A running kernel whose cells can import the tests' modules."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client
        self.seen = []
        """All that it has published."""
        self.has_subshells = "kernel subshells" in client.kernel_info(reply=True)["content"].get(
            "supported_features", ()
        )

    def start(self, code):
        """Run a cell; return its id. Does not wait for its end."""
        return self.client.execute(code)

    def finish(self, message_id):
        """Wait until a request is done."""
        while not any(
            _is_from(message, message_id) and message["content"].get("execution_state") == "idle"
            for message in self.seen
        ):
            self.seen.append(self.client.get_iopub_msg(timeout=LIMIT_S))

    def reply(self, message_id):
        """The content of a request's reply."""
        while not _is_from(reply := self.client.get_shell_msg(timeout=LIMIT_S), message_id):
            pass
        return reply["content"]

    def messages(self, message_id, *kinds):
        """What a request has published: messages of the kinds "stream", "error", "display_data" and so on."""
        return [each for each in self.seen if _is_from(each, message_id) and each["msg_type"] in kinds]

    def published(self, message_id, *kinds):
        """The contents of ``messages``."""
        return [message["content"] for message in self.messages(message_id, *kinds)]

    def printed(self, message_id):
        return "".join(content["text"] for content in self.published(message_id, "stream"))

    def run(self, code):
        """Run a cell to its end; return what it printed."""
        message_id = self.start(code)
        self.finish(message_id)
        assert self.published(message_id, "error") == []
        return self.printed(message_id)

    def new_subshell(self):
        """Its id, or None where the kernel has none."""
        if not self.has_subshells:
            return None
        client = self.client
        client.control_channel.send(client.session.msg("create_subshell_request"))
        return client.get_control_msg(timeout=LIMIT_S)["content"]["subshell_id"]

    def send(self, comm_id, data, subshell_id=None):
        """Say something to a widget, as the page does; return the message's id."""
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if subshell_id is not None:
            message["header"]["subshell_id"] = subshell_id
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def click(self, comm_id, subshell_id=None):
        return self.send(comm_id, {"method": "custom", "content": {"event": "click"}}, subshell_id)

    def press(self, comm_id, kind, subshell_id=None, **fields):
        """What the box of the instruction sends when a key or its button is pressed."""
        return self.send(comm_id, {"method": "custom", "content": {"kind": kind, **fields}}, subshell_id)

    def type(self, comm_id, text, subshell_id=None):
        return self.send(comm_id, {"method": "update", "state": {"value": text}, "buffer_paths": []}, subshell_id)


def _is_from(message, message_id):
    return message["parent_header"].get("msg_id") == message_id


@contextmanager
def running_kernel():
    """Start a kernel and yield a Kernel; end it afterwards."""
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": path}, startup_timeout=60)
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
