"""The review loop from the shell, with a tiny model: shoot takes, note, retake, look, reproduce."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from rushes.media.video import probe

WORDS = "a red fox runs through rain in a forest at dusk"
FAST = ("--seconds", "0.4", "--steps", "2", "--size", "256x144", "--quiet")


@pytest.fixture
def fox(rushes):
    """A project with one shot."""
    rushes("project", "new", "FOX", "--title", "狐狸", "--frame-rate", "24000/1001", "--budget", "600")
    rushes("shots", "SH0030", "--text", WORDS, "--project", "FOX")


def test_the_review_loop(rushes, fox, tiny_model, tmp_path, monkeypatch):
    code, out, _ = rushes(
        "shoot", "--shot", "SH0030", "--takes", 2, "--project", "fox", "--seed", 5, "--model", tiny_model,
        "--save-every", 1, "--json", *FAST,
    )  # fmt: skip
    assert code == 0
    takes = json.loads(out)["takes"]
    assert [take["code"] for take in takes] == ["SQ010_SH0030_v001", "SQ010_SH0030_v002"]
    assert [take["request"]["seed"] for take in takes] == [5, 6]
    assert takes[0]["recipe"]["recorded"]["not_installed"] == ["check", "label"]
    assert takes[0]["video"].endswith("FOX/sq010/sh0030/SQ010_SH0030_v001.mp4")
    assert probe(Path(takes[0]["video"])).frame_rate == Fraction(24000, 1001)

    first = takes[0]["code"]
    code, out, _ = rushes("review", first, "--circle", "--current", "--note", "0-4: snow, not rain")
    assert (code, out) == (0, f"{first}: circled, 1 note\n")
    code, _, err = rushes("review", first, "--note", "3-12: snow, not rain")
    assert (code, f"frame 12 is beyond the end of {first}: it has frames 0 to 4" in err) == (2, True)
    waiting = rushes("review", "--project", "FOX")[1].splitlines()
    assert waiting == [first, "  person 0-4: snow, not rain", "SQ010_SH0030_v002"]
    code, out, _ = rushes("retake", first, "--dry-run", "--json")
    assert json.loads(out)["diff"] == ["- rain", "+ snow"]
    code, out, _ = rushes("retake", first, "--yes", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["takes"][0]["origin"]["relation"] == "retake"
    assert set(answer["changed"]) == {"enhance.prompt", "enhance.context_text", "encode_text.context_text"}

    code, out, _ = rushes("show", "SQ010_SH0030_v003")
    assert f"retake of {first}, which was noted: snow, not rain" in out
    assert "note of a person at 0-4, answered: snow, not rain" in rushes("show", first)[1]
    shown = rushes("show", first)[1]
    assert ", circled, current\n" in shown
    assert re.search(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S+  take circled\n", shown)
    assert f"{first}  succeeded  circled * {WORDS[:60]}" in rushes("show", "--project", "FOX")[1]
    code, out, _ = rushes("show", first, "--recipe")
    assert json.loads(out) == takes[0]["recipe"]
    assert "v003" in rushes("show", "--project", "FOX")[1]
    assert rushes("queue", "--project", "FOX")[1] == "nothing waits or runs\n"
    assert rushes("doctor", "--thorough")[:2] == (0, "all is well\n")
    assert rushes("compare", first, "SQ010_SH0030_v003", "--output", tmp_path / "c.mp4")[0] == 0
    assert (tmp_path / "c.mp4").stat().st_size > 1000
    code, out, _ = rushes("reproduce", first)
    assert (code, out.splitlines()[-1]) == (0, f"{first}: the same master, bit for bit")
    code, out, _ = rushes("project", "list", "--json")
    assert json.loads(out)[0]["spent_s"] >= 0
    assert rushes("project", "export", "FOX", tmp_path / "fox.zip")[0] == 0
    _lost_and_damaged_files_are_put_back(rushes, first, Path(takes[0]["video"]))
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "elsewhere"))
    assert rushes("project", "import", tmp_path / "fox.zip")[0] == 0
    assert "the same master, bit for bit" in rushes("reproduce", first)[1]


def _lost_and_damaged_files_are_put_back(rushes, code, video):
    document = json.loads(rushes("show", code, "--json")[1])
    store = video.parents[4] / "files"
    (master,) = store.rglob(document["master"])
    (clip,) = store.rglob(document["renditions"]["clip"])
    kept = master.read_bytes(), clip.read_bytes()
    master.unlink()
    clip.unlink()
    clip.write_bytes(kept[1][:100])
    exit_code, told, _ = rushes("doctor")
    assert (exit_code, f"master of {code}, is missing" in told) == (4, True), told
    assert f"rushes reproduce {code} --project FOX" in told
    exit_code, _, err = rushes("compare", code, "SQ010_SH0030_v003")
    assert (exit_code, err) == (
        1,
        f"rushes: the master of {code} is missing: `rushes doctor` tells what helps\n",
    )
    assert rushes("reproduce", code)[1].endswith("2 of its files were missing or damaged: put back\n")
    assert (master.read_bytes(), clip.read_bytes(), video.read_bytes()) == (*kept, kept[1])
    assert rushes("doctor", "--thorough")[0] == 0


def test_takes_beyond_the_budget_are_none_at_all(rushes, fox, tiny_model):
    assert rushes("project", "budget", "FOX", "40")[0] == 0
    order = ("shoot", "--shot", "SH0030", "--takes", 99, "--project", "FOX")
    code, _, err = rushes(*order)
    assert (code, "project FOX has 40 s of 40 s left: raise its budget or ask for less" in err) == (2, True)
    assert rushes("show", "--project", "FOX")[1] == "project FOX has no takes yet: rushes shoot makes one\n"


def test_a_damaged_database_is_told_in_a_sentence(rushes, fox, tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "torn"))
    (tmp_path / "torn/studio").mkdir(parents=True)
    (tmp_path / "torn/studio/studio.db").write_bytes(b"no database" * 100)
    code, _, err = rushes("doctor")
    assert (code, "is damaged (file is not a database): move the studio's folder away" in err) == (1, True)


def test_a_restored_studio_has_its_takes_in_its_folder(rushes, fox, tiny_model, tmp_path, monkeypatch):
    order = ("shoot", "--shot", "SH0030", "--project", "FOX", "--model", tiny_model, "--json")
    video = Path(json.loads(rushes(*order, *FAST)[1])["takes"][0]["video"])
    assert rushes("project", "backup", tmp_path / "monday")[0] == 0
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "new"))
    assert rushes("project", "restore", tmp_path / "monday")[0] == 0
    shown = Path(rushes("show", "SQ010_SH0030_v001")[1].splitlines()[2])
    assert shown != video
    assert shown.read_bytes() == video.read_bytes()


def test_options_a_take_does_not_know_are_refused(rushes, fox):
    code, _, err = rushes("shoot", "--shot", "SH0030", "--project", "FOX", "--output", "a.mp4")
    assert (code, "--output cannot be used with --shot" in err) == (2, True)
    assert rushes("shoot", "--shot", "SH9", "--project", "FOX")[0] == 2


def test_a_dry_run_tells_time_and_budget_and_makes_nothing(rushes, fox, tiny_model):
    order = (
        "shoot",
        "--shot",
        "SH0030",
        "--project",
        "FOX",
        "--model",
        tiny_model,
        "--takes",
        3,
        "--dry-run",
    )
    code, out, err = rushes(*order, "--json", *FAST)
    assert code == 0, err
    document = json.loads(out)
    assert (document["takes"], document["budget_left_s"], document["fits"]) == (3, 600, True)
    assert document["estimate_s"] > 0
    assert "one block" in document["basis"]
    assert rushes("queue", "--all", "--project", "FOX")[1] == "nothing waits or runs\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("project", "new", "狐"), "A-Z"),
        (("project", "new", "A", "--frame-rate", "fast"), "frame rate 'fast'"),
        (("shots", "SH1"), "add --text"),
        (("queue", "cancel"), "name jobs"),
        (("queue", "cut", "job_1"), "choose cancel, hold"),
        (("queue", "edit", "job_1"), "add --prompt, --priority or --lane"),
        (("queue", "edit", "job_1", "--lane", "fast"), "no lane 'fast'"),
        (("queue", "cancel", "job_1", "--priority", "3"), "are for edit"),
        (("queue", "pause", "fast"), "no lane 'fast'"),
        (("review", "SQ010_SH0030_v009"), "no take"),
        (("show", "SQ010_SH0030_v009"), "no take"),
        (("retake", "SQ010_SH0030_v009"), "no take"),
    ],
)
def test_mistakes_are_named_with_the_remedy(rushes, arguments, named):
    code, _, err = rushes(*arguments)
    assert (code, named in err) == (2, True), err


def test_a_screenplay_becomes_shots_once(rushes, tmp_path):
    script = tmp_path / "script.fountain"
    script.write_text(
        "INT. ROOM - NIGHT\n\nA fox sleeps.\n\nEXT. FOREST - DAY\n\nA fox runs.\n", encoding="utf-8"
    )
    rushes("project", "new", "PLAY")
    code, first, _ = rushes("break", script, "--project", "PLAY", "--json")
    assert code == 0
    shots = json.loads(rushes("shots", "--project", "PLAY", "--json")[1])
    assert [shot["words"]["text"] for shot in shots] == [shot["text"] for shot in json.loads(first)["shots"]]
    assert rushes("break", script, "--project", "PLAY", "--json")[1] == first
    script.write_text(script.read_text(encoding="utf-8").replace("sleeps", "wakes"), encoding="utf-8")
    code, out, _ = rushes("break", script, "--project", "PLAY")
    assert (code, "script revision 2" in out, "1 stale" in out) == (0, True, True)
    assert "stale   A fox wakes." in rushes("shots", "--project", "PLAY")[1]
    assert rushes("break", script, "--project", "PLAY", "--output", tmp_path / "list")[0] == 2


def test_lanes_are_paused_from_the_shell(rushes):
    assert "lane night is paused" in rushes("queue", "pause", "night")[1]
    assert "paused" not in rushes("queue", "resume", "night")[1]


def test_a_table_is_queued_once_with_an_estimate_and_made(rushes, fox, tiny_model, tmp_path):
    table = tmp_path / "shots.csv"
    lines = ["shot,text,takes,seed,model,seconds,steps,size"]
    lines += [f"SH0030,{WORDS},2,5,{tiny_model},0.4,2,256x144", f",a cat,1,,{tiny_model},0.4,2,256x144"]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    order = ("batch", table, "--project", "FOX", "--json")
    code, out, err = rushes(*order, "--dry-run")
    assert (code, json.loads(out)) == (0, {"takes": 3, "estimate_s": 0}), err
    first = json.loads(rushes(*order)[1])["codes"]
    assert first == ["SQ010_SH0030_v001", "SQ010_SH0030_v002", "SQ010_SH0040_v001"]
    assert json.loads(rushes(*order, "--work")[1])["codes"] == first
    jobs = json.loads(rushes("queue", "--all", "--project", "FOX", "--json")[1])["jobs"]
    assert [(job["state"], job["lane"]) for job in jobs] == [("succeeded", "batch")] * 3, jobs
    assert json.loads(rushes(*order, "--dry-run")[1])["estimate_s"] > 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("words\na fox\n", "columns words"),
        ("shot\nSH1\n", "line 2 has no text"),
        ("text,takes\na fox,many\n", "line 2 says takes 'many', which is no whole number: correct it"),
        ("text,guidance_low\na fox,1.x\n", "line 2 says guidance_low '1.x', which is no number: correct it"),
    ],
)
def test_a_table_with_mistakes_queues_nothing(rushes, tmp_path, text, named):
    table = tmp_path / "shots.csv"
    table.write_text(text, encoding="utf-8")
    code, _, err = rushes("batch", table)
    assert (code, named in err) == (2, True), err
    assert rushes("queue")[1] == "nothing waits or runs\n"


def test_a_table_names_shots_and_what_waits_is_edited(rushes, fox, tmp_path):
    table = tmp_path / "shots.csv"
    table.write_text("shot,text,seconds\nsh0030,,0.4\nSH0040,a white cat sits on a roof,0.4\n")
    code, _, err = rushes("batch", table, "--project", "FOX")
    assert code == 0, err
    first, second = queued(rushes)
    assert rushes("queue", "edit", first["id"], "--priority", 9, "--lane", "night")[0] == 0
    code, out, _ = rushes("queue", "edit", second["id"], "--prompt", "a black cat sits on a roof")
    assert "SQ010_SH0040_v001 is cancelled, SQ010_SH0040_v002 takes its place" in out
    code, _, err = rushes("queue", "edit", second["id"], "--prompt", "a black cat")
    assert (code, "only queued" in err) == (2, True)
    edited, moved = sorted(queued(rushes), key=lambda job: job["lane"])
    assert (moved["id"], moved["priority"], moved["lane"]) == (first["id"], 9, "night")
    assert edited["lane"] == "batch"
    listed = rushes("show", "--project", "FOX")[1]
    assert WORDS in listed
    assert "SQ010_SH0040_v002  queued               a black cat sits on a roof" in listed
    assert "\nnot made, queued\n" in rushes("show", "SQ010_SH0040_v002")[1]
    table.write_text("shot,text\nSH0099,\n")
    code, _, err = rushes("batch", table, "--project", "FOX")
    assert (code, "line 2 has no text, and 'SH0099' is not one shot of this project" in err) == (2, True)


def test_what_says_nothing_or_little_is_understood(rushes, fox, tmp_path):
    code, _, err = rushes("review", "SQ010_SH0030_v001", "--note", " ")
    assert (code, "--note says nothing: write what should change" in err) == (2, True)
    assert rushes("project", "budget", "FOX", 0.5)[1] == "project FOX: at most 0.5 s\n"
    assert "of 0.5 s" in rushes("project", "list")[1]
    assert rushes("project", "budget", "FOX", 3600)[1] == "project FOX: at most 3600 s\n"
    assert rushes("project", "export", "FOX", tmp_path / "out")[0] == 0
    code, _, err = rushes("project", "import", tmp_path / "out")
    named = f"give the project's own folder, like {tmp_path / 'out' / 'FOX'}"
    assert (code, named in err, "Errno" in err) == (2, True, False), err


def queued(rushes):
    return json.loads(rushes("queue", "--project", "FOX", "--json")[1])["jobs"]


def test_a_stop_says_what_became_of_every_take(rushes, fox, tiny_model, monkeypatch):
    from rushes.models.transformer import Head  # noqa: PLC0415

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Head, "forward", interrupt)
    order = ("shoot", "--shot", "SH0030", "--takes", 2, "--project", "FOX", "--model", tiny_model, *FAST)
    code, _, err = rushes(*order)
    assert code == 130
    assert "stopped; SQ010_SH0030_v001 is cancelled (rushes queue again job_" in err
    assert "SQ010_SH0030_v002 stays in the queue" in err


def test_jobs_are_named_by_take_or_by_the_beginning_of_their_id(rushes, fox, tmp_path):
    table = tmp_path / "two.csv"
    table.write_text("shot,takes\nSH0030,2\n")
    rushes("batch", table, "--project", "FOX")
    first, second = (job["id"] for job in queued(rushes))
    assert rushes("queue", "hold", "sq010_sh0030_v001")[0] == 0
    assert rushes("queue", "hold", second[:10])[0] == 0
    assert all(job["is_held"] for job in queued(rushes))
    code, _, err = rushes("queue", "cancel", "job_")
    assert (code, "2 jobs begin with 'job_': write more of it" in err) == (2, True)
    code, _, err = rushes("queue", "cancel", "SQ010_SH0030_v009")
    assert (code, "there is no take 'SQ010_SH0030_v009'" in err) == (2, True)
    assert rushes("queue", "cancel", first, "SQ010_SH0030_v002")[1] == "nothing waits or runs\n"


def test_a_long_queue_says_that_it_is_longer(rushes, fox, tmp_path):
    table = tmp_path / "many.csv"
    table.write_text("shot,takes\nSH0030,99\nSH0030,2\n")
    rushes("project", "budget", "FOX", "100000")
    rushes("batch", table, "--project", "FOX")
    lines = rushes("queue")[1].splitlines()
    assert (len(lines), lines[-1]) == (101, "and more: these are 100, --json lists all")
    assert len(queued(rushes)) == 101
