"""One replica: whom it answers without a key, and whether its engine is well."""

import threading

import httpx
import pytest
from loops import in_loop
from scripted_engine import ScriptedEngine
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dolly_widget import EngineError, load_engine
from dolly_widget.serving import replica as module
from dolly_widget.serving.limits import KEY_VARIABLE
from dolly_widget.serving.replica import ReplicaServer, make_replica
from dolly_widget.serving.replica_settings import ReplicaSettings


async def hello(request):
    return PlainTextResponse("hello")


SERVED = Starlette(routes=[Route("/", hello)])


def ask(app, address, path="/", **headers):
    async def get():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{address}") as client:
            return await client.get(path, headers=headers)

    return in_loop(get())


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "127.8.8.8:8000", "[::1]:8000"])
def test_without_a_key_this_machine_is_answered(address):
    assert ask(ReplicaServer(SERVED, ScriptedEngine(), is_locked=False), address).text == "hello"


@pytest.mark.parametrize("address", ["192.0.2.7:8000", "models.example:8000", "[2001:db8::1]:8000"])
def test_without_a_key_no_other_machine_is_answered_whatever_it_calls_the_server(address):
    response = ask(ReplicaServer(SERVED, ScriptedEngine(), is_locked=False), address, host="localhost")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "key_required"
    assert ask(ReplicaServer(SERVED, ScriptedEngine(), is_locked=True), address).text == "hello"


def test_the_key_is_the_environments_and_the_threads_are_those_that_are_given(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "sk-7")
    loaded = []
    monkeypatch.setattr(module, "load_engine", lambda setup: loaded.append(load_engine(setup)) or loaded[0])
    replica = make_replica(ReplicaSettings(hosts=("models.example",)), threads=1)
    assert loaded[0].setup.properties == {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
    headers = {"host": "models.example", "authorization": "Bearer sk-7"}
    assert ask(replica, "192.0.2.7", "/v1/models", **headers).json()["data"][0]["id"] == "demo"
    assert ask(replica, "192.0.2.7", "/v1/models", host="models.example").status_code == 401
    assert ask(replica, "192.0.2.7", "/v1/models", authorization="Bearer sk-7").status_code == 403
    loaded[0].close()


class Counted(ScriptedEngine):
    asked = 0
    is_broken = False

    def generate(self, *args, **options):
        self.asked += 1
        if self.is_broken:
            raise EngineError("The device is gone.")
        return super().generate(*args, **options)


def test_a_replica_is_asked_for_a_token_now_and_then(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    engine = Counted(["a"] * 9)
    replica = ReplicaServer(SERVED, engine, is_locked=True)
    replica.check()
    now[0] += 20
    replica.check()
    assert engine.asked == 1
    now[0] += 20
    replica.check()
    assert engine.asked == 2


def test_a_replica_whose_engine_fails_is_not_well_each_time():
    engine = Counted(["a"] * 9)
    engine.is_broken = True
    replica = ReplicaServer(SERVED, engine, is_locked=True)
    for _ in range(3):
        with pytest.raises(EngineError, match="The device is gone"):
            replica.check()


def test_a_replica_that_is_at_work_is_not_asked():
    engine = Counted(["a"] * 9)
    checked = threading.Event()

    async def busy(request):
        replica.check()
        checked.set()
        return PlainTextResponse("")

    replica = ReplicaServer(Starlette(routes=[Route("/", busy)]), engine, is_locked=True)
    ask(replica, "127.0.0.1")
    assert checked.is_set()
    assert engine.asked == 0
    replica.check()
    assert engine.asked == 1
