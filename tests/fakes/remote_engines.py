"""Engines of a stub server in one line."""

from stub_server import StubServer

from dolly_widget.engines import load_engine
from dolly_widget.models.demo import OPENVINO_DIR

FILES = ("tokenizer.json", "tokenizer_config.json", "config.json", "generation_config.json")


def our_server(*names, **more):
    """A stub of our own server, which hands out the demonstration model's tokenizer."""
    server = StubServer(*names, owner="dolly-widget", dolly_widget={"files": list(FILES)}, **more)
    server.files = {name: (OPENVINO_DIR / name).read_bytes() for name in FILES}
    return server


def other_server(*names, **more):
    """A stub of a server of no known kind."""
    return StubServer(*names, owner="organization-owner", **more)


def connect(*servers, **options):
    """An engine of one server, or of several of the same model."""
    return load_engine(",".join(server.url for server in servers), **options)
