"""A hub that lies gets one sentence; it reaches nothing outside the caches, and leaves nothing of its own in them."""

import contextlib
import hashlib
import json
import os

import httpx
import pytest
from hostile_hub import HostileHub
from huggingface_hub import constants
from huggingface_hub.utils import _http

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.hub import cache, client, guard
from dolly_widget.models.kinds.hub_repository import HubRepository
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import ignore_progress

SETTINGS = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
WEIGHTS = ("openvino_model.xml", "openvino_model.bin")
MARK = b"HOSTILE "
HEX = "0123456789abcdef"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's home with files that they would miss, and the caches inside it."""
    home = tmp_path / "home" / "me"
    for name in (".bashrc", ".ssh/authorized_keys", "work/thesis.tex", ".cache/other/file"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"my own {name}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_HOME", str(home / ".cache/huggingface"))
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(home / ".cache/dolly-widget"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / ".cache/huggingface/hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / ".cache/huggingface/token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return home


@pytest.fixture
def waits(monkeypatch):
    """The seconds that the library would have waited between its attempts."""
    seconds = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


@pytest.fixture
def hub(tmp_path, home, waits, monkeypatch):
    """A hub with one repository of OpenVINO files, honest until it is told otherwise."""
    files = tmp_path / "repository"
    files.mkdir()
    for name in (*SETTINGS, *WEIGHTS):
        (files / name).write_bytes(f"the true {name}".encode() * 7)
    (files / "config.json").write_text(json.dumps({"model_type": "gpt_neox"}))
    with HostileHub({"org/name": files}) as hub:
        hub.files = files
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def make():
    """What the child process does for a repository of OpenVINO files; returns the files' contents."""
    source = HubRepository().source("org/name", "main")
    key = source.key(WeightFormat())
    with store.making(key) as staging:
        source.make(staging, WeightFormat(), ignore_progress, install_exporter=False)
        return {path.name: path.read_bytes() for path in staging.iterdir()}


def outside(home):
    """All that is in the home and beside it, the two caches aside: paths, contents and times."""
    caches = (home / ".cache/huggingface", home / ".cache/dolly-widget")
    paths = [path for path in home.parent.rglob("*") if not any(path.is_relative_to(cache) for cache in caches)]
    times = {path: path.lstat().st_mtime_ns for path in paths if path != home / ".cache"}
    return times, {path: path.read_bytes() for path in paths if path.is_file()}


def is_clean(home):
    """Whether the caches hold nothing that a hostile hub sent, under names of their own alone."""
    paths = [path for path in (home / ".cache").rglob("*") if path.is_file()]
    names = [part for path in paths for part in path.relative_to(home).parts]
    return not any(MARK in path.read_bytes() for path in paths) and all(name.isprintable() for name in names)


def refused(call, *args):
    with pytest.raises(ModelError) as caught:
        call(*args)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert sentence.isascii()
    assert len(sentence) < 250
    return sentence


def check(hub, home, trick):
    """Play a trick; return the sentence. Nothing else came of it."""
    before = outside(home)
    trick(hub, home)
    sentence = refused(make)
    assert outside(home) == before
    assert is_clean(home)
    return sentence


def check_and_fetch(hub, home, trick):
    """As ``check``, and the honest files can be had afterwards."""
    before = outside(home)
    sentence = check(hub, home, trick)
    hub.reform()
    assert make() == {path.name: path.read_bytes() for path in hub.files.iterdir()}
    assert outside(home) == before
    return sentence


# What it says about a repository


def saying(**changed):
    def trick(hub, home):
        hub.tell = lambda answer: answer | changed

    return trick


def saying_of_a_file(name="tokenizer.json", **changed):
    """Of one file, or of one more."""

    def trick(hub, home):
        def tell(answer):
            siblings = answer["siblings"]
            entry = next((file for file in siblings if file["rfilename"] == name), None)
            entry = {"rfilename": name, "size": 9, "blobId": "0" * 40} if entry is None else entry
            others = [file for file in siblings if file is not entry]
            return answer | {"siblings": [*others, entry | changed]}

        hub.tell = tell

    return trick


def sending(body):
    def trick(hub, home):
        hub.tell = lambda answer: body

    return trick


def a_file_of_the_user_as_the_commit(hub, home):
    hub.tell = lambda answer: answer | {"sha": str(home / ".bashrc")}


def the_folders_above_as_the_commit(hub, home):
    hub.tell = lambda answer: answer | {"sha": "/../../../.."}


def ten_thousand_files_and_more(hub, home):
    more = [{"rfilename": f"{number}.txt", "size": 1, "blobId": "0" * 40} for number in range(10_000)]
    hub.tell = lambda answer: answer | {"siblings": [*answer["siblings"], *more]}


def an_answer_that_expands(hub, home):
    hub.tell = lambda answer: json.dumps(answer).encode() + b" " * (1 << 24)
    hub.compresses = True


NO_COMMIT = "(the commit that it tells is none)"
NO_FILE = "(it lists a file that no repository can have)"
NO_SIZE = "(a file has no size, or an impossible one)"
NO_NAME = "which cannot be a file's name"
NOT_A_HUB = "does not answer like the Hugging Face hub"


@pytest.mark.parametrize(
    ("trick", "says"),
    [
        (a_file_of_the_user_as_the_commit, NO_COMMIT),
        (the_folders_above_as_the_commit, NO_COMMIT),
        *((saying(sha=sha), NO_COMMIT) for sha in ("../" * 12, HEX * 2 + HEX[:9], "A" * 40, "0" * 40 + "\n", None, [])),
        *((saying_of_a_file(name), NO_FILE) for name in ("/etc/x.tiktoken", "../x.tiktoken", "a/../../x.json", "..")),
        *(
            (saying_of_a_file(name), NO_NAME)
            for name in (
                *("tokenizer\\..\\..\\x.json", "C:x.tiktoken", "tokenizer.json:x.json", "tokenizer..json"),
                *("tokenizer\x1b[2J.json", "tokenizer\u202enosj.json", "tokenizer\n.json", "tokenizer\ud800.json"),
                f"tokenizer{'x' * 250}.json",
            )
        ),
        *((saying_of_a_file(size=size), NO_SIZE) for size in (-1, "194", True, 10**30, float("inf"), None, 1.5)),
        *(
            (saying_of_a_file(blobId=blob), "(the checksum of a file is none)")
            for blob in ("../../../.bashrc", "0" * 41, "G" * 40)
        ),
        (saying_of_a_file("openvino_model.bin", lfs={"sha256": "/../x"}), "(the checksum of a file is none)"),
        *(
            (saying_of_a_file(**changed), NOT_A_HUB)
            for changed in ({"rfilename": 7}, {"rfilename": None}, {"lfs": 7}, {"lfs": {"sha": 7}}, {"blobId": 7})
        ),
        *((saying(siblings=siblings), NOT_A_HUB) for siblings in (7, None, "files", [7], [[]], {"a": 1})),
        *(
            (sending(body), NOT_A_HUB)
            for body in (b"[" * 200_000 + b"]" * 200_000, b"[]", b"", b"7", b"\xff", b"<html>")
        ),
        (sending(b" " * ((32 << 20) + 1)), "more than 32 MB about a repository"),
        (ten_thousand_files_and_more, "more than 10,000 files"),
        (an_answer_that_expands, "compresses what was asked for as it is"),
    ],
)
def test_what_it_says_about_a_repository(hub, home, trick, says):
    assert says in check(hub, home, trick)


def test_a_commit_that_was_asked_for_is_the_one_that_comes(hub, home):
    saying(sha="1" * 40)(hub, home)
    assert "it tells of another commit" in refused(client.look_up, "org/name", hub.commits["org/name"])


# What it says of a file


def with_headers(**headers):
    def trick(hub, home):
        for name, value in headers.items():
            hub.other_headers[name.replace("_", "-")] = value

    return trick


def with_more_headers(**headers):
    def trick(hub, home):
        hub.more_headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    return trick


def a_file_of_the_user_as_the_etag(hub, home):
    hub.other_headers["ETag"] = f'"{home / ".bashrc"}"'


def another_commit(hub, home):
    hub.other_headers["X-Repo-Commit"] = "1" * 40


def a_missing_file_of_a_path_as_its_commit(hub, home):
    hub.refuses["config.json"] = True
    another_commit(hub, home)
    hub.other_headers["X-Repo-Commit"] = "../../../../../x"


NO_ETAG = "is not that of its content)"


@pytest.mark.parametrize(
    ("trick", "says"),
    [
        (a_file_of_the_user_as_the_etag, NO_ETAG),
        *(
            (with_headers(ETag=etag), NO_ETAG)
            for etag in ("../../../../x", 'W/"../x"', "0" * 64, f'"{"0" * 40}"', "0" * 41, "..", "", None)
        ),
        *((with_more_headers(X_Linked_Etag=etag), NO_ETAG) for etag in ("../../../../../../.bashrc", "0" * 64)),
        (another_commit, "it sends files of another commit"),
        (with_headers(X_Repo_Commit="../../../../x"), "it sends files of another commit"),
        (a_missing_file_of_a_path_as_its_commit, "it sends files of another commit"),
        (with_headers(X_Repo_Commit=None), NO_ETAG),
        *(
            (with_more_headers(X_Linked_Size=size), says)
            for size, says in (
                ("7", "has 7 bytes instead of"),
                ("many", "no size"),
                ("-1", "no size"),
                ("9" * 30, "bytes"),
            )
        ),
    ],
)
def test_what_it_says_of_a_file(hub, home, trick, says):
    assert says in check(hub, home, trick)


@pytest.mark.parametrize("trick", [a_file_of_the_user_as_the_etag, another_commit])
def test_what_it_said_of_a_file_is_forgotten(hub, home, trick):
    check_and_fetch(hub, home, trick)


def nonsense_where_a_download_goes_on(hub, home):
    (hub.files / "openvino_model.bin").write_bytes(bytes(3 << 20))
    hub.cuts["openvino_model.bin"] = [2 << 20]
    hub.other_headers["Content-Range"] = "bytes 2097152-3145728/many"


def test_nonsense_where_a_download_goes_on_is_a_sentence(hub, home):
    assert NOT_A_HUB in check_and_fetch(hub, home, nonsense_where_a_download_goes_on)


# What it sends


def sending_for(name, body):
    def trick(hub, home):
        hub.bodies[name] = body(hub) if callable(body) else body

    return trick


def as_long(name):
    return lambda hub: (MARK * 100)[: (hub.files / name).stat().st_size]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "openvino_model.bin"])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("as long", "does not have the announced content: try again."),
        (MARK * 1000, "does not end after its"),
        (MARK, "damaged, a file does not have the announced size"),
    ],
)
def test_other_bytes_than_announced(hub, home, name, body, says):
    assert says in check_and_fetch(hub, home, sending_for(name, as_long(name) if body == "as long" else body))


def test_a_file_that_never_ends_is_cut_at_its_announced_size(hub, home):
    hub.bodies["openvino_model.bin"] = 600 << 20
    assert "does not end after its" in refused(make)
    assert hub.sent < 32 << 20  # what the sockets hold
    assert is_clean(home)


def test_a_file_that_is_compressed_is_refused(hub, home):
    repository = client.look_up("org/name")
    hub.bodies["config.json"] = MARK * (1 << 20)
    hub.compresses = True
    assert "compresses" in refused(client.fetch_config, repository)
    assert is_clean(home)


def test_a_file_that_another_hub_has_left_in_the_cache_is_fetched_again(hub, home):
    make()
    blob = (cache.snapshot(client.look_up("org/name")) / "tokenizer.json").resolve()
    blob.write_bytes((MARK * 100)[: blob.stat().st_size])
    assert make()["tokenizer.json"] == (hub.files / "tokenizer.json").read_bytes()


# Where it leads


def redirecting(target):
    def trick(hub, home):
        hub.redirect = target if callable(target) else lambda path: target

    return trick


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (lambda path: path, "redirects more than 10 times"),
        (lambda path: f"{path}x", "redirects more than 10 times"),
        ("file:///etc/passwd", "redirects to another kind of address"),
        ("file:/etc/passwd", "redirects to another kind of address"),
        ("ftp://127.0.0.1/x", "redirects to another kind of address"),
        ("data:text/plain,x", "redirects to another kind of address"),
        ("http://[", NOT_A_HUB),
        ("", "redirects to another kind of address"),
    ],
)
def test_where_it_leads(hub, home, target, says):
    assert says in check(hub, home, redirecting(target))


ELSEWHERE = "http://elsewhere.example/token"


@pytest.mark.parametrize(
    ("headers", "is_used"),
    [
        ({"X-Xet-Refresh-Route": "HUB/api/token"}, True),
        ({"Link": '<HUB/api/token>; rel="xet-auth", <https://cas.example/x>; rel="xet-reconstruction-info"'}, True),
        ({"X-Xet-Refresh-Route": ELSEWHERE}, False),
        ({"X-Xet-Refresh-Route": "HUB.elsewhere.example/token"}, False),
        ({"X-Xet-Refresh-Route": "HUB@elsewhere.example/token"}, False),
        ({"Link": f'<{ELSEWHERE}>; rel="xet-auth"'}, False),
        ({"Link": f'<{ELSEWHERE}>; rel="xet-auth"', "X-Xet-Refresh-Route": "HUB/api/token"}, False),
    ],
)
def test_xet_storage_is_asked_with_the_user_s_token_at_the_hub_alone(hub, home, monkeypatch, headers, is_used):
    asked = []

    def session():
        asked.append(True)
        raise ConnectionError("no storage is here")

    monkeypatch.setattr("huggingface_hub.utils._xet.get_xet_session", session)
    monkeypatch.setattr(guard, "HUB", hub.url)
    hub.more_headers = {name: value.replace("HUB", hub.url) for name, value in headers.items()}
    hub.more_headers["X-Xet-Hash"] = "0" * 64
    with contextlib.suppress(ModelError):
        make()
    assert bool(asked) == is_used


def redirect(source, target):
    """The client's answer to a redirect from one address to another."""

    def answer(request):
        return httpx.Response(302, headers={"Location": target}) if str(request.url) == source else httpx.Response(200)

    return httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True)


@pytest.fixture
def get(monkeypatch):
    """Asks at one address, which redirects to another, with the library's client; returns the answer."""

    def get(source, target):
        monkeypatch.setattr(_http, "_GLOBAL_CLIENT_FACTORY", lambda: redirect(source, target))
        monkeypatch.setattr(_http, "_GLOBAL_CLIENT", None)
        with guard.guarded():
            return _http.get_session().get(source)

    yield get
    _http.close_session()


@pytest.mark.parametrize("target", ["http://hub.example/y", "http://elsewhere.example/"])
def test_what_is_encrypted_stays_so(get, target):
    assert "another kind of address" in refused(get, "https://hub.example/x", target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("https://hub.example/x", "//elsewhere.example/y"),
        ("https://hub.example/x", "/y"),
        ("http://hub.example/x", "https://elsewhere.example/y"),
    ],
)
def test_it_may_lead_to_another_place_that_is_no_less_safe(get, source, target):
    assert get(source, target).status_code == 200


def test_it_cannot_have_anybody_wait_for_ever(hub, home, waits):
    repository = client.look_up("org/name")
    hub.errors["/config.json"] = 429
    hub.more_headers["RateLimit"] = '"api";r=0;t=999999999'
    refused(client.fetch_config, repository)
    assert max(waits, default=0) <= 301


# What the user says, and what lies in the cache


@pytest.mark.parametrize(
    "revision",
    [
        "../../x",
        "/etc/passwd",
        "a/../b",
        "a//b",
        "a\\b",
        "C:x",
        ".hidden",
        "a/.b",
        "a.lock",
        "a\x1b[2J",
        "a\u202eb",
        "a b",
        "x" * 201,
    ],
)
def test_a_revision_that_git_would_not_take_is_refused_before_anything_is_asked(hub, home, revision):
    before = outside(home)
    assert "is not a revision" in refused(client.look_up, "org/name", revision)
    assert "is not a revision" in refused(HubRepository().find, "org/name", WeightFormat(), revision)
    assert hub.requests == []
    assert outside(home) == before


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "feature/some-thing", "0" * 40, "fp16+x", "v1_beta"])
def test_the_hub_is_asked_for_branches_tags_and_requests(hub, revision):
    assert "has no revision" in refused(client.look_up, "org/name", revision)
    assert len(hub.requests) == 1


@pytest.mark.parametrize("noted", ["../../../../x", "/etc", "0" * 41, "", "\udcff"])
def test_a_commit_noted_in_the_cache_is_not_taken_for_a_path(hub, home, monkeypatch, noted):
    make()
    ref = home / ".cache/huggingface/hub/models--org--name/refs/main"
    ref.write_bytes(os.fsencode(noted))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused(client.look_up, "org/name")


def test_a_damaged_file_is_not_used_without_a_network_either(hub, home, monkeypatch):
    make()
    place = cache.snapshot(client.look_up("org/name")) / "tokenizer.json"
    content = place.read_bytes()
    place.resolve().write_bytes(MARK[: len(content)].ljust(len(content)))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused(make)
    assert is_clean(home)


def test_the_hub_s_names_for_contents_are_git_s_and_sha_256(tmp_path):
    from dolly_widget.models.hub.content import content_id

    path = tmp_path / "file"
    path.write_bytes(b"what is up, doc?")
    # The example of the book "Pro Git", 10.2.
    assert content_id(path, "0" * 40) == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"
    assert content_id(path, "0" * 64) == hashlib.sha256(b"what is up, doc?").hexdigest()
