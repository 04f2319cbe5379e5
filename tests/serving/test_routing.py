"""Which replica a request goes to: requests that come together are spread, and what has ended counts no longer."""

from collections import Counter
from types import SimpleNamespace

import pytest
from loops import in_loop

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def now(monkeypatch):
    from dolly_widget.serving import routing

    now = [100.0]
    monkeypatch.setattr(routing.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def router(now):
    """A router without its proxy."""
    from dolly_widget.serving.routing import FewestAnswers

    made = object.__new__(FewestAnswers)
    made.initialize_state()
    return made


REPLICAS = [SimpleNamespace(replica_id=name) for name in ("a", "b", "c")]


def request_of(number):
    return SimpleNamespace(metadata=SimpleNamespace(internal_request_id=str(number)))


def choose(router, number, replicas=REPLICAS):
    ranks = in_loop(router.choose_replicas(replicas, request_of(number)))
    assert sorted(each.replica_id for (each,) in ranks) == sorted(each.replica_id for each in replicas)
    return ranks[0][0].replica_id


def test_requests_that_come_together_are_spread_before_any_replica_has_taken_one(router):
    assert set(Counter(choose(router, number) for number in range(30)).values()) == {10}


def test_the_next_one_goes_where_one_has_ended(router):
    for number in range(9):
        router.on_request_routed(request_of(number), choose(router, number), None)
    ended = router._given["4"]
    router.on_request_completed(ended, "4")
    assert choose(router, 9) == ended


def test_what_another_replica_took_counts_there(router):
    choose(router, 0, REPLICAS[:1])
    router.on_request_routed(request_of(0), "b", None)
    assert choose(router, 1, REPLICAS[:2]) == "a"


def test_a_request_whose_end_was_faster_than_its_beginning_counts_nowhere(router):
    first = choose(router, 0, REPLICAS[:2])
    router.on_request_completed(first, "0")
    router.on_request_routed(request_of(0), first, None)
    assert router._given == {}
    assert router._chosen == {}


def test_a_choice_that_nobody_took_up_is_forgotten(router, now):
    choose(router, 0)
    router.on_request_completed("a", "1")
    now[0] += 60
    choose(router, 2)
    assert list(router._chosen) == ["2"]
    assert router._ended == {}


def test_a_choice_for_what_is_given_already_counts_once(router):
    router.on_request_routed(request_of(0), choose(router, 0, REPLICAS[:1]), None)
    router.on_request_completed("a", "1")
    choose(router, 0)
    choose(router, 1)
    assert router._chosen == {}


def test_a_new_replica_gets_what_comes(router):
    for number in range(6):
        router.on_request_routed(request_of(number), choose(router, number, REPLICAS[:2]), None)
    assert [choose(router, number) for number in range(6, 9)] == ["c"] * 3
