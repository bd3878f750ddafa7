"""Every route against its own description, with what fits it and what does not (schemathesis)."""

import re

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off

from rushes.service.app import make_app
from rushes.service.keys import Scope

CASES = 3


def test_the_document_is_complete(client):
    document = client.get("/openapi.json").json()
    bodies = [
        name for name in document["components"]["schemas"] if name.endswith(("Wish", "Change", "Order"))
    ]
    assert len(bodies) > 8
    for name in bodies:
        assert name in ("Synthesis",) or document["components"]["schemas"][name]["examples"], name
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert has_examples(document, operation.get("requestBody", {})), path
    names = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(names) == len(set(names))
    assert all(each.get("description") for path in document["paths"].values() for each in path.values())


def test_what_is_missing_is_said_with_a_remedy_over_http(client):
    """Who asks over HTTP has no shell: the studio's commands become requests."""
    client.post("/v1/projects", json={"code": "FOX"})
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        if "get" not in operations or not path.startswith("/v1/") or "{" not in path:
            continue
        answer = client.get(re.sub(r"\{[a-z_0-9]+\}", "nothing_5f0c", path))
        if answer.status_code != 404:
            # Such as a hash or a lane, which has to look like one.
            assert answer.status_code in (400, 409), path
            continue
        problem = answer.json()["error"]
        assert "rushes " not in problem["message"], (path, problem)
        assert problem["remedy"] not in ("", problem["message"]), (path, problem)


def test_a_remedy_is_whole(client):
    broken = client.post("/v1/videos", content="{", headers={"content-type": "application/json"})
    assert broken.json()["error"]["remedy"] == 'send an object like {"prompt":"a fox"}'


def has_examples(document, body):
    """Whether each way to send a body is shown."""
    schemas = document["components"]["schemas"]
    for content in body.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if "example" not in content and "examples" not in schemas.get(name, content["schema"]):
            return False
    return True


def test_every_route_keeps_to_its_description(house):
    """Short here; `CASES` in the hundreds is the long run."""
    closed = type(house)(house.store, house.files, house.engine, house.keys, False, house.secret)
    header = {"Authorization": f"Bearer {house.keys.issue('ours', 'lin', tuple(Scope), 0.0)}"}
    app = make_app(closed)
    with TestClient(app, headers=header, raise_server_exceptions=False) as client:
        client.post("/v1/projects", json={"code": "FOX"})
        client.post("/v1/videos", json={"prompt": "a fox"})
        client.post("/v1/files", content=picture(90))
        client.put("/v1/projects/FOX/cuts/rough", json={})
        client.post("/v1/projects/FOX/batches", json={"rows": [{"text": "a fox"}]})
        client.post("/v1/projects/FOX/scripts", params={"name": "a.txt"}, content="INT. ROOM - DAY\n\nRain.")
        work_off(house)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).exclude(path="/v1/events")
    found = []
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:
            try:
                checked(operation, mode, header)
            except Unsatisfiable:
                # Some routes take nothing that could be wrong.
                continue
            except (Exception, FailureGroup) as error:
                found.append(f"{mode.value} {operation.label}: {error}")
    assert not found, "\n".join(found)


def checked(operation, mode, header):
    """A few requests that fit the description, or do not; every answer must be one of those described.

    A request that fits may still ask for too much, so refusing it is no fault here.
    """

    @settings(
        max_examples=CASES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers=header, excluded_checks=[positive_data_acceptance])

    check()
