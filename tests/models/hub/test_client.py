"""Asking what a repository of the hub holds, and fetching it: against a server of our own, never the real one."""

import builtins
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import Hold, HubServer
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from hypothesis import example, given
from hypothesis import strategies as st

from dolly_widget.errors import ModelError
from dolly_widget.models.hub import cache, client, guard
from dolly_widget.runtime.progress import ignore_progress

MIB = 1 << 20
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
TORCH = ("config.json", "generation_config.json", *TOKENIZER, "model.safetensors")
OPENVINO = ("config.json", *TOKENIZER, "openvino_model.xml", "openvino_model.bin")


@pytest.fixture(autouse=True)
def hub_home(tmp_path, monkeypatch):
    """A hub cache of the test's own, nobody logged in, and no server that could be reached."""
    home = tmp_path / "home"
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "agents"), raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    # The library waits between its attempts.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return home


@pytest.fixture
def make(tmp_path):
    """Makes a directory with files of these names, whose contents differ."""

    def make(*names, sizes=(), where="repository"):
        for number, name in enumerate(names):
            path = tmp_path / where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            size = dict(sizes).get(name, 100 + number)
            path.write_bytes((name.encode() + b" ") * (size // (len(name) + 1)) + b" " * (size % (len(name) + 1)))
            if name == "config.json":
                path.write_text(json.dumps({"model_type": "gpt_neox", "of": where}))
        return tmp_path / where

    return make


@pytest.fixture
def serve(make, monkeypatch):
    """Starts a server with one repository, "org/name", of the files named."""
    servers = []

    def serve(*names, sizes=()):
        server = HubServer({"org/name": make(*names, sizes=sizes)})
        servers.append(server.__enter__())
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        return server

    yield serve
    for server in servers:
        server.__exit__()


def refused(call, *args):
    """The sentence that the call is refused with: one, with no wall of text and no address but the model's page."""
    with pytest.raises(ModelError) as caught:
        call(*args)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 250
    assert "://" not in sentence.replace("https://huggingface.co/org/name", "")
    return sentence


def paths(server):
    """What was requested, without the commit."""
    return [request.replace(server.commits["org/name"], "COMMIT") for request in server.requests]


def fetching(*names):
    return [f"{method} /org/name/resolve/COMMIT/{name}" for name in names for method in ("HEAD", "GET")]


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("text", ["org/name", "gpt2", "databricks/dolly-v2-3b", "a.b/c_d"])
def test_model_ids_are_recognised(text):
    assert client.is_model_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "./model",
        "../model",
        "/models/x",
        "~/x",
        "a/b/c",
        "C:\\model",
        "a b",
        "org/name\n",
        "org/",
        "é/b",
        "a--b",
        ".",
    ],
)
def test_paths_and_other_texts_are_no_model_ids(text):
    assert not client.is_model_id(text)
    assert "organisation/name" in refused(client.look_up, text)


# What the rules are about, the longest name, and what a file system or a line of input might bring along.
PIECES = ["a", "Z9", "_", "-", ".", "/", "git", ".git", "é", " ", "\n", "~", "x" * 95]


@example("x" * 96)
@example("x" * 97)
@example(f"{'o' * 97}/{'x' * 96}")
@example("a.git/b")
@example("a/b.git")
@example("a.git.")
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_model_id_is_what_the_library_takes_in_ascii(text):
    try:
        validate_repo_id(text)
        is_taken = True
    except HFValidationError:
        is_taken = False
    # The library's pattern lets any letter pass, and a line end at the end; the hub does not.
    assert client.is_model_id(text) == (is_taken and text.isascii() and not text.endswith("\n"))


def test_telling_a_model_id_imports_no_library():
    code = "import sys; from dolly_widget.models.hub import client; client.is_model_id('org/name'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"huggingface_hub", "httpx"} & set(run.stdout.split())


def test_what_is_looked_up_is_the_needed_files_at_one_commit(serve):
    server = serve(*TORCH, "README.md", "pytorch_model.bin", sizes={"model.safetensors": 5000})
    repository = client.look_up("org/name")
    commit, directory = server.directory("org/name", "main")
    assert (repository.model_id, repository.revision, repository.commit) == ("org/name", "main", commit)
    assert dict(repository.files) == {name: (directory / name).stat().st_size for name in TORCH}
    assert repository.weights_bytes == 5000
    assert repository.etags.keys() == set(TORCH)


def test_a_repository_of_no_use_is_refused_after_one_request(serve):
    server = serve("config.json", "folder/x-Q4_K_M.gguf")
    assert "GGUF" in refused(client.look_up, "org/name")
    assert len(server.requests) == 1


@pytest.mark.parametrize("names", [TORCH, OPENVINO])
def test_a_download_makes_the_expected_requests_and_no_other(serve, names):
    server = serve(
        *names, "README.md", "pytorch_model.bin", sizes={"openvino_model.bin": 900, "model.safetensors": 900}
    )
    repository = client.look_up("org/name")
    client.fetch_config(repository)
    directory = client.download(repository, ignore_progress)
    assert paths(server)[:3] == ["GET /api/models/org/name/revision/main?blobs=true", *fetching("config.json")]
    rest = set(names) - {"config.json"}
    assert sorted(paths(server)[3:]) == sorted(fetching(*rest))
    # The weights last: what else is wrong shows before they come.
    assert paths(server)[-1].endswith((".safetensors", "openvino_model.bin"))
    assert contents(directory).keys() == set(names)
    for name, content in contents(directory).items():
        assert content == (server.directory("org/name", "main")[1] / name).read_bytes()


def test_what_is_in_the_hub_cache_is_not_fetched_again(serve):
    server = serve(*TORCH)
    repository = client.look_up("org/name")
    assert client.missing_bytes(repository) == repository.size_bytes
    client.fetch_config(repository)
    assert client.missing_bytes(repository) == repository.size_bytes - repository.files["config.json"]
    first = client.download(repository, ignore_progress)
    assert client.missing_bytes(repository) == 0
    server.requests.clear()
    assert client.download(repository, ignore_progress) == first
    assert client.fetch_config(repository) == {"model_type": "gpt_neox", "of": "repository"}
    assert server.requests == []


def test_the_hub_cache_is_the_one_that_other_tools_read(serve):
    from huggingface_hub import hf_hub_download

    serve(*TORCH)
    directory = client.download(client.look_up("org/name"), ignore_progress)
    found = hf_hub_download("org/name", "model.safetensors", revision="main", local_files_only=True)
    assert Path(found) == directory / "model.safetensors"


def test_a_new_commit_fetches_only_what_has_changed(serve, make):
    server = serve(*TORCH)
    old = client.look_up("org/name")
    client.download(old, ignore_progress)
    changed = make(*TORCH, where="changed")
    server.commit("org/name", changed)
    server.requests.clear()
    new = client.look_up("org/name")
    assert new.commit != old.commit
    assert client.missing_bytes(new) == new.files["config.json"]
    directory = client.download(new, ignore_progress)
    assert contents(directory) == contents(changed)
    assert [path for path in paths(server) if path.startswith("GET /org")] == fetching("config.json")[1:]


def test_a_branch_that_moves_during_a_download_does_not_mix_commits(serve, make):
    server = serve(*TORCH)
    repository = client.look_up("org/name")
    server.commit("org/name", make(*TORCH, where="changed"))
    assert client.fetch_config(repository)["of"] == "repository"
    assert client.fetch_config(client.look_up("org/name"))["of"] == "changed"
    assert client.fetch_config(client.look_up("org/name", repository.commit))["of"] == "repository"


def test_bytes_are_told_while_they_come(serve, monkeypatch):
    monkeypatch.setattr(client, "UPDATES_PER_S", 1e9)
    size = 4 * MIB + 7
    server = serve(*TORCH, sizes={"model.safetensors": size})
    server.holds["model.safetensors"] = hold = Hold(after=2 * MIB)
    repository = client.look_up("org/name")
    reports = []

    def on_progress(progress):
        reports.append(progress)
        if progress.done_bytes >= 2 * MIB:
            hold.released.set()  # the rest comes only because of this report

    client.download(repository, on_progress)
    done = [report.done_bytes for report in reports]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == repository.size_bytes
    assert [report.fraction for report in reports] == [count / repository.size_bytes for count in done]
    assert {(report.stage, report.total_bytes) for report in reports} == {("download", repository.size_bytes)}


def test_progress_is_told_at_most_ten_times_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=lambda: now[0]))
    reports = []
    meter = client._Meter(1000, reports.append)
    for _ in range(100):
        now[0] += 0.01
        meter.advance(10)
    meter.finish()
    assert 10 <= len(reports) <= 12
    assert (reports[0].fraction, reports[-1].fraction) == (0.0, 1.0)


def test_progress_never_goes_back_nor_beyond_the_end(monkeypatch):
    monkeypatch.setattr(client, "UPDATES_PER_S", 1e9)
    reports = []
    meter = client._Meter(100, reports.append)
    with meter.bar_class()(total=60, initial=20) as bar:
        for count in (30, -50, 30, 30, 30):  # the server would not resume, and the library began again
            bar.update(count)
    meter.file_done(60)
    meter.advance(90)
    meter.finish()
    assert [report.done_bytes for report in reports] == [0, 20, 50, 60, 90, 100, 100]


@pytest.fixture
def serve_with_xet(serve, monkeypatch):
    """As ``serve``, for the hub itself: one of its files is in Xet storage."""

    def serve_with_xet(*names, sizes=()):
        server = serve(*names, sizes=sizes)
        server.xet.add("model.safetensors")
        monkeypatch.setattr(guard, "HUB", server.url)
        return server

    return serve_with_xet


def test_bytes_from_xet_storage_are_told_too(serve_with_xet, monkeypatch):
    """With a stand-in for the session of hf_xet, whose storage is not here."""
    monkeypatch.setattr(client, "UPDATES_PER_S", 1e9)
    server = serve_with_xet(*TORCH, sizes={"model.safetensors": 900})
    content = (server.directory("org/name", "main")[1] / "model.safetensors").read_bytes()

    telemetry = []

    class Group:
        def __init__(self, *, progress_callback, **_):
            self._report = progress_callback
            telemetry.append(os.environ.get("HF_HUB_DISABLE_TELEMETRY"))

        def start_download_file(self, info, path):
            for end in (300, 600, 900):
                Path(path).write_bytes(content[:end])
                self._report(SimpleNamespace(total_bytes_completed=end), None)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(
        "huggingface_hub.utils._xet.get_xet_session", lambda: SimpleNamespace(new_file_download_group=Group)
    )
    repository = client.look_up("org/name")
    small = repository.size_bytes - 900
    reports = []
    directory = client.download(repository, reports.append)
    assert (directory / "model.safetensors").read_bytes() == content
    assert [report.done_bytes - small for report in reports][-4:] == [300, 600, 900, 900]
    assert telemetry == ["1"]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionError("Network error: https://cas.example/x"), "connection"),
        (TimeoutError("Timeout"), "connection"),
        (RuntimeError("Task cancelled"), "connection"),
        (OSError("I/O error: No space left on device (os error 28)"), "disk is full"),
    ],
)
def test_a_fault_of_xet_storage_is_a_sentence(serve_with_xet, monkeypatch, error, says):
    """The errors that hf_xet 1.8 raises: its ``error.rs``."""

    def fail(**_):
        raise error

    monkeypatch.setattr(
        "huggingface_hub.utils._xet.get_xet_session", lambda: SimpleNamespace(new_file_download_group=fail)
    )
    serve_with_xet(*TORCH)
    assert says in refused(client.download, client.look_up("org/name"), ignore_progress)


def test_xet_storage_that_cannot_be_reached_is_a_sentence(serve_with_xet):
    serve_with_xet(*TORCH)
    assert "connection" in refused(client.download, client.look_up("org/name"), ignore_progress)


def child(code, server, home, **env):
    """A process that knows of server and cache by the environment alone, as a user's does."""
    settings = {"HF_ENDPOINT": server.url, "HF_HOME": str(home), "AI_AGENT": "x", **env}
    dropped = ("HF_HUB_CACHE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DISABLE_TELEMETRY")
    inherited = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.Popen(
        [sys.executable, "-c", f"from dolly_widget.models.hub import client\n{code}"],
        env={**inherited, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


DOWNLOAD = "client.download(client.look_up('org/name'), lambda progress: None)"


def test_a_process_of_its_own_prints_nothing_and_asks_for_nothing_else(serve, hub_home):
    server = serve(*TORCH, sizes={"model.safetensors": 5000})
    server.cuts["model.safetensors"] = [1000]
    process = child(DOWNLOAD, server, hub_home, HF_TOKEN="hf_secret")
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    cut = "GET /org/name/resolve/COMMIT/model.safetensors"
    assert sorted(paths(server)) == sorted(
        ["GET /api/models/org/name/revision/main?blobs=true", *fetching(*TORCH), cut]
    )
    assert {headers["authorization"] for headers in server.headers} == {"Bearer hf_secret"}
    assert not any("agent/" in headers["user-agent"] or "torch" in headers["user-agent"] for headers in server.headers)


def test_xet_storage_can_be_switched_off_where_a_network_blocks_it(serve_with_xet, monkeypatch):
    server = serve_with_xet(*TORCH)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    directory = client.download(client.look_up("org/name"), ignore_progress)
    assert contents(directory) == contents(server.directory("org/name", "main")[1])


def test_a_mirror_s_files_come_from_the_mirror_whatever_it_says_of_xet_storage(serve, monkeypatch):
    def never():
        raise AssertionError("hf_xet was asked")

    monkeypatch.setattr("huggingface_hub.utils._xet.get_xet_session", never)
    server = serve(*TORCH)
    server.xet.add("model.safetensors")
    directory = client.download(client.look_up("org/name"), ignore_progress)
    assert contents(directory) == contents(server.directory("org/name", "main")[1])


def test_the_library_is_left_as_it_was(serve):
    from huggingface_hub.utils import logging

    def settings():
        telemetry, chunk = constants.HF_HUB_DISABLE_TELEMETRY, constants.DOWNLOAD_CHUNK_SIZE
        return telemetry, chunk, logging.get_verbosity(), dict(os.environ)

    serve(*TORCH)
    before = settings()
    client.download(client.look_up("org/name"), ignore_progress)
    refused(client.look_up, "org/other")
    assert settings() == before


def test_a_killed_download_leaves_nothing_behind_for_long(serve, hub_home):
    server = serve(*TORCH, sizes={"model.safetensors": 3 * MIB})
    server.holds["model.safetensors"] = hold = Hold(after=2 * MIB)
    process = child(DOWNLOAD, server, hub_home)
    try:
        assert hold.reached.wait(60)
        blobs = hub_home / "hub" / "models--org--name" / "blobs"
        half = list(blobs.glob("*.incomplete"))
        assert len(half) == 1
        cache.remove_leftovers("org/name")
        assert list(blobs.glob("*.incomplete")) == half  # it is being fetched
    finally:
        process.kill()
        process.communicate()
    repository = client.look_up("org/name")
    assert client.missing_bytes(repository) == 3 * MIB
    hold.released.set()
    server.requests.clear()
    directory = client.download(repository, ignore_progress)
    assert contents(directory) == contents(server.directory("org/name", "main")[1])
    assert paths(server) == fetching("model.safetensors")
    assert not list(blobs.glob("*.incomplete"))


def test_a_connection_that_is_cut_is_taken_up_again(serve, monkeypatch):
    monkeypatch.setattr(client, "UPDATES_PER_S", 1e9)
    server = serve(*TORCH, sizes={"model.safetensors": 3 * MIB})
    server.cuts["model.safetensors"] = [MIB + 5, 0, 10]
    reports = []
    directory = client.download(client.look_up("org/name"), reports.append)
    assert contents(directory) == contents(server.directory("org/name", "main")[1])
    assert [headers.get("Range") for headers in server.headers][-3:] == [f"bytes={MIB}-"] * 3
    done = [report.done_bytes for report in reports]
    assert done == sorted(done)


def test_a_connection_that_stays_cut_keeps_the_files_that_are_whole(serve):
    server = serve(*TORCH, sizes={"model.safetensors": 9000})
    server.cuts["model.safetensors"] = [1000, *[0] * 20]
    repository = client.look_up("org/name")
    assert "complete files are kept" in refused(client.download, repository, ignore_progress)
    server.cuts.clear()
    server.requests.clear()
    directory = client.download(repository, ignore_progress)
    assert paths(server) == fetching("model.safetensors")
    assert contents(directory) == contents(server.directory("org/name", "main")[1])


def test_a_server_that_goes_away_is_a_sentence(serve):
    server = serve(*TORCH)
    repository = client.look_up("org/name")
    server.__exit__()
    assert "was lost" in refused(client.download, repository, ignore_progress)


def unknown(server):
    return refused(client.look_up, "org/other")


def gated(server):
    server.gated.add("org/name")
    return refused(client.fetch_config, client.look_up("org/name"))


@pytest.mark.parametrize("token", [None, "hf_secret"])
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            unknown,
            "org/other is not a directory here, and does not exist or is private on the hub: "
            "check the spelling, or log in with `hf auth login`.",
        ),
        (
            gated,
            "org/name is gated: accept its conditions at https://huggingface.co/org/name, "
            "and log in with `hf auth login`.",
        ),
    ],
)
def test_no_access_says_how_to_get_it(serve, monkeypatch, token, fault, says):
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    assert fault(serve(*TORCH)) == says


@pytest.mark.parametrize("revision", ["v3", "refs/pr/1", "0" * 40])
def test_an_unknown_revision_is_named(serve, revision):
    serve(*TORCH)
    assert f"no revision '{revision}'" in refused(client.look_up, "org/name", revision)


@pytest.mark.parametrize(("status", "says"), [(403, "log in"), (429, "429"), (500, "500"), (503, "503"), (418, "418")])
def test_an_error_of_the_server_is_told(serve, status, says):
    server = serve(*TORCH)
    repository = client.look_up("org/name")
    server.errors["/main"] = server.errors["/model.safetensors"] = status
    assert says in refused(client.look_up, "org/name")
    assert says in refused(client.download, repository, ignore_progress)


def test_a_page_that_is_no_answer_of_the_hub_is_told(serve):
    serve(*TORCH).errors["/main"] = 200
    assert "does not answer like the Hugging Face hub" in refused(client.look_up, "org/name")


def no_server(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")


def no_name(monkeypatch):
    def unknown_name(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown_name)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")


def no_answer(monkeypatch):
    listener = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(client, "REQUEST_TIMEOUT_S", 0.1)
    monkeypatch.setattr(client, "_listener", listener, raising=False)  # kept open until the end of the test
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")


def no_scheme(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "localhost")


def offline(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


NO_NETWORK = pytest.mark.parametrize("cut_off", [no_server, no_name, no_answer, no_scheme, offline])


@NO_NETWORK
def test_without_a_network_a_whole_copy_in_the_hub_cache_does(serve, monkeypatch, cut_off):
    server = serve(*TORCH)
    online = client.look_up("org/name")
    directory = client.download(online, ignore_progress)
    server.requests.clear()
    cut_off(monkeypatch)
    cached = client.look_up("org/name")
    assert (cached.commit, dict(cached.files)) == (online.commit, {name: online.files[name] for name in cached.files})
    assert set(cached.files) == set(TORCH)
    assert client.look_up("org/name", online.commit).files == cached.files
    assert client.missing_bytes(cached) == 0
    assert client.fetch_config(cached)["of"] == "repository"
    assert client.download(cached, ignore_progress) == directory
    assert server.requests == []


@NO_NETWORK
@pytest.mark.parametrize("missing", [TORCH, TOKENIZER, ("model.safetensors",), ("config.json",)])
def test_without_a_network_half_a_copy_is_refused(serve, monkeypatch, cut_off, missing):
    serve(*TORCH)
    directory = client.download(client.look_up("org/name"), ignore_progress)
    for name in missing:
        (directory / name).unlink()
    cut_off(monkeypatch)
    says = "HF_HUB_OFFLINE is set" if cut_off is offline else "cannot be reached: check the connection"
    sentence = refused(client.look_up, "org/name")
    assert says in sentence
    assert "give a directory" in sentence


def test_a_hub_that_is_down_leaves_the_cached_copy_usable(serve):
    server = serve(*TORCH)
    commit = client.look_up("org/name").commit
    client.download(client.look_up("org/name"), ignore_progress)
    server.errors["/main"] = 503
    assert client.look_up("org/name").commit == commit


def test_a_model_that_is_withdrawn_is_not_taken_from_the_cache(serve):
    server = serve(*TORCH)
    client.download(client.look_up("org/name"), ignore_progress)
    server.commits.clear()
    assert "does not exist" in refused(client.look_up, "org/name")


def test_a_file_of_another_size_than_announced_is_refused(serve, hub_home):
    server = serve(*TORCH)
    server.announced["model.safetensors"] = 5000
    repository = client.look_up("org/name")
    assert repository.files["model.safetensors"] == 5000
    assert "damaged" in refused(client.download, repository, ignore_progress)
    assert client.missing_bytes(repository) == 5000


def test_a_file_that_changed_its_size_since_it_was_looked_up_is_refused(serve):
    server = serve(*TORCH)
    server.announced["model.safetensors"] = 5000
    repository = client.look_up("org/name")
    server.announced.clear()
    assert "model.safetensors has 105 bytes instead of 5000" in refused(client.download, repository, ignore_progress)


def test_a_damaged_file_in_the_hub_cache_is_fetched_again(serve):
    server = serve(*TORCH)
    repository = client.look_up("org/name")
    directory = client.download(repository, ignore_progress)
    os.truncate(directory / "model.safetensors", 10)
    assert client.missing_bytes(repository) == repository.files["model.safetensors"]
    client.download(repository, ignore_progress)
    assert contents(directory) == contents(server.directory("org/name", "main")[1])


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe"])
def test_a_broken_config_is_told(serve, content):
    server = serve(*TORCH)
    (server.directory("org/name", "main")[1] / "config.json").write_bytes(content)
    assert "config.json of org/name is damaged" in refused(client.fetch_config, client.look_up("org/name"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_told_with_the_place_and_what_is_free(serve, monkeypatch, hub_home):
    serve(*TORCH, sizes={"model.safetensors": 3 * MIB})
    repository = client.look_up("org/name")
    for module in (builtins, __import__("io")):
        monkeypatch.setattr(module, "open", on_full_disk(module.open))
    sentence = refused(client.download, repository, ignore_progress)
    assert sentence.startswith(f"The disk is full: {hub_home}")
    assert " left; free some space" in sentence


def on_full_disk(open_file):
    def open_there(path, mode="r", *args, **kwargs):
        is_written = mode[0] in "wa" and Path(str(path)).name.endswith(".incomplete")
        return open_file("/dev/full" if is_written else path, mode, *args, **kwargs)

    return open_there


def test_a_cache_that_cannot_be_written_to_is_told(serve, hub_home):
    serve(*OPENVINO)
    repository = client.look_up("org/name")
    hub_home.write_text("a file")
    assert refused(client.download, repository, ignore_progress).startswith(
        f"{hub_home} cannot be written to (Not a directory)"
    )
