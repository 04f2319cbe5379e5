"""Asking a server who it is: which model is meant, where its API begins, and which files of its are taken."""

import json
import os
import threading

import pytest
from remote_engines import FILES, connect, other_server, our_server
from stub_server import Hold, StubServer, events, failure, models

from dolly_widget.engines import load_engine
from dolly_widget.engines.remote import tokenizer_files
from dolly_widget.engines.remote.address import ServerName
from dolly_widget.engines.remote.kinds import LLAMA_CPP, OTHER, OURS, VLLM
from dolly_widget.engines.remote.server import connect as ask
from dolly_widget.errors import EngineError, ModelChoiceError, ModelError
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text import PLAIN, SERVER, Tokenizer


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def asked(server, model="", **options):
    return ask(ServerName.parse(server.url, model), **options)


# Names


def test_the_only_model_is_meant():
    with StubServer("org/dolly") as server:
        found = asked(server)
    assert (found.model_name, found.models, found.host) == ("org/dolly", ("org/dolly",), server.host)
    assert found.offers == (f"{server.url}#org/dolly",)


def test_one_of_several_has_to_be_named():
    with StubServer("one", "two words", "three#") as server:
        with pytest.raises(ModelChoiceError, match=r"has 3 models \(one, two words, three#\): name one") as choice:
            asked(server)
        names = [choice.value.name_of(name) for name, size in choice.value.choices if size == 0]
        assert [load_engine(name).server.model_name for name in names] == ["one", "two words", "three#"]
    assert choice.value.is_server


def test_a_model_is_named_by_argument_or_address():
    with StubServer("one", "two") as server:
        assert asked(server, "two").model_name == "two"
        assert load_engine(f"{server.url}#two").server.model_name == "two"
        assert load_engine(server.url, model="two").server.model_name == "two"


def test_a_model_that_is_not_there_is_refused_with_those_that_are():
    names = [f"m{number}" for number in range(20)]
    why = r"has no model 'dolly': choose from m0, m1, .*, m7, …"
    with StubServer(*names) as server, pytest.raises(ModelError, match=why):
        asked(server, "dolly")


def test_several_names_of_one_model_are_one():
    with StubServer("dolly", "dolly-v2", owner="vllm", root="/models/dolly") as server:
        found = asked(server)
        assert (found.model_name, found.models) == ("dolly", ("dolly", "dolly-v2"))
        assert asked(server, "dolly-v2").model_name == "dolly-v2"


def test_a_server_without_models_says_so():
    with StubServer() as server:
        server.models = models()
        with pytest.raises(ModelError, match="has no model: load one there first"):
            asked(server)


def test_llama_cpp_answers_to_any_name():
    with StubServer("/models/x.gguf", owner="llamacpp", meta={"n_ctx": 512, "n_ctx_train": 2048}) as server:
        found = asked(server, "dolly")
    assert (found.model_name, found.kind, found.max_positions) == ("dolly", LLAMA_CPP, 512)


def test_ollama_s_tags_may_be_left_out():
    with other_server("llama3:latest", "qwen:8b") as server:
        assert asked(server, "llama3").model_name == "llama3:latest"


@pytest.mark.parametrize(
    ("owner", "kind"), [("dolly-widget", OURS), ("vllm", VLLM), ("llamacpp", LLAMA_CPP), ("library", OTHER)]
)
def test_the_kind_is_told_by_the_owner(owner, kind):
    with StubServer(owner=owner) as server:
        assert asked(server).kind == kind


def test_a_server_that_does_not_list_its_models_is_taken_by_its_word():
    with StubServer() as server:
        server.models = failure(404, {"detail": "Not Found"})
        found = asked(server, "dolly")
        assert (found.model_name, found.models, found.kind) == ("dolly", (), OTHER)
        with pytest.raises(EngineError, match="the path /v1 may be missing"):
            asked(server)


def test_hostile_lists_are_read_without_harm():
    entries = [None, 7, {}, {"id": 7}, {"id": "x" * 5000}, {"id": ""}, {"id": "\u202eevil\n", "max_model_len": "many"}]
    with StubServer() as server:
        server.models = failure(200, {"data": entries})
        found = asked(server)
        assert "\n" not in repr(found)
        assert "\u202e" not in repr(connect(server))
    assert (found.models, found.max_positions) == (("\u202eevil\n",), None)


# Addresses


def test_the_path_v1_may_be_left_out():
    with StubServer() as server:
        found = ask(ServerName.parse(server.root))
    assert found.roots == (server.url,)
    assert str(found.name) == f"{server.root}#dolly"


def test_a_server_without_v1_is_found():
    with StubServer() as server:
        server.find = lambda method, path, fields: (
            failure(200, server.models) if path == "/models" else failure(404, {"detail": "Not Found"})
        )
        assert ask(ServerName.parse(server.root)).roots == (server.root,)


def test_the_next_address_is_asked_where_the_first_does_not_answer():
    with StubServer() as gone, StubServer() as server:
        gone.__exit__()
        found = ask(ServerName.parse(f"{gone.url},{server.url}"))
    assert found.roots == (server.url, gone.url)
    assert found.host == server.host
    with pytest.raises(EngineError, match=f"^{gone.host} refuses"):
        ask(ServerName.parse(f"{gone.url},{server.url}"))


def test_stop_ends_the_asking():
    hold, stop = Hold(), threading.Event()
    with StubServer() as server:
        server.models = events(hold)
        thread = threading.Thread(target=lambda: hold.reached.wait(30) and stop.set())
        thread.start()
        with pytest.raises(ModelError, match="was stopped"):
            asked(server, stop=stop)
        thread.join()
        assert server.left.wait(30)


# Files


def test_our_server_hands_out_its_tokenizer(cache):
    with our_server() as server:
        found = asked(server)
        again = asked(server)
    assert sorted(path.name for path in found.model.directory.iterdir()) == sorted(FILES)
    assert found.model.directory == again.model.directory
    assert found.model.directory.parent == cache / "tokenizers"
    assert [path.name for path in (cache / "tokenizers").iterdir()] == [found.model.directory.name]


def test_only_files_with_known_names_are_taken(cache):
    with our_server() as server:
        server.models["data"][0]["dolly_widget"]["files"] += ["../../evil", "openvino_model.bin", 7, None]
        asked(server)
        assert {each.path.rpartition("/")[2] for each in server.requests} == {"models", *FILES}
    assert [path.name for path in cache.parent.iterdir()] == ["cache"]


def test_a_model_s_name_becomes_no_path(cache):
    with our_server("../../evil?#x") as server:
        asked(server)
        assert {each.path for each in server.requests[1:]} == {
            f"/v1/models/..%2F..%2Fevil%3F%23x/files/{name}" for name in FILES
        }


def test_a_server_that_is_not_ours_is_asked_for_no_files():
    with StubServer(dolly_widget={"files": list(FILES)}) as server:
        assert asked(server).model is None
        assert len(server.requests) == 1
        assert connect(server).template == SERVER


@pytest.mark.parametrize("files", [None, {}, "tokenizer.json", [], ["config.json"], 7])
def test_a_server_without_a_tokenizer_has_none(files):
    with StubServer(owner="dolly-widget", dolly_widget={"files": files}) as server:
        assert asked(server).model is None


def test_a_file_that_is_too_large_is_not_taken(monkeypatch):
    monkeypatch.setitem(tokenizer_files._MAX_BYTES, "tokenizer.json", 1000)
    with our_server() as server, pytest.raises(EngineError, match="sent a file of more than"):
        asked(server)


def test_a_file_that_is_missing_is_an_error():
    with our_server() as server:
        del server.files["config.json"]
        with pytest.raises(EngineError, match="has no"):
            asked(server)


def test_a_tokenizer_that_is_none_is_one_sentence():
    with our_server() as server:
        server.files["tokenizer.json"] = b"{}"
        with pytest.raises(EngineError, match=r"^127.* hands out a tokenizer that cannot be read: repair") as refused:
            connect(server)
    assert "cache" not in str(refused.value)


def test_tokenizers_that_were_not_asked_for_lately_are_forgotten(cache, monkeypatch):
    monkeypatch.setattr(tokenizer_files, "_MOST_KEPT", 3)
    kept = []
    for number in range(5):
        kept.append(tokenizer_files._kept({"tokenizer.json": b"%d" % number}))
        os.utime(kept[-1], (number, number))
        assert tokenizer_files._kept({"tokenizer.json": b"0"}) == kept[0]
    assert [each.is_dir() for each in kept] == [True, False, False, True, True]


@pytest.mark.parametrize(("key", "names"), [("ollama", ("ollama/llama3",)), ("sk-0123456789", ())])
def test_a_name_that_tells_the_key_is_none_and_one_that_holds_its_word_is(monkeypatch, key, names):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY", key)
    with StubServer(f"{key}/llama3", key, "dolly") as server:
        assert asked(server, "dolly").models == (*names, "dolly")


@pytest.mark.parametrize("name", ["demo", str(OPENVINO_DIR)])
def test_a_tokenizer_of_this_machine_comes_first(name):
    with our_server() as server:
        assert asked(server, tokenizer=name).model.directory == OPENVINO_DIR
        assert [each.path for each in server.requests] == ["/v1/models"]


def test_a_directory_with_a_tokenizer_alone_will_do(tmp_path):
    (tmp_path / "tokenizer.json").write_bytes((OPENVINO_DIR / "tokenizer.json").read_bytes())
    with StubServer(max_model_len=77) as server:
        engine = connect(server, tokenizer=tmp_path)
    model = engine.model
    assert (model.info.max_positions, model.vocab_size, model.info.config) == (77, 4096, {})
    assert (model.info.precision, model.info.parameters, model.sampling.top_k) == ("", 0, 0)
    assert model.end_ids == frozenset()
    assert engine.template.name == "dolly"


@pytest.mark.parametrize(("owner", "field"), [("vllm", "prompt"), ("llamacpp", "content")])
def test_a_tokenizer_that_encodes_otherwise_than_the_server_is_refused(owner, field):
    tokenizer = Tokenizer(OPENVINO_DIR)
    with StubServer(owner=owner) as server:
        server.tokenize = lambda fields: failure(200, {"tokens": tokenizer.encode(PLAIN.render(fields[field]))})
        assert asked(server, tokenizer="demo").model is not None
        server.tokenize = lambda fields: failure(200, {"tokens": [1, 2, 3]})
        with pytest.raises(ModelError, match="is not that of the server's model"):
            asked(server, tokenizer="demo")


@pytest.mark.parametrize("answer", [failure(404, ""), failure(401, ""), failure(200, "x"), failure(200, {"tokens": 7})])
def test_a_server_that_does_not_encode_for_us_is_believed(answer):
    with StubServer() as server:
        server.tokenize = lambda fields: answer
        assert asked(server, tokenizer="demo").model is not None


def test_a_tokenizer_that_is_not_here_is_told_before_anybody_is_asked():
    with StubServer() as server:
        with pytest.raises(ModelError, match="The tokenizer of databricks/dolly-v2-3b is not on this machine"):
            asked(server, tokenizer="databricks/dolly-v2-3b")
        with pytest.raises(ModelError, match=r"There is no model '\./nowhere'"):
            asked(server, tokenizer="./nowhere")
        assert server.requests == []


def test_a_cache_that_cannot_be_written_to_is_one_sentence(cache):
    cache.write_text("a file")
    with our_server() as server, pytest.raises(ModelError, match="cannot be written to"):
        asked(server)


def test_the_positions_are_the_smaller_number():
    config = json.loads((OPENVINO_DIR / "config.json").read_text())
    longest = config["max_position_embeddings"]
    for said, expected in ((100, 100), (10**6, longest), (-5, longest), ("x", longest), (True, longest)):
        with our_server(max_model_len=said) as server:
            assert asked(server).model.info.max_positions == expected
