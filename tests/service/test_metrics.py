"""Numbers for Prometheus: what is counted, what things cost, and that no name is in them."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import work_off

from rushes.core.errors import UsageError
from rushes.core.price import Price, parse_price
from rushes.core.settings import Settings
from rushes.service.app import make_app
from rushes.service.crew import Crew
from rushes.service.keys import Scope
from rushes.studio.desk import open_desk
from rushes.studio.jobs.cost import used
from rushes.studio.projects import find_project, set_policy


@pytest.fixture
def dear(house):
    return replace(house, price=Price(0.5, "USD"))


def value(text, name):
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def test_a_take_costs_its_machine_time_at_the_price_of_the_day(dear):
    client = TestClient(make_app(dear))
    made = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    work_off(dear)
    job = client.get(f"/v1/jobs/{made['job_id']}").json()
    assert job["spent_s"] > 0
    assert job["cost"] == {"amount": pytest.approx(job["spent_s"] * 0.5), "currency": "USD"}
    later = TestClient(make_app(replace(dear, price=Price(9.0, "EUR"))))
    assert later.get(f"/v1/jobs/{made['job_id']}").json()["cost"] == job["cost"]
    text = client.get("/metrics").text
    assert value(text, 'rushes_cost_total{currency="USD"}') == pytest.approx(job["cost"]["amount"])
    assert value(text, 'rushes_gpu_seconds_total{model="mini"') == pytest.approx(job["spent_s"])


def test_a_project_may_have_its_own_price(dear):
    client = TestClient(make_app(dear))
    client.post("/v1/projects", json={"code": "FOX"})
    desk = open_desk(dear.store, "local")
    set_policy(desk, find_project(desk, "FOX").id, "price", {"per_second": 2.0, "currency": "EUR"})
    shot = client.post("/v1/projects/FOX/shots", json={"text": "a fox"}).json()["id"]
    client.post(f"/v1/shots/{shot}/takes", json={})
    client.post("/v1/videos", json={"prompt": "a cat"})
    work_off(dear)
    found = {(each.stage, each.cost.currency) for each in used(replace(desk)) if each.cost}
    assert found == {("generate", "USD"), ("generate", "EUR")}
    usage = client.get("/v1/usage").json()["data"]
    assert {each["cost"]["currency"] for each in usage} == {"USD", "EUR"}


def test_without_a_price_nothing_has_a_cost(client, house):
    made = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    assert client.get(f"/v1/jobs/{made['job_id']}").json()["cost"] is None
    assert "rushes_cost_total{" not in client.get("/metrics").text


def test_what_waits_and_what_the_gate_said_is_counted(house):
    team = Crew(house, 2)
    client = TestClient(make_app(house, team))
    client.post("/v1/videos", json={"prompt": "a fox"})
    client.post("/v1/videos", json={"prompt": "a porn film"})
    client.post("/v1/videos", json={"prompt": "a naked man"})
    text = client.get("/metrics").text
    assert 'rushes_jobs{lane="interactive",state="queued"} 2.0' in text
    assert value(text, "rushes_queue_age_seconds") >= 0
    assert 'rushes_workers{state="idle"} 2.0' in text
    for decision in ("allow", "review", "refuse"):
        name = f'rushes_safety_decisions_total{{decision="{decision}",stage="words"}}'
        assert value(text, name) == 1.0


def test_prices_are_read_strictly(monkeypatch):
    assert parse_price("0.0007 USD") == Price(0.0007, "USD")
    for text in ("0.0007", "USD", "-1 USD", "1 usd", "1e9 USD", "nan USD"):
        with pytest.raises(UsageError, match=r"0\.0007 USD"):
            parse_price(text)
    monkeypatch.setenv("RUSHES_PRICE", "2 EUR")
    assert Settings.from_environment().price == Price(2.0, "EUR")


def test_metrics_are_for_operators(house):
    closed = replace(house, is_open=False)
    key = closed.keys.issue("ours", "lin", [Scope.READ], 0.0)
    client = TestClient(make_app(closed))
    assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 403
