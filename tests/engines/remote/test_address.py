"""Names of servers: what is one, what it becomes, and that a password never stays in it."""

import dataclasses

import pytest

from dolly_widget.engines import EngineSetup, is_server, load_engine, setup_from
from dolly_widget.engines.remote.address import ServerName, host_of
from dolly_widget.engines.remote.passwords import credentials
from dolly_widget.errors import ModelError

URL = "http://localhost:8000/v1"


@pytest.mark.parametrize("name", [URL, "HTTPS://host", " http://host/v1 ", "http://a,http://b#m"])
def test_what_begins_with_http_is_a_server(name):
    assert is_server(name)


@pytest.mark.parametrize("name", ["demo", "org/model", "./http:", "C:\\models", "ftp://host", ""])
def test_any_other_name_is_none(name):
    assert not is_server(name)


@pytest.mark.parametrize(
    ("text", "model", "urls", "named"),
    [
        (URL, "", (URL,), ""),
        (f"{URL}/", "", (URL,), ""),
        (f" {URL}#dolly ", "", (URL,), "dolly"),
        (URL, "dolly", (URL,), "dolly"),
        (f"{URL}#one", "other", (URL,), "one"),
        (f"{URL}#databricks/dolly-v2-3b", "", (URL,), "databricks/dolly-v2-3b"),
        (f"{URL}#qwen3:8b", "", (URL,), "qwen3:8b"),
        (f"{URL}#50%25%20%23", "", (URL,), "50% #"),
        (f"{URL}?key=secret", "", (URL,), ""),
        ("http://a:1/v1, https://b/v1,http://a:1/v1#m", "", ("http://a:1/v1", "https://b/v1"), "m"),
        ("http://[::1]:8000/v1", "", ("http://[::1]:8000/v1",), ""),
    ],
)
def test_a_name_is_addresses_and_a_model(text, model, urls, named):
    name = ServerName.parse(text, model)
    assert (name.urls, name.model) == (urls, named)
    assert ServerName.parse(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http://:80",
        "http://h:99999",
        "http://h:0",
        "http://h:port",
        "http://h/a b",
        "http://h\x07",
        "http://[",
        f"http://{'x' * 5000}",
        "http://h,demo",
        "http://h:1/v1, ,http://i",
    ],
)
def test_what_is_no_address_is_refused_in_a_sentence_that_does_not_quote_it(text):
    with pytest.raises(
        ValueError, match=r"^This (is no address of a server: write one as|address has more than)"
    ) as raised:
        ServerName.parse(text.replace("http://", "http://me:secret@", 1))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["http://me:12/34@host/v1", "http://me:123#34@host/v1", "http://me:12?34@host/v1", "http://a,http://me:12/34@b#m"],
)
def test_a_password_that_ends_its_address_is_refused_and_not_quoted(text):
    with pytest.raises(ValueError, match=r"^There is an @ behind the host of this address: in a password, ") as raised:
        EngineSetup(text)
    assert "34" not in str(raised.value)


def test_a_model_s_name_with_an_at_is_written_otherwise():
    name = ServerName.parse(URL, "gemini@001")
    assert str(name) == f"{URL}#gemini%40001"
    assert ServerName.parse(str(name)) == name


@pytest.mark.parametrize(
    "address", ["grpc://me:secretpw@host", "http//me:secretpw@h:1/v1", "grpc://me:secretpw@h.gguf"]
)
def test_no_password_of_an_address_that_is_not_understood_is_quoted(address):
    with pytest.raises(ModelError, match="@h") as raised:
        load_engine(address)
    assert "secretpw" not in str(raised.value)
    with pytest.raises(ModelError, match="@h") as raised:
        load_engine(URL, tokenizer=address)
    assert "secretpw" not in str(raised.value)
    with pytest.raises(TypeError, match="given twice") as raised:
        load_engine("demo", model=address)
    assert "secretpw" not in str(raised.value)


def test_an_empty_password_takes_none_away():
    assert EngineSetup("http://anna:pw@host:7").server.urls == EngineSetup("http://anna:@host:7").server.urls
    assert credentials("http://anna@host:7") == ("anna", "pw")


@pytest.mark.parametrize(
    "url",
    [
        "http://me:pass%2Fword@host:1/v1",
        "http://me:pass%2Fword@host:1/v1#dolly",
        "http://a,http://me:pass%2Fword@host:1",
    ],
)
def test_a_password_is_kept_beside_and_never_in_the_name(url):
    setup = EngineSetup(url)
    (address,) = (each for each in setup.server.urls if "host" in each)
    for text in (repr(setup), str(dataclasses.asdict(setup)), setup.name, str(setup.server), repr(setup.server)):
        assert "pass" not in text
    assert credentials(address) == ("me", "pass/word")
    assert credentials("http://other@host:1") == ("other", "")
    assert credentials("http://host:1") is None
    assert host_of(address) == "host:1"


def test_a_title_says_which_model_is_where():
    assert EngineSetup(f"{URL}#dolly").name == "dolly at localhost:8000"
    assert EngineSetup(URL).name == "localhost:8000"


def test_the_url_and_the_model_s_name_are_given_as_one_reads_them():
    expected = EngineSetup(f"{URL}#dolly")
    assert setup_from(URL, {"model": "dolly"}) == expected
    assert setup_from(None, {"model": f"{URL}#dolly"}) == expected
    assert setup_from([URL, "http://b/v1"], {"model": "dolly"}) == EngineSetup(f"{URL},http://b/v1#dolly")
    assert setup_from(None, {}) == EngineSetup()
    assert setup_from(None, {"model": "org/model"}) == EngineSetup("org/model")
    with pytest.raises(TypeError, match=r"A model was given twice: 'demo' and model='org/model'\."):
        setup_from("demo", {"model": "org/model"})
    with pytest.raises(ValueError, match=r"Only URLs of servers can be a list"):
        setup_from(["demo", "smollm2"], {})


@pytest.mark.parametrize(
    "option",
    [{"device": "GPU"}, {"revision": "v2"}, {"ov_config": {"N": 1}}, {"prompt_lookup": True}, {"draft": "demo"}],
)
def test_what_a_server_has_chosen_itself_is_refused(option):
    (name,) = option
    with pytest.raises(ValueError, match=rf"^A server does not take {name}, which it has chosen itself"):
        load_engine(URL, **option)


def test_what_is_for_a_server_alone_is_refused_elsewhere():
    with pytest.raises(ValueError, match=r"^tokenizer is for a server's model: leave it out\.$"):
        load_engine("demo", tokenizer="demo")
    with pytest.raises(ValueError, match=r"^The engine 'remote' is for servers: give the URL of one as the model\.$"):
        EngineSetup(engine="remote")
