"""``rushes warm``: told before, queued behind all else, kept without a take, found by who asks."""

import json

import pytest

SMALL = ("--seconds", "0.4", "--steps", "1", "--size", "256x144")
FOX = ("previs_chase", "--set", "prey=fox", "--set", "place=forest")


@pytest.fixture
def warm(rushes, tiny_model):
    def call(*options):
        code, out, err = rushes("warm", *options, "--model", tiny_model, *SMALL, "--json")
        assert code == 0, err
        return json.loads(out)

    return call


def test_it_is_told_before_and_nothing_is_made(warm, rushes):
    told = warm(*FOX, "--seeds", 3, "--dry-run")
    assert (told["clips"], told["basis"]) == (3, "one block of the model, timed now")
    assert told["estimate_s"] > 0
    assert told["most_bytes"] == 3 * 5 * 160 * 256 * 3
    assert rushes("queue")[1] == "nothing waits or runs\n"


def test_who_asks_later_finds_it_made(warm, rushes, tiny_model, tmp_path):
    queued = warm(*FOX, "--seed", 5)["jobs"]
    assert warm(*FOX, "--seed", 5)["jobs"] == queued
    [job] = json.loads(rushes("queue", "--json")[1])["jobs"]
    assert (job["lane"], job["priority"], job["take_id"]) == ("night", 0, None)
    warm(*FOX, "--seed", 5, "--work")
    assert json.loads(rushes("queue", "--json", "--all")[1])["jobs"][0]["state"] == "succeeded"
    assert rushes("show")[1] == "project INBOX has no takes yet: rushes shoot makes one\n"
    words = rushes("templates", *FOX)[1].strip()
    code, out, err = rushes("shoot", words, "--seed", 5, "--model", tiny_model, *SMALL, "--output", "a.mp4")
    assert (code, "found     the same pictures" in out) == (0, True), err


@pytest.mark.parametrize(
    ("options", "named"),
    [((), "name a template"), (("nosuch",), "no template 'nosuch'"), ((*FOX, "--size", "7x7"), "7x7")],
)
def test_mistakes_are_named(rushes, options, named):
    code, _, err = rushes("warm", *options, "--dry-run")
    assert (code, named in err) == (2, True), err
