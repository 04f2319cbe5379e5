"""``/metrics``: what was asked, what runs, and how fast it is."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from real_engines import start
from served import client_of

from dolly_widget.engines.genai import GenAIEngine


@pytest.fixture(scope="module")
def engine(demo_dir):
    engine = start(GenAIEngine, demo_dir, device="CPU")
    yield engine
    engine.close()


def figures(client):
    """Each sample, by its name and labels."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_requests_and_tokens_are_counted(engine):
    with client_of(engine) as client:
        before = figures(client)
        answers = [client.post("/v1/completions", json={"prompt": "Hi", "n": 2, "stream": False}) for _ in range(2)]
        client.post("/v1/completions", json={"prompt": ""})
        client.get("/never/heard/of/it")
        after = figures(client)
    assert before[("dolly_widget_new_tokens_total",)] == 0
    assert after[("dolly_widget_requests_total", "completions", "200")] == 2
    assert after[("dolly_widget_requests_total", "completions", "400")] == 1
    assert after[("dolly_widget_requests_total", "other", "404")] == 1
    new = sum(answer.json()["usage"]["completion_tokens"] for answer in answers)
    assert after[("dolly_widget_new_tokens_total",)] == new
    assert after[("dolly_widget_prompt_tokens_total",)] == 4
    assert after[("dolly_widget_time_to_first_token_seconds_count",)] == 4
    assert after[("dolly_widget_time_per_token_seconds_sum",)] > 0
    assert after[("dolly_widget_cache_bytes",)] > 0
    assert (after[("dolly_widget_running",)], after[("dolly_widget_waiting",)]) == (0, 0)


def test_no_figure_has_a_text_of_a_client_s(engine):
    with client_of(engine) as client:
        client.get("/secret-path")
        client.post("/v1/completions", json={"prompt": "secret", "model": "secret"})
        assert "secret" not in client.get("/metrics").text
