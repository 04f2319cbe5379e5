"""Each way in which a server cannot be asked, in one sentence that says what to do; and no key in any of them."""

import base64
import logging
import socket
import ssl
import threading
import traceback

import pytest
from remote_engines import connect, other_server, our_server
from stub_server import CUT, Answer, Hold, StubServer, chunk, events, failure, models, stream

from dolly_widget.engines import load_engine
from dolly_widget.engines.remote import client, exchange, lost, tries
from dolly_widget.errors import EXPECTED_ERRORS, EngineError, IncompleteAnswerError, ModelError, PromptTooLongError
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN

KEY = "sk-s3cret/Key+7"
ASK = PLAIN.render("Hello")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(tries, "PAUSES_S", (0.0,) * 6)
    monkeypatch.setattr(tries, "_FIRST_PAUSE_S", 0.0)


def is_one_sentence(message):
    return message.endswith(".") and "\n" not in message and "Error(" not in message and len(message) < 700


def asked(answer, **options):
    """The error of a question that is answered so."""
    with other_server() as server:
        server.answers.append(answer)
        engine = connect(server, template=PLAIN, **options)
        with pytest.raises(EXPECTED_ERRORS) as refused:
            engine.generate(ASK, SamplingParams())
    return refused.value


def error(message, **more):
    return {"error": {"message": message, "type": "invalid", **more}}


VLLM_LENGTH = (
    "This model's maximum context length is 2048 tokens. However, you requested 2100 tokens (2000 in the messages, "
    "100 in the completion). Please reduce the length of the messages or completion."
)
CASES = [
    (
        failure(401, error("Invalid key")),
        EngineError,
        r"does not take the key \(Invalid key\): set DOLLY_WIDGET_API_KEY",
    ),
    (failure(403, error("No")), EngineError, r"does not let this key ask \(No\)"),
    (
        failure(404, error("The model `dolly` does not exist.")),
        ModelError,
        "no longer has the model 'dolly': load it there",
    ),
    (
        failure(404, {"detail": "Not Found"}),
        EngineError,
        r"has no /v1/completions \(Not Found\): pass template=SERVER_TEMPLATE",
    ),
    (failure(404, "404 page not found", "text/plain"), EngineError, "the path /v1 may be missing"),
    (failure(404, "<html>nginx</html>", "text/html"), EngineError, "is no OpenAI-compatible server"),
    (failure(400, error(VLLM_LENGTH)), PromptTooLongError, "^52 tokens too long for this model"),
    (failure(400, error("x", n_prompt_tokens=6000, n_ctx=2048)), PromptTooLongError, "3,953 tokens too long"),
    (failure(400, error("This text is too long for me")), ValueError, "The text is too long for this model"),
    (failure(400, error("I do not like it")), ValueError, r"refuses the question \(I do not like it\): change it"),
    (failure(400, b""), ValueError, "refuses the question without a reason: change it"),
    (failure(413, error("too large")), ValueError, "does not take a text of this length"),
    (failure(422, {"detail": [{"loc": ["body", "prompt"], "msg": "bad"}]}), ValueError, r"\(body\.prompt: bad\)"),
    (failure(429, error("slow down"), **{"Retry-After": "7"}), EngineError, r"is busy \(slow down\): try again in 7 s"),
    (failure(429, error("no")), EngineError, "try again in a while"),
    (failure(429, error("no"), **{"Retry-After": "1e999"}), EngineError, "try again in a while"),
    (
        failure(500, "Internal Server Error", "text/plain"),
        EngineError,
        r"failed with error 500 \(Internal Server Error\)",
    ),
    (failure(500, b"\xff\xfe\x00"), EngineError, "failed with error 500"),
    (failure(503, error("loading")), EngineError, r"is not ready, or has no room \(loading\)"),
    (failure(418, {"msg": {"error": ["tea", {"detail": "pot"}]}}), EngineError, r"error 418 \(tea; pot\)"),
    (
        failure(307, "", Location="http://evil.example/v1"),
        EngineError,
        "redirects to evil.example, which is not followed",
    ),
    (failure(301, "", Location="/elsewhere"), EngineError, "redirects elsewhere"),
    (failure(302, "", Location="http://u:p@evil.example:8/?x"), EngineError, "redirects to evil.example:8,"),
    (failure(500, error("x" * 10_000)), EngineError, "x{300}…"),
    (failure(500, error("a\nb\r\u202ec\x1b[31m")), EngineError, r"a b U\+202Ec␛\[31m"),
]


@pytest.mark.parametrize(("answer", "kind", "why"), CASES)
def test_a_refusal_is_one_sentence(answer, kind, why):
    refused = asked(answer)
    assert type(refused) is kind
    with pytest.raises(kind, match=why):
        raise refused
    assert is_one_sentence(str(refused))


@pytest.mark.parametrize("status", [401, 403])
def test_a_user_who_is_refused_is_told_so_and_of_no_key(status):
    with other_server() as server:
        address = server.url.replace("://", "://me:wrong@")
        server.answers.append(failure(status, error("no")))
        engine = load_engine(address, template=PLAIN)
        server.models = failure(status, error("no"))
        for ask in (lambda: engine.generate(ASK, SamplingParams()), lambda: load_engine(address)):
            with pytest.raises(EngineError, match=rf"^{server.host} does not let this user in \(no\): give") as refused:
                ask()
            assert is_one_sentence(str(refused.value))
            assert "key" not in str(refused.value)


# Connections


def closed_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_a_port_where_nobody_listens():
    port = closed_port()
    with pytest.raises(
        EngineError, match=f"^127.0.0.1:{port} refuses the connection: check that it runs, and the port"
    ):
        load_engine(f"http://127.0.0.1:{port}/v1")


def test_a_name_that_nobody_has(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(
        EngineError, match=r"^no\.such\.host\.invalid:8000 is not known by its name: check the spelling"
    ):
        load_engine("http://no.such.host.invalid:8000/v1")


@pytest.fixture
def listening():
    """``listening(talk)``: the port of a server that calls ``talk`` with each connection."""
    sockets = []

    def listen(talk):
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                sockets.append(connection)
                talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield listen
    for each in sockets:
        each.close()


def test_a_server_that_is_not_one(listening):
    port = listening(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n"))
    with pytest.raises(EngineError, match="does not speak HTTP: check the port"):
        load_engine(f"http://127.0.0.1:{port}/v1")


def test_a_server_that_closes_at_once(listening):
    port = listening(lambda connection: connection.close())
    with pytest.raises(EngineError, match="closed the connection: try again"):
        load_engine(f"http://127.0.0.1:{port}/v1")


def test_a_server_that_says_nothing(listening, monkeypatch):
    monkeypatch.setattr("dolly_widget.engines.remote.calls._SHORT_S", 0.05)
    port = listening(lambda connection: None)
    with pytest.raises(EngineError, match=r"sent nothing for 0\.05 s: it may be overloaded, or hang"):
        load_engine(f"http://127.0.0.1:{port}/v1")


def test_a_connection_that_is_not_made(monkeypatch):
    """The name is never found: nothing else bounds that."""
    monkeypatch.setattr(lost, "CONNECT_S", -0.95)
    held = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: held.wait(30))
    try:
        with pytest.raises(EngineError, match="does not answer within"):
            load_engine("http://slow.example/v1")
    finally:
        held.set()


def test_stop_while_a_name_is_looked_up(monkeypatch):
    held, asked, stop = threading.Event(), threading.Event(), threading.Event()

    def wait(*_, **__):
        asked.set()
        held.wait(30)
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", wait)
    thread = threading.Thread(target=lambda: asked.wait(30) and stop.set())
    thread.start()
    from dolly_widget.engines.remote.address import ServerName
    from dolly_widget.engines.remote.server import connect as ask

    try:
        with pytest.raises(ModelError, match="it was stopped"):
            ask(ServerName.parse("http://slow.example/v1"), stop=stop)
    finally:
        held.set()
        thread.join()


def test_silence_before_the_first_token(monkeypatch):
    monkeypatch.setattr(exchange, "FIRST_S", 0.05)
    with other_server() as server:
        server.answers.append(events(Hold()))
        with pytest.raises(EngineError, match=r"sent nothing for 0\.05 s"):
            connect(server, template=PLAIN).generate(ASK, SamplingParams())
        assert len(server.asked) == 1
        assert server.left.wait(30)


def test_silence_between_tokens(monkeypatch):
    monkeypatch.setattr(exchange, "BETWEEN_S", 0.05)
    with other_server() as server:
        server.answers.append(events(chunk("Hello"), Hold()))
        with pytest.raises(IncompleteAnswerError, match=r"sent nothing more for 0\.05 s") as broken:
            connect(server, template=PLAIN).generate(ASK, SamplingParams())
    assert broken.value.text == "Hello"


def test_tls_where_there_is_none():
    with StubServer() as server, pytest.raises(EngineError, match="does not speak TLS here: try http://"):
        load_engine(server.url.replace("http:", "https:"))


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """The context of a server, and the file of its certificate, which nobody trusts."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls") / "stub.pem"
    plain = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    secret = key.private_bytes(plain[2], plain[1], plain[0])
    place.write_bytes(secret + made.public_bytes(plain[2]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context, place


def test_a_certificate_that_nobody_trusts(tls):
    with StubServer(tls=tls[0]) as server, pytest.raises(EngineError, match=r"has a certificate that is .* trusted"):
        load_engine(server.url)


def test_a_certificate_that_is_trusted_by_a_file(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    client._verifying.cache_clear()
    try:
        with StubServer(tls=tls[0]) as server:
            server.answers.append(stream("Hello"))
            engine = connect(server, template=PLAIN)
            assert engine.generate(ASK, SamplingParams()).text == "Hello"
            hold, stop = Hold(), threading.Event()
            server.answers = [events(hold)]
            thread = threading.Thread(target=lambda: hold.reached.wait(30) and stop.set())
            thread.start()
            assert engine.generate(ASK, SamplingParams(), stop=stop).finish_reason == "cancelled"
            thread.join()
            assert server.left.wait(30)
    finally:
        client._verifying.cache_clear()


def test_plain_http_is_asked_without_a_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{closed_port()}")
    with StubServer() as server:
        assert connect(server).server.models == ("dolly",)


def test_a_proxy_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(EngineError, match=r"^host\.example (refuses the connection|cannot be reached)"):
        load_engine("https://host.example/v1")


# Keys


def everything_in(exc):
    """All that can be read of an error: its words, attributes and causes."""
    seen = []
    while exc is not None:
        seen += [str(exc), repr(exc), repr(vars(exc)), "".join(traceback.format_exception(exc))]
        seen += [repr(getattr(vars(exc).get(name), "__dict__", "")) for name in vars(exc)]
        exc = exc.__cause__ or exc.__context__
    return "\n".join(seen)


def echo(status, **headers):
    """An error that says what it was sent, in several spellings."""

    def answer(_):
        says = f"{KEY} Bearer {KEY} pass:w0rd {base64.b64encode(b'user:pass:w0rd').decode()} pass%3Aw0rd"
        return failure(status, error(says), **headers)

    return answer


FAULTS = {
    **{f"status {status}": echo(status) for status in (400, 401, 403, 404, 413, 422, 429, 500, 503)},
    "a redirect": failure(307, "", Location=f"http://{KEY}.example/pass:w0rd"),
    "cut": events(chunk("Hello"), CUT),
    "cut at once": events(CUT),
    "an error in the midst": events(chunk("Hello"), error(f"bad {KEY} pass:w0rd")),
    "an escaped echo": failure(500, b'{"error": {"message": "\\u0073k-s3cret/Key+7 \\u0070ass:w0rd"}}'),
    "no JSON": events(f"data: {KEY}\n\n".encode()),
    "no HTTP": Answer((), headers={"Transfer-Encoding": "nonsense", "Content-Length": "x"}),
    "compressed": Answer((b"x",), headers={"Content-Encoding": KEY}),
}


@pytest.mark.parametrize("way", ["key", "key file", "password"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_key_and_no_password_is_anywhere(fault, way, monkeypatch, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path))
    with our_server() as server:
        url = server.url
        if way == "password":
            url = url.replace("//", "//user:pass%3Aw0rd@")
        elif way == "key":
            monkeypatch.setenv("DOLLY_WIDGET_API_KEY", KEY)
        else:
            (tmp_path / "keys").write_text(f"other.example WRONG\n{server.host} {KEY}\n")
            monkeypatch.setenv("DOLLY_WIDGET_API_KEY_FILE", str(tmp_path / "keys"))
        server.answers.append(FAULTS[fault])
        engine = load_engine(url)
        with pytest.raises(EXPECTED_ERRORS) as refused:
            engine.generate(ASK, SamplingParams())
        sent = {each.headers["Authorization"] for each in server.requests}
    token = base64.b64encode(b"user:pass:w0rd").decode()
    assert sent == {f"Basic {token}" if way == "password" else f"Bearer {KEY}"}
    secrets = ("pass:w0rd", "pass%3Aw0rd", token) if way == "password" else (KEY,)
    about = [repr(engine), repr(engine.setup), repr(engine.server), repr(vars(engine)), str(engine.setup)]
    found = "\n".join([everything_in(refused.value), caplog.text, *about])
    for secret in secrets:
        assert secret not in found
    assert is_one_sentence(str(refused.value))


def test_a_key_is_for_its_host_alone(monkeypatch, tmp_path):
    (tmp_path / "keys").write_text("# keys\n\nother.example KEY1\n127.0.0.1:9 KEY2\nlocalhost KEY3\n")
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY_FILE", str(tmp_path / "keys"))
    with StubServer() as server:
        connect(server)
        assert "Authorization" not in server.requests[0].headers
        load_engine(server.url.replace("127.0.0.1", "localhost"))
        assert server.requests[1].headers["Authorization"] == "Bearer KEY3"


def test_one_line_is_the_key_for_all(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("KEY1\n")
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY_FILE", str(tmp_path / "key"))
    with StubServer() as server:
        connect(server)
        assert server.requests[0].headers["Authorization"] == "Bearer KEY1"


@pytest.mark.parametrize("key", ["two words", "schlüssel", "a\nb"])
def test_a_key_that_cannot_be_sent_is_not_quoted(monkeypatch, key):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY", key)
    with StubServer() as server, pytest.raises(ValueError, match="holds a character that no key has") as refused:
        connect(server)
    assert key not in everything_in(refused.value)


def test_a_key_file_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY_FILE", str(tmp_path / "nowhere"))
    with (
        StubServer() as server,
        pytest.raises(OSError, match=r"DOLLY_WIDGET_API_KEY_FILE names .*, which cannot be read"),
    ):
        connect(server)


def test_a_redirect_gets_no_key(monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY", KEY)
    with StubServer() as target, StubServer() as server:
        server.models = failure(307, "", Location=f"{target.url}/models")
        with pytest.raises(EngineError, match=f"redirects to {target.host}, which is not followed"):
            connect(server)
        assert target.requests == []


def test_a_key_that_is_refused_when_a_server_is_connected():
    with StubServer() as server:
        server.models = failure(401, error("Unauthorized"))
        with pytest.raises(EngineError, match=r"does not take the key \(Unauthorized\): set DOLLY_WIDGET_API_KEY"):
            connect(server)


def test_an_unknown_list_is_no_server():
    for value in ([], {}, {"data": {}}, "x", 7, None, {"models": []}):
        with StubServer() as server:
            server.models = failure(200, value)
            with pytest.raises(EngineError, match="is no OpenAI-compatible server"):
                connect(server)
    assert models("x")["data"][0]["id"] == "x"


@pytest.mark.parametrize("way", ["key", "password"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500, 503, "redirect", "cut", "names"])
def test_no_key_is_in_the_error_of_a_server_that_cannot_be_connected(status, way, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    with StubServer() as server:
        url = server.url
        if way == "password":
            url = url.replace("//", "//user:pass%3Aw0rd@")
        else:
            monkeypatch.setenv("DOLLY_WIDGET_API_KEY", KEY)
        others = {
            "redirect": FAULTS["a redirect"],
            "cut": Answer((CUT,)),
            "names": failure(200, models(KEY, f"x {KEY}", "pass:w0rd", "one", "two")),
        }
        server.models = others[status] if status in others else echo(status)(None)
        with pytest.raises(EXPECTED_ERRORS) as refused:
            load_engine(url)
    found = everything_in(refused.value) + caplog.text
    token = base64.b64encode(b"user:pass:w0rd").decode()
    for secret in ("pass:w0rd", "pass%3Aw0rd", token) if way == "password" else (KEY,):
        assert secret not in found
    assert is_one_sentence(str(refused.value))
