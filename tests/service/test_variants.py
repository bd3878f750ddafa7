"""Variants over HTTP: the table and its count first, then the same as a batch of takes."""

import pytest

WISH = {"text": "a red fox in rain at night", "axes": ["weather=rain,snow", "colour=red,gray"], "seeds": 2}


def test_the_table_is_shown_before_anything_runs(client):
    made = client.post("/v1/variants", json=WISH).json()
    assert made["count"] == len(made["data"]) == 8
    assert [each["seed"] for each in made["data"]] == [0, 1] * 4
    assert {"weather": "snow", "colour": "gray"} in [each["values"] for each in made["data"]]
    assert "snow" in made["data"][-1]["text"]
    assert client.get("/v1/jobs").json()["data"] == []
    latin = client.post("/v1/variants", json={**WISH, "fill": "latin"}).json()
    assert latin["count"] == 4
    assert client.post("/v1/variants", json={**WISH, "fill": "sparse", "cells": 3}).json()["count"] == 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"axes": ["weather"]}, "no axis"), ({"axes": ["nothing=rain"]}, "no slot"),
        ({"axes": ["weather=rain,snow"] * 2}, "twice"), ({"fill": "sparse"}, "cells"),
        ({"axes": ["weather=rain,snow,fog"] * 7, "seeds": 99}, "sparse fill"), ({"axes": []}, "axes"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_is_refused(client, change, words):
    answer = client.post("/v1/variants", json={**WISH, **change})
    assert (answer.status_code, words in answer.json()["error"]["message"]) == (400, True), answer.text


def test_variants_become_a_batch(client):
    client.post("/v1/projects", json={"code": "FOX"})
    asked = {"variants": {**WISH, "settings": {"steps": 4}}}
    plan = client.post("/v1/projects/FOX/batch-plans", json=asked).json()
    assert (plan["num_takes"], plan["fits"]) == (8, True)
    assert client.get("/v1/projects/FOX/shots").json()["data"] == []
    batch = client.post("/v1/projects/FOX/batches", json=asked).json()
    assert batch["counts"]["queued"] == 8
    takes = client.get(f"/v1/batches/{batch['id']}/takes").json()["data"]
    table = client.post("/v1/variants", json=WISH).json()["data"]
    assert sorted((take["prompt"], take["seed"]) for take in takes) == sorted(
        (each["text"], each["seed"]) for each in table
    )
    assert len(client.get("/v1/projects/FOX/shots").json()["data"]) == 4
