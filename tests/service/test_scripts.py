"""Screenplays over HTTP: scenes and shots with ids that stay, versions merged, nothing dropped."""

import zipfile
from io import BytesIO

import pytest
from tests.studio.test_scripts import FIRST, SECOND

CHINESE = "1、内景 茶馆 夜\n\n雨打在窗上。一只狐狸坐在桌边。\n\n老周:一碗热茶。\n"
PATH = "/v1/projects/FOX/scripts"


@pytest.fixture
def project(client):
    return client.post("/v1/projects", json={"code": "FOX"}).json()


def send(client, content, name="fox.fountain", **headers):
    return client.post(PATH, params={"name": name}, content=content.encode(), headers=headers)


def test_a_script_becomes_scenes_and_shots(client, project):
    answer = send(client, FIRST)
    assert answer.status_code == 201, answer.text
    script = answer.json()
    assert (script["revision"], script["num_scenes"], script["language"]) == (1, 2, "en")
    assert client.get(PATH).json()["data"] == [script]
    assert client.get(f"/v1/scripts/{script['id']}").json() == script
    assert client.get(f"/v1/scripts/{script['id']}/source").text == FIRST
    scenes = client.get(f"/v1/scripts/{script['id']}/scenes").json()["data"]
    assert [FIRST[scene["start"] :].splitlines()[0] for scene in scenes] == [s["heading"] for s in scenes]
    shots = client.get("/v1/projects/FOX/shots").json()["data"]
    of_scenes = [
        shot for scene in scenes for shot in client.get(f"/v1/scenes/{scene['id']}/shots").json()["data"]
    ]
    assert of_scenes == shots
    assert {shot["scripted"]["status"] for shot in shots} == {"new"}
    take = client.post(f"/v1/shots/{shots[0]['id']}/takes", json={}).json()
    assert (take["code"], take["prompt"]) == ("SC001_SH0010_v001", shots[0]["text"])


def test_a_newer_version_is_merged_and_the_older_one_is_refused(client, project):
    tag = send(client, FIRST, **{"If-Match": '"0"'}).headers["etag"]
    before = {shot["id"]: shot for shot in client.get("/v1/projects/FOX/shots").json()["data"]}
    refused = send(client, SECOND, **{"If-Match": '"0"'})
    assert (refused.status_code, refused.json()["error"]["code"]) == (412, "precondition_failed")
    second = send(client, SECOND, **{"If-Match": tag})
    assert (second.status_code, second.headers["etag"]) == (201, '"2"')
    assert second.json()["num_shots"]["orphan"] > 0
    after = {shot["id"]: shot for shot in client.get("/v1/projects/FOX/shots").json()["data"]}
    assert set(before) < set(after)
    stale = client.get("/v1/projects/FOX/shots", params={"status": "stale"}).json()["data"]
    assert ["cold tea" in shot["text"] for shot in stale] == [True]
    settled = client.patch(f"/v1/shots/{stale[0]['id']}", json={"text": stale[0]["text"]}).json()
    assert settled["scripted"]["status"] == "kept"
    assert send(client, SECOND).json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("%PDF-1.7 no more", "a.pdf", "damaged"), ("PK", "a.docx", "no Word document"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><FinalDraft/>", "a.fdx", "entities"), (" \n", "a.txt", "empty"),
        ("x", "a.exe", ".fountain"),
    ],
)  # fmt: skip
def test_what_is_no_script_is_refused(client, project, content, name, words):
    answer = send(client, content, name)
    assert (answer.status_code, words in answer.json()["error"]["message"]) == (400, True), answer.text
    assert client.get("/v1/projects/FOX/shots").json()["data"] == []


def test_an_archive_that_unfolds_without_end_is_refused(client, project):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(200 * 2**20))
    answer = client.post(PATH, params={"name": "bomb.docx"}, content=packed.getvalue())
    assert (answer.status_code, "unpacks" in answer.text) == (400, True)


def test_a_script_in_an_encoding_of_asia(client, project):
    answer = client.post(PATH, params={"name": "雨夜.txt"}, content=CHINESE.encode("gb18030"))
    assert (answer.status_code, answer.json()["language"]) == (201, "zh")
