"""Files of takes go when their time is over, never those that are chosen, and the journal says which."""

import json
from dataclasses import replace

import pytest
from tests.service.conftest import picture, work_off

from rushes.cli.desk import open_studio
from rushes.cli.project import keep, tidy
from rushes.core.errors import UsageError
from rushes.service import housekeeping
from rushes.service.caller import Caller
from rushes.service.footage import delete_footage, find_footage
from rushes.service.submit import Wish, submit_to_shot
from rushes.studio import schema
from rushes.studio.desk import events_of, open_desk
from rushes.studio.fake import fake_steps
from rushes.studio.folder import lay_out
from rushes.studio.foreground import run_now
from rushes.studio.jobs.claim import claim_job
from rushes.studio.jobs.ending import succeed
from rushes.studio.jobs.queue import cancel, try_again
from rushes.studio.previews import keep_preview, read_preview, sweep
from rushes.studio.projects import NewProject, new_project
from rushes.studio.retention import EXPIRED, Retention, expire, retention_of, set_retention
from rushes.studio.reviews import Choice, choose, make_current
from rushes.studio.shooting import submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.takes import Input, Origin, Relation, TakeRequest, add_take, master_of

HOUR = 3600.0


@pytest.fixture
def desk(house):
    return open_desk(house.store)


@pytest.fixture
def shot(desk):
    return new_shot(desk, new_project(desk, NewProject("FOX")).id, Words("a fox"))


def shoot(house, desk, shot, seed, **wish):
    """A take that is made; its id."""
    made = submit_to_shot(Caller(house, desk, ()), shot.id, Wish("a fox", seed=seed, **wish))
    work_off(house)
    return made.take.id


def at(house, hours):
    """The same house so many hours later."""
    now = house.store.clock()
    return replace(house, store=replace(house.store, clock=lambda: now + hours * HOUR))


def gone(house):
    return {each.take_id for each in expire(house.store, house.files)}


def bytes_kept(house):
    """Files that are there, and those the database knows: they must be the same."""
    paths = {path.name for path in house.files.root.glob("*/??/*")}
    with house.store.read() as connection:
        rows = set(connection.scalars(schema.files.select().with_only_columns(schema.files.c.sha256)))
    assert rows == paths
    return paths


def test_without_a_word_everything_stays(house, desk, shot):
    shoot(house, desk, shot, 1)
    kept = bytes_kept(house)
    assert gone(at(house, 10**6)) == set()
    assert bytes_kept(house) == kept != set()


def test_files_go_when_their_time_is_over_and_the_journal_says_so(house, desk, shot):
    take = shoot(house, desk, shot, 1)
    set_retention(desk, shot.project_id, Retention(2 * HOUR))
    assert gone(at(house, 1.9)) == set()
    assert gone(at(house, 2.1)) == {take}
    assert bytes_kept(house) == set()
    told = [event for event in events_of(desk, take) if event.kind == EXPIRED]
    assert told[0].detail["freed_bytes"] > 3000
    assert told[0].person_id is None
    assert gone(at(house, 5)) == set()
    assert master_of(desk, take) is not None
    with house.store.read() as connection:
        assert connection.execute(schema.stage_results.select()).all() != []


def test_chosen_takes_stay_unless_they_are_named_too(house, desk, shot):
    circled, current, rejected, plain = (shoot(house, desk, shot, seed) for seed in range(4))
    choose(desk, circled, Choice.CIRCLED)
    make_current(desk, current)
    choose(desk, rejected, Choice.CIRCLED)
    choose(desk, rejected, Choice.REJECTED)
    set_retention(desk, "", Retention(HOUR))
    assert gone(at(house, 3)) == {rejected, plain}
    set_retention(desk, "", Retention(HOUR, includes_chosen=True))
    assert gone(at(house, 3)) == {circled, current}


def test_a_project_speaks_for_itself_and_only_for_its_tenant(house, desk, shot):
    rival = open_desk(house.store, "rival", "eve")
    theirs = new_shot(rival, new_project(rival, NewProject("FOX")).id, Words("a fox"))
    other = new_shot(desk, new_project(desk, NewProject("CAT")).id, Words("a cat"))
    takes = [shoot(house, desk, shot, 1), shoot(house, desk, other, 1), shoot(house, rival, theirs, 1)]
    set_retention(desk, "", Retention(2 * HOUR))
    set_retention(desk, shot.project_id, Retention(9 * HOUR))
    assert gone(at(house, 3)) == {takes[1]}
    set_retention(desk, shot.project_id, None)
    assert retention_of(desk, shot.project_id) is None
    assert gone(at(house, 3)) == {takes[0]}
    assert gone(at(house, 10**6)) == set()
    with pytest.raises(UsageError):
        set_retention(rival, shot.project_id, Retention(HOUR))
    with pytest.raises(UsageError):
        Retention(1.0)


def test_what_another_take_needs_stays(house, desk, shot):
    """The same seed makes the same bytes; and a clip may be what another one starts from."""
    first, twin = shoot(house, desk, shot, 1), shoot(house, desk, shot, 1)
    other = shoot(house, desk, shot, 2)
    source = master_of(desk, other).sha256
    with house.store.write() as connection:
        origin = Origin(Relation.EXTEND, other)
        add_take(connection, desk, shot.id, TakeRequest("more", 3, "mini"), origin, (Input("clip", source),))
    delete_footage(desk, house.files, first)
    delete_footage(desk, house.files, other)
    assert all(house.files.path(desk.tenant_id, each.sha256).exists()
               for each in find_footage(desk, twin).files.values())  # fmt: skip
    assert house.files.path(desk.tenant_id, source).exists()
    delete_footage(desk, house.files, twin)
    assert bytes_kept(house) == {source}


def test_a_take_at_work_stays_and_one_made_again_has_its_time_anew(house, desk, shot):
    take = shoot(house, desk, shot, 1)
    set_retention(desk, "", Retention(HOUR))
    failed = submit_to_shot(Caller(house, desk, ()), shot.id, Wish("fail", seed=1))
    work_off(house)
    try_again(desk, failed.job.id)
    assert gone(at(house, 3)) == {take}
    cancel(desk, failed.job.id)
    assert gone(at(house, 3)) == {failed.take.id}
    again = shoot(house, desk, shot, 1)
    assert find_footage(desk, again).files.keys() == {"clip", "sheet"}
    assert len(bytes_kept(house)) == 3


def test_a_deleted_take_that_was_made_afterwards_is_freed_by_housekeeping(house, desk, shot):
    made = submit_to_shot(Caller(house, desk, ()), shot.id, Wish("a fox", seed=1))
    claimed = claim_job(house.store, made.job.id, "a worker")
    keep_preview(house.files, desk.tenant_id, made.job.id, b"jpeg")
    delete_footage(desk, house.files, made.take.id)
    assert read_preview(house.files, desk.tenant_id, made.job.id) is None
    with house.store.write() as connection:
        succeed(connection, claimed.claim, house.store.now(connection))
    assert gone(house) == {made.take.id}
    assert gone(house) == set()


def test_delete_over_http_frees_the_disk(client, house):
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    other = client.post("/v1/videos", json={"prompt": "a cat"}).json()
    work_off(house)
    before = bytes_kept(house)
    assert client.delete(f"/v1/videos/{video['id']}").json()["deleted"]
    assert 0 < len(bytes_kept(house)) < len(before)
    assert client.get(f"/v1/videos/{other['id']}/content").status_code == 200


def test_retention_over_http(client, house):
    client.post("/v1/projects", json={"code": "FOX"})
    path = "/v1/projects/FOX/retention"
    assert client.get("/v1/retention").json() == {
        "project_id": None,
        "keep_s": None,
        "includes_chosen": False,
    }
    put = client.put("/v1/retention", json={"keep_s": 7200})
    assert (put.status_code, put.json()["keep_s"]) == (200, 7200)
    assert client.get(path).json()["keep_s"] is None
    assert client.put(path, json={"keep_s": 3600, "includes_chosen": True}).json()["includes_chosen"]
    assert client.put(path, json={"keep_s": 1}).status_code == 400
    assert client.put(path, json={"keep_s": None}).json()["keep_s"] is None
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    work_off(house)
    housekeeping.tidy(at(house, 3))
    answer = client.get(f"/v1/videos/{video['id']}/content")
    assert answer.status_code == 404
    assert "make the take again" in answer.json()["error"]["remedy"]


def test_previews_of_what_no_longer_runs_are_swept(house, desk, shot):
    runs = submit_to_shot(Caller(house, desk, ()), shot.id, Wish("a fox", seed=1))
    claim_job(house.store, runs.job.id, "a worker")
    for job_id in (runs.job.id, "job_over"):
        keep_preview(house.files, desk.tenant_id, job_id, picture(9))
    assert sweep(house.store, house.files) == 1
    assert read_preview(house.files, desk.tenant_id, runs.job.id) == picture(9)


def test_the_shell_keeps_and_tidies(capsys):
    """The folder people look into lets go of the pictures too; what is known of the take stays there."""
    studio = open_studio()
    shot = new_shot(studio.desk, new_project(studio.desk, NewProject("FOX")).id, Words("a fox"))
    made = submit_take(studio.desk, shot.id, TakeRequest("a fox", 1, "mini"))
    list(run_now(studio.desk, studio.files, made.job, fake_steps(made.take, made.job)))
    clip = lay_out(studio.desk, studio.files, studio.folder, made.take)
    keep("fox", 30)
    tidy(as_json=False)
    assert capsys.readouterr().out == "FOX: kept 30 days\n0 takes let go of 0.0 MB\n"
    assert clip.exists()
    with studio.desk.store.write() as connection:
        connection.execute(schema.jobs.update().values(ended_at=0.0))
    tidy(as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["code"] == made.take.code
    assert not clip.exists()
    assert clip.with_suffix(".json").exists()
    assert lay_out(studio.desk, studio.files, studio.folder, made.take) is None


def test_a_video_says_when_it_goes(client, house):
    client.put("/v1/retention", json={"keep_s": 2 * HOUR})
    path = f"/v1/videos/{client.post('/v1/videos', json={'prompt': 'a fox'}).json()['id']}"
    assert client.get(path).json()["expires_at"] is None, "it is not made yet"
    work_off(house)
    made = client.get(path).json()
    assert made["expires_at"] - made["completed_at"] == pytest.approx(2 * HOUR, abs=1)
    assert client.get("/v1/videos").json()["data"][0]["expires_at"] == made["expires_at"]
    take = path.rpartition("/")[2].replace("video", "take")
    client.post(f"/v1/takes/{take}/reviews", json={"choice": "circled"})
    assert client.get(path).json()["expires_at"] is None, "what is circled stays"
    client.put("/v1/retention", json={"keep_s": 3 * HOUR, "includes_chosen": True})
    made = client.get(path).json()
    assert made["expires_at"] - made["completed_at"] == pytest.approx(3 * HOUR, abs=1)
