"""``%dolly`` with a model of a server: asked who it is once, and kept for the cells to come."""

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from remote_engines import our_server
from stub_server import ids_stream
from traitlets.config import Config

from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

IDS = (306, 499, 290, 1385, 279, 2231, 15, 276)


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.display_pub = CapturingDisplayPublisher()
    shell.run_cell("%load_ext dolly_widget")
    yield shell
    shell.run_cell("%unload_ext dolly_widget")
    InteractiveShell.clear_instance()


def test_cells_share_what_was_learnt_of_a_server(shell, capsys):
    with our_server("dolly") as server:
        server.answers.append(ids_stream(Model(OPENVINO_DIR).tokenizer, IDS))
        for _ in range(3):
            assert shell.run_cell(f"%dolly --model {server.url} -o answer What is the capital of France?").success
        assert [each.path for each in server.requests].count("/v1/models") == 1
    assert shell.user_ns["answer"].text == "The capital of France is Paris."
    assert f"dolly at {server.host}" in capsys.readouterr().out


def test_a_server_that_is_gone_is_a_sentence(shell, capsys):
    with our_server("dolly") as server:
        url = server.url
    assert not shell.run_cell(f"%dolly --model {url} Who?").success
    assert f"{server.host} refuses the connection: check that it runs, and the port." in capsys.readouterr().out
