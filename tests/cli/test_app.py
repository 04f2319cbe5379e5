"""``dolly-widget app``: who gets in, what it leaves behind, and what it says when it cannot start."""

import ast
import http.client
import importlib.util
import json
import re
import signal
import stat
import urllib.request
import webbrowser
from pathlib import Path
from urllib.error import HTTPError

import pytest
from command_line import start

from dolly_widget.cli import entry_point, serving
from dolly_widget.engines import EngineSetup


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Runs ``dolly-widget app`` with only the server replaced, which ends as soon as it answers; what it was given."""
    given = {}

    def serve(command, folder, environment, port, on_up):
        configuration = json.loads((folder / "voila.json").read_text())
        given.update(command=command, folder=folder, environment=environment, configuration=configuration)
        given["mode"] = stat.S_IMODE(folder.stat().st_mode)
        given["cell"] = json.loads((folder / "app.ipynb").read_text())["cells"][0]["source"]
        on_up()
        return 0

    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        assert entry_point.main(["app", "--port", "0", *arguments]) == 0
        return given

    return run


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The port and the token of a running app, of a user whose configuration asks for no token."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    (home / "config/voila.json").write_text(
        '{"Voila": {"token": "", "ip": "0.0.0.0"}, "IdentityProvider": {"token": ""}}'
    )
    places = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "data", "runtime")}
    (home / "tmp").mkdir()
    with start(
        "-m", "dolly_widget", "app", "--no-browser", "--port", "0", TMPDIR=str(home / "tmp"), **places
    ) as process:
        try:
            line = process.stdout.readline().decode()
            port, token = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\w+)", line).groups()
            yield int(port), token
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert list((home / "tmp").iterdir()) == []


def status_of(app, method, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", app[0], timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert b"root:" not in body
    return answer.status, answer.getheader("Location", "")


def test_the_page_asks_for_the_token(app):
    status, location = status_of(app, "GET", "/")
    assert (status, location.partition("?")[0]) == (302, "/login")
    assert status_of(app, "GET", "/?token=wrong")[0] == 302


KERNEL_ID = "00000000-0000-4000-8000-000000000000"
KERNEL = f"/api/kernels/{KERNEL_ID}"
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", KERNEL, {}),
        ("GET", f"{KERNEL}/channels", UPGRADE),
        ("POST", f"/voila/api/shutdown/{KERNEL_ID}", {}),
        ("GET", "/voila/files/app.ipynb", {}),
        ("GET", "/voila/files/voila.json", {}),
    ],
)
def test_what_reaches_a_kernel_or_a_file_is_refused_without_the_token(app, method, path, headers):
    assert status_of(app, method, path, **headers)[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/login", {}),
        ("GET", KERNEL, {}),
        ("GET", f"{KERNEL}/channels", UPGRADE),
        ("GET", f"/voila/execution/{KERNEL_ID}", UPGRADE),
        ("POST", f"/voila/api/shutdown/{KERNEL_ID}", {}),
    ],
)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil.example:8866"])
def test_a_page_whose_name_was_made_to_mean_this_machine_is_refused(app, method, path, headers, host):
    """DNS rebinding: to the browser, such a page and the app are one origin."""
    names = {"Host": host, "Origin": f"http://{host}", "Authorization": f"token {app[1]}"}
    assert status_of(app, method, path, **headers, **names)[0] == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_this_machine_s_own_names_are_let_in(app, host):
    port, token = app
    names = {"Host": host.format(port=port), "Authorization": f"token {token}"}
    assert status_of(app, "GET", KERNEL, **names)[0] == 404  # it is asked for a kernel that is not there


@pytest.mark.parametrize("path", ["/api/contents", "/api/terminals", "/api/sessions", "/api/kernels", "/lab", "/tree"])
def test_there_is_no_more_than_the_widget_even_with_the_token(app, path):
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{app[0]}{path}?token={app[1]}", timeout=60)
    assert caught.value.code in (403, 404)


@pytest.mark.parametrize("path", ["../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd"])
def test_a_path_does_not_lead_out_of_what_is_served(app, path):
    for place in ("voila/static", "voila/templates/dolly-widget/static", "voila/labextensions", "voila/files"):
        assert status_of(app, "GET", f"/{place}/{path}")[0] >= 400


def test_no_other_machine_gets_in(app):
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    hosts = [
        host
        for _, local, _, state, *_ in listening
        for host, port in [local.split(":")]
        if int(port, 16) == app[0] and state == "0A"
    ]
    assert hosts == ["0100007F"]


def test_the_token_is_on_no_command_line(app):
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes())
        except OSError:  # it has ended
            continue
    assert any(b"app.ipynb" in line for line in lines)
    assert not any(app[1].encode() in line for line in lines)


def test_the_folder_is_the_user_s_own_and_goes_with_the_server(served):
    given = served("--no-browser")
    assert given["mode"] == 0o700
    assert not given["folder"].exists()


def test_the_widget_is_made_of_what_was_asked_for(served, tmp_path):
    options = ("--device", "cpu", "--weight-format", "int4", "--draft", "demo")
    cell = served("demo", "--no-browser", *options)["cell"]
    calls = [node for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    (call,) = (call for call in calls if ast.unparse(call.func) == "DollyWidget")
    setup = EngineSetup(**ast.literal_eval(call.keywords[0].value))
    assert setup == EngineSetup(device="CPU", weight_format="int4", draft="demo")
    assert repr(str(tmp_path)) in cell


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_page_is_told_its_theme(served, theme):
    voila = served("--no-browser", "--theme", theme)["configuration"]["VoilaConfiguration"]
    assert voila["theme"] == ("dark" if theme == "dark" else "light")
    assert voila["resources"]["dolly_widget"]["theme"] == theme


def test_the_theme_is_the_system_s_unless_another_is_named(served):
    assert served("--no-browser")["configuration"]["VoilaConfiguration"]["resources"]["dolly_widget"]["theme"] == "auto"


def test_the_browser_is_given_the_token_by_a_file(served, monkeypatch):
    opened = []
    monkeypatch.setattr(serving, "has_browser", lambda: True)
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append((address, Path(address[7:]).read_text())))
    token = served()["configuration"]["Voila"]["token"]
    ((address, text),) = opened
    assert address.startswith("file://")
    assert token not in address
    assert f"?token={token}" in text


def test_no_browser_opens_none(served, monkeypatch):
    monkeypatch.setattr(serving, "has_browser", lambda: True)
    monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail("opened"))
    served("--no-browser")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["./nonsense"], "There is no model './nonsense'"),
        (["--device", "GPU.9"], "There is no device 'GPU.9'"),
        (["--port", "70000"], "--port must be 0 to 65535"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_is_served(arguments, says, capsys):
    assert entry_point.main(["app", *arguments]) == 2
    assert re.fullmatch(rf"dolly-widget: {re.escape(says)}.*\n", capsys.readouterr().err)


def test_it_says_how_to_install_voila(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert entry_point.main(["app"]) == 2
    assert capsys.readouterr().err == (
        'dolly-widget: Voilà is not installed: run  python -m pip install "dolly-widget[app]"\n'
    )


def test_the_help_says_what_a_second_tab_is_and_when_memory_is_freed(capsys):
    with pytest.raises(SystemExit):
        entry_point.main(["app", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "Each browser tab has its own widget and model. Reloading a page keeps its answers" in out
    assert "about 5 minutes later" in out
