"""Contexts and latents of one take serve the next one of its tenant, and end with the same bytes."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from rushes.cli.camera import Camera
from rushes.cli.desk import open_studio
from rushes.cli.screen import Screen
from rushes.cli.take_plan import plan_take
from rushes.cli.watching import Watching
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.transformer import WanTransformer
from rushes.studio import schema
from rushes.studio.cache import evict
from rushes.studio.desk import open_desk
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.retention import delete_take
from rushes.studio.shooting import inbox_shot, submit_take
from rushes.studio.takes import TakeRequest, master_of

WORDS = "a red fox runs left over the snow at night"
KEPT = ("encode_text", "denoise")


@pytest.fixture
def forwards(monkeypatch):
    """How often the two networks ran, by class."""
    counts = dict.fromkeys((UMT5Encoder, WanTransformer), 0)

    def counting(network, forward):
        def call(self, *arguments, **named):
            counts[network] += 1
            return forward(self, *arguments, **named)

        return call

    for network in counts:
        monkeypatch.setattr(network, "forward", counting(network, network.forward))
    return counts


@pytest.fixture
def studio():
    return open_studio()


@pytest.fixture
def make(studio, tiny_model, forwards):
    """Makes a take with a model loaded anew, as another process would: take, master, and forwards of both."""

    def call(seed=5, trim=0, desk=studio.desk):
        settings = {"seconds": "0.4", "steps": 2, "size": "256x144"}
        request = TakeRequest(WORDS, seed, str(tiny_model), settings)
        planned = plan_take(request)
        planned = replace(planned, request=replace(planned.request, trim=trim))
        new = submit_take(desk, inbox_shot(desk, WORDS), request)
        forwards.update(dict.fromkeys(forwards, 0))
        with Camera(Watching(Screen(True, True))) as camera:
            list(run_now(desk, studio.files, new.job, camera.steps(planned)))
        return new.take, master_of(desk, new.take.id), tuple(forwards.values())

    return call


def parts(studio):
    """Stage -> the file it was kept in."""
    with studio.desk.store.read() as connection:
        rows = connection.execute(schema.stage_results.select()).mappings().all()
    return {
        row["stage"]: studio.files.path(row["tenant_id"], row["files"]["tensors"]["sha256"])
        for row in rows
        if row["stage"] in KEPT
    }


def test_a_take_that_differs_behind_denoising_is_only_decoded(studio, make):
    _, whole, (encoder, transformer) = make()
    assert (encoder, transformer > 0) == (2, True)
    _, shorter, ran = make(trim=1)
    assert ran == (0, 0)
    assert shorter.recipe["recorded"]["reused"] == ["encode_text", "denoise"]
    assert "reused" not in whole.recipe["recorded"]
    keys = [[stage["key"] for stage in each.recipe["stages"]] for each in (whole, shorter)]
    assert (keys[0][2] == keys[1][2], keys[0][3] == keys[1][3]) == (keys[0][1] == keys[1][1], False)
    _, afresh, (_, transformer) = make(trim=1, desk=open_desk(studio.desk.store, "rival"))
    assert transformer > 0, "another tenant's are not found"
    assert shorter.sha256 == afresh.sha256 != whole.sha256


def test_another_take_of_the_same_words_needs_no_text_encoder(studio, make):
    make()
    _, found, (encoder, transformer) = make(seed=6)
    assert (encoder, transformer > 0) == (0, True)
    assert found.recipe["recorded"]["reused"] == ["encode_text"]
    _, afresh, (encoder, _) = make(seed=6, desk=open_desk(studio.desk.store, "rival"))
    assert encoder > 0
    assert found.sha256 == afresh.sha256


def test_what_was_only_decoded_shortens_no_estimate(studio, make):
    make()
    make(trim=1)
    table = schema.usage
    asked = table.select().where(table.c.stage == "generate").order_by(table.c.number)
    with studio.desk.store.read() as connection:
        first, second = connection.execute(asked).all()
    assert first.work > 0 == second.work


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_file_is_made_again(studio, make, damage):
    make()
    content = {stage: path.read_bytes() for stage, path in parts(studio).items()}
    assert set(content) == set(KEPT)
    for stage, path in parts(studio).items():
        path.chmod(0o644)
        whole = content[stage]
        path.write_bytes(whole[:20] if damage == "cut off" else whole[:-1] + bytes([whole[-1] ^ 1]))
    _, shorter, (encoder, transformer) = make(trim=1)
    assert (encoder > 0, transformer > 0) == (True, True)
    assert "reused" not in shorter.recipe["recorded"]
    assert {stage: path.read_bytes() for stage, path in parts(studio).items()} == content
    assert make(trim=2)[2] == (0, 0)


def test_what_was_evicted_is_made_again(studio, make):
    make()
    paths = parts(studio).values()
    assert evict(studio.desk.store, FileStore(studio.files.root, 0)) == 0, "used a moment ago"
    with studio.desk.store.write() as connection:
        connection.execute(update(schema.stage_results).values(used_at=0))
    sizes = sum(path.stat().st_size for path in paths)
    assert evict(studio.desk.store, FileStore(studio.files.root, 0)) == sizes
    assert not any(path.exists() for path in paths)
    assert make(trim=1)[2][1] > 0


def test_latents_go_with_a_deleted_take(studio, make):
    take, _, _ = make()
    paths = parts(studio).values()
    delete_take(studio.desk, studio.files, take.id)
    assert parts(studio) == {}
    assert not any(path.exists() for path in paths)


def test_to_reproduce_is_to_make_again(make, rushes, forwards):
    take, _, made = make()
    forwards.update(dict.fromkeys(forwards, 0))
    assert "the same master" in rushes("reproduce", take.code)[1]
    assert forwards[WanTransformer] == made[1]
