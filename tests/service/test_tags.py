"""ETags of what people change and delete: who saw an older state is told, and nothing happens."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from tests.service.conftest import picture, work_off

from rushes.studio.schema import jobs

WORDS = {"prompt": "a fox", "seed": 1}
HOOK = {"name": "post", "url": "https://hooks.example.com/a", "event_types": ["video.completed"]}


def project(client):
    client.post("/v1/projects", json={"code": "FOX"})
    return "PATCH", "/v1/projects/FOX", {"budget_s": 60}, {"budget_s": 70}


def leave(client):
    client.post("/v1/projects", json={"code": "FOX"})
    return "PATCH", "/v1/projects/FOX", {"allows_remote": True}, {"allows_remote": False}


def job(client):
    made = client.post("/v1/videos", json=WORDS).json()
    return "PATCH", f"/v1/jobs/{made['job_id']}", {"priority": 9}, {"priority": 1}


def batch(client):
    client.post("/v1/projects", json={"code": "FOX"})
    made = client.post("/v1/projects/FOX/batches", json={"rows": [{"text": "a fox"}]}).json()
    return "PATCH", f"/v1/batches/{made['id']}", {"is_paused": True}, {"is_paused": False}


def endpoint(client):
    made = client.post("/v1/webhook_endpoints", json=HOOK).json()
    return "POST", f"/v1/webhook_endpoints/{made['id']}", {"name": "a"}, {"name": "b"}


def lane(_client):
    return "PUT", "/v1/lanes/night", {"is_paused": True}, {"is_paused": False}


def retention(_client):
    return "PUT", "/v1/retention", {"keep_s": 7200}, {"keep_s": 7200, "includes_chosen": True}


def retention_of_project(client):
    client.post("/v1/projects", json={"code": "FOX"})
    return "PUT", "/v1/projects/FOX/retention", {"keep_s": 7200}, {"keep_s": None}


CHANGED = [project, leave, job, batch, endpoint, lane, retention, retention_of_project]


@pytest.mark.parametrize("make", CHANGED)
def test_the_second_of_two_changes_is_told(client, make):
    method, path, first, second = make(client)
    before = client.get(path).headers["etag"]
    changed = client.request(method, path, json=first, headers={"If-Match": before})
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == client.get(path).headers["etag"] != before
    late = client.request(method, path, json=second, headers={"If-Match": before})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "precondition_failed")
    assert client.get(path).headers["etag"] == changed.headers["etag"]
    again = client.request(method, path, json=second, headers={"If-Match": changed.headers["etag"]})
    assert again.status_code == 200


@pytest.mark.parametrize("make", CHANGED)
def test_of_two_at_the_same_moment_one_is_told(client, house, make):
    """Both wait for the database with what they saw in their hands: a check before that would let both in."""
    method, path, first, _ = make(client)
    seen = {"If-Match": client.get(path).headers["etag"]}
    with ThreadPoolExecutor(2) as pool:
        with house.store.write():
            sent = [pool.submit(client.request, method, path, json=first, headers=seen) for _ in range(2)]
            # Long enough to come to the door of the database; who comes later finds it open.
            wait(sent, timeout=0.3)
        answers = [each.result(60) for each in sent]
    assert sorted(each.status_code for each in answers) == [200, 412]


def test_nothing_of_a_change_is_kept_where_a_part_of_it_is_refused(client):
    client.post("/v1/videos", json=WORDS)
    path = f"/v1/jobs/{client.get('/v1/jobs').json()['data'][0]['id']}"
    before = client.get(path).json()
    assert client.patch(path, json={"priority": 9, "lane": "hosted"}).status_code == 400
    assert client.get(path).json() == before


@pytest.mark.parametrize("path", ["/v1/videos/{video}", "/v1/takes/{take}"])
def test_a_clip_made_meanwhile_is_not_deleted(client, house, path):
    video = client.post("/v1/videos", json=WORDS).json()["id"]
    path = path.format(video=video, take=video.replace("video", "take"))
    queued = client.get(path).headers["etag"]
    work_off(house)
    assert client.delete(path, headers={"If-Match": queued}).status_code == 412
    made = client.get(path)
    assert made.headers["etag"] != queued
    assert client.delete(path, headers={"If-Match": made.headers["etag"]}).is_success
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/v1/videos/{video}", "/v1/takes/{take}"])
def test_a_clip_that_is_begun_while_its_delete_waits_is_not_deleted(client, house, path):
    """The delete has what it saw in its hands and waits for the database, which a worker holds."""
    video = client.post("/v1/videos", json=WORDS).json()["id"]
    path = path.format(video=video, take=video.replace("video", "take"))
    seen = {"If-Match": client.get(path).headers["etag"]}
    with ThreadPoolExecutor(1) as pool:
        with house.store.write() as connection:
            sent = pool.submit(client.delete, path, headers=seen)
            wait([sent], timeout=0.5)
            connection.execute(jobs.update().values(attempt=1))
        assert sent.result(60).status_code == 412
    assert client.get(path).status_code == 200


def test_files_and_endpoints_are_deleted_as_seen(client):
    sha256 = client.post("/v1/files", content=picture(9)).json()["sha256"]
    path = f"/v1/files/{sha256}"
    assert client.get(path).headers["etag"] == f'"{sha256}"'
    assert client.delete(path, headers={"If-Match": '"another"'}).status_code == 412
    assert client.delete(path, headers={"If-Match": f'"{sha256}"'}).status_code == 204
    path = f"/v1/webhook_endpoints/{client.post('/v1/webhook_endpoints', json=HOOK).json()['id']}"
    before = client.get(path).headers["etag"]
    assert client.post(path, json={"name": "b"}, headers={"If-Match": before}).status_code == 200
    assert client.delete(path, headers={"If-Match": before}).status_code == 412
    assert client.delete(path, headers={"If-Match": client.get(path).headers["etag"]}).status_code == 200
