"""Two tenants, every route of the OpenAPI document: neither sees, changes or counts what is the other's."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off

from rushes.service.app import make_app
from rushes.service.house import Limits
from rushes.service.keys import Scope

# What belongs to no tenant: the house's own routes.
COMMON = {
    "/healthz", "/readyz", "/metrics", "/v1/models", "/v1/lanes", "/v1/lanes/{lane}", "/media/{link}",
    "/media/{link}/{name}", "/api/v1/uploads/{link}",
}  # fmt: skip
ASYNC = {"X-DashScope-Async": "enable"}
ENDPOINT = {"name": "post", "url": "https://hooks.example.com/x", "event_types": ["video.completed"]}


@pytest.fixture
def closed(house):
    """The same house behind keys."""
    return type(house)(house.store, house.files, house.engine, house.keys, False, house.secret)


def client_of(house, tenant, scopes=(Scope.READ, Scope.WRITE, Scope.REVIEW)):
    key = house.keys.issue(tenant, "lin", scopes, 0.0)
    headers = {"Authorization": f"Bearer {key}", **ASYNC}
    return TestClient(make_app(house), headers=headers, raise_server_exceptions=False)


def fill(client, house):
    """One of everything; ids by the name their path parameter has."""
    project = client.post("/v1/projects", json={"code": "FOX"}).json()
    endpoint = client.post("/v1/webhook_endpoints", json=ENDPOINT).json()
    shot = client.post("/v1/projects/FOX/shots", json={"text": "a fox in rain"}).json()
    take = client.post(f"/v1/shots/{shot['id']}/takes", json={}).json()
    work_off(house)
    note = client.post(f"/v1/takes/{take['id']}/notes", json={"text": "snow, not rain"}).json()
    file = client.post("/v1/files", content=picture(90)).json()
    text = "INT. TEAHOUSE - NIGHT\n\nA fox sits at a table.\n"
    script = client.post("/v1/projects/FOX/scripts", params={"name": "a.txt"}, content=text).json()
    scene = client.get(f"/v1/scripts/{script['id']}/scenes").json()["data"][0]
    asked = {"rows": [{"text": "a fox"}], "is_paused": True}
    batch = client.post("/v1/projects/FOX/batches", json=asked).json()
    waits = client.post(f"/v1/shots/{shot['id']}/takes", json={}).json()
    told = client.get(f"/v1/webhook_endpoints/{endpoint['id']}/deliveries").json()["data"][0]
    client.put("/v1/projects/FOX/cuts/rough", json={})
    return {
        "cut_name": "rough",
        "project_id": project["id"], "shot_id": shot["id"], "take_id": take["id"], "note_id": note["id"],
        "sha256": file["sha256"], "batch_id": batch["id"], "script_id": script["id"], "scene_id": scene["id"],
        "video_id": take["id"].replace("take", "video"), "task_id": take["id"],
        "job_id": waits["job"]["id"], "name": "clip", "endpoint_id": endpoint["id"],
        "delivery_id": told["id"],
    }  # fmt: skip


def routes(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def query_of(operation):
    """The examples of what the query must have."""
    asked = [each for each in operation.get("parameters", ()) if each["in"] == "query" and each["required"]]
    return {each["name"]: each["schema"]["examples"][0] for each in asked}


def body_of(document, operation, ids):
    """What to send: the example of the body's schema with the other tenant's ids in it, or a file."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/octet-stream" in content:
        return {"content": picture(10)}
    if "application/json" not in content:
        return {}
    schema = content["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    example = schema["examples"][0]
    others = {"jobs": [ids["job_id"]], "first": ids.get("take_id"), "last": ids.get("take_id")}
    return {"json": {name: others.get(name, value) for name, value in example.items()}}


def test_no_route_shows_or_changes_what_is_anothers(closed):
    ours, theirs = client_of(closed, "ours"), client_of(closed, "theirs")
    ids = fill(ours, closed)
    before = [ours.get(path).text for path in ("/v1/takes", "/v1/jobs", "/v1/projects", "/v1/videos")]
    document = theirs.get("/openapi.json").json()
    asked = [each for each in routes(document) if each[1] not in COMMON]
    assert len(asked) > 30
    for method, path, operation in asked:
        target = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
        query = {"wait_s": 0} if path == "/v1/events" else query_of(operation)
        headers = {"Last-Event-ID": "0"} if path == "/v1/events" else {}
        body = body_of(document, operation, ids)
        answer = theirs.request(method, target, params=query, headers=headers, **body)
        if path == "/api/v1/tasks/{task_id}":
            assert answer.json()["output"] == {"task_id": ids["task_id"], "task_status": "UNKNOWN"}
            continue
        if "{" in path or path in ("/v1/job-order", "/v1/in-betweens"):
            assert answer.status_code == 404, (method, path, answer.text)
            continue
        assert answer.status_code < 300, (method, path, answer.text)
        assert not [name for name in ids.values() if name not in ("clip", "rough") and name in answer.text], (
            method,
            path,
        )
    for path in ("/v1/takes", "/v1/jobs", "/v1/videos"):
        cursor = ids["video_id" if "videos" in path else "job_id" if "jobs" in path else "take_id"]
        assert theirs.get(path, params={"after": cursor}).status_code == 404
    assert [ours.get(path).text for path in ("/v1/takes", "/v1/jobs", "/v1/projects", "/v1/videos")] == before


def test_every_route_but_health_and_signed_links_needs_a_key(closed):
    client = TestClient(make_app(closed), raise_server_exceptions=False)
    document = client.get("/openapi.json").json()
    for method, path, operation in routes(document):
        if path in ("/healthz", "/readyz"):
            continue
        target = re.sub(r"{\w+}", "x", path)
        body = body_of(document, operation, {"job_id": "x"})
        answer = client.request(method, target, headers=ASYNC, **body)
        assert answer.status_code == 401, (method, path, answer.text)


def test_scopes_and_ends_of_keys(closed):
    reader = client_of(closed, "ours", (Scope.READ,))
    assert reader.get("/v1/takes").status_code == 200
    assert reader.post("/v1/videos", json={"prompt": "a fox"}).json()["error"]["code"] == "scope_missing"
    assert reader.get("/metrics").status_code == 403
    over = closed.keys.issue("ours", "lin", [Scope.READ], 0.0, lasts_s=1.0)
    assert reader.get("/v1/takes", headers={"Authorization": f"Bearer {over}"}).status_code == 401
    key = closed.keys.all()[0]
    assert key.digest not in reader.headers["authorization"]
    closed.keys.revoke(key.id)
    assert reader.get("/v1/takes").status_code == 401
    assert closed.keys.path.stat().st_mode & 0o077 == 0


def test_limits_of_bodies_and_requests(house, monkeypatch):
    small = type(house)(
        house.store, house.files, house.engine, house.keys, True, house.secret, Limits(1000, 6)
    )
    client = TestClient(make_app(small), raise_server_exceptions=False)
    assert client.post("/v1/videos", json={"prompt": "a" * 2000}).status_code == 413
    chunks = client.post(
        "/v1/videos", content=iter([b"a" * 600] * 3), headers={"content-type": "application/json"}
    )
    assert chunks.status_code == 413
    statuses = [client.get("/v1/videos").status_code for _ in range(20)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_who_comes_to_a_full_house_is_told_to_come_again(house):
    full = TestClient(make_app(replace(house, limits=Limits(at_once=0))))
    for path, code in (("/v1/videos", "rate_limited"), ("/api/v1/tasks", "Throttling.RateQuota")):
        answer = full.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert code in answer.text
    for path in ("/healthz", "/v1/events?wait_s=0"):
        assert full.get(path).status_code == 200
    narrow = TestClient(make_app(replace(house, limits=Limits(at_once=1))), raise_server_exceptions=False)
    assert [narrow.get(path).status_code for path in ("/v1/videos", "/v1/takes/a", "/v1/videos")] == [
        200,
        404,
        200,
    ]


def test_a_page_in_a_browser_cannot_use_an_open_house(client):
    assert client.get("/v1/videos", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.get("/v1/videos", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/v1/videos", headers={"Origin": "http://localhost:8000"}).status_code == 200


def test_logs_say_no_words_and_no_keys(closed, caplog):
    client = client_of(closed, "ours")
    with caplog.at_level("INFO"):
        client.post("/v1/videos", json={"prompt": "a secret fox"})
        client.post("/v1/videos", json={"prompt": "a secret fox", "seconds": "secret"})
        client.get("/v1/videos", params={"after": "secret"})
    said = " ".join(
        str(record.args) + record.getMessage()
        for record in caplog.records
        if record.name.startswith("rushes")
    )
    assert "/v1/videos" in said
    assert "secret" not in said
    assert "rk_" not in said


def test_metrics_count_without_names(closed):
    client = client_of(closed, "ours", tuple(Scope))
    fill(client, closed)
    text = client.get("/metrics").text
    assert 'rushes_jobs{lane="interactive",state="succeeded"} 1.0' in text
    assert 'rushes_stage_seconds_total{model="mini",stage="generate"}' in text
    assert 'route="/v1/shots/{shot_id}/takes"' in text
    assert "ours" not in text
