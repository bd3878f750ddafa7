"""``rushes models``: list, pull, verify, convert, from a hub on this machine."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.hub.conftest import NAME, hub, line  # noqa: F401  fixtures
from tests.models.test_foreign import Parts, plain, write_official

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture
def run(rushes):
    """Runs ``rushes models``: (exit code, stdout, stderr)."""
    return lambda *arguments: rushes("models", *arguments)


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """A tiny random A14B in the layout of its repository."""
    folder = tmp_path_factory.mktemp("official")
    write_official(folder, Parts())
    for side in ("high_noise_model", "low_noise_model"):
        places = dict.fromkeys(load_file(folder / side / WEIGHTS), WEIGHTS)
        (folder / side / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": places}))
    return folder


@pytest.fixture
def stocked(hub, official):  # noqa: F811
    """The hub with that model."""
    hub.files = {
        str(path.relative_to(official)): path.read_bytes() for path in official.rglob("*") if path.is_file()
    }
    return hub


def listed(run):
    return {row["name"]: row for row in json.loads(run("list", "--json")[1])["models"]}


def test_the_list_knows_what_is_here_and_what_could_be(run, home, tiny_model):
    rows = listed(run)
    assert (rows["mini"]["state"], rows["mini"]["layout"]) == ("packaged", "rushes")
    assert (rows[NAME]["state"], rows[NAME]["licence"], rows[NAME]["bytes"]) == (
        "published",
        "Apache-2.0",
        126e9,
    )
    assert rows[f"{NAME}-lightning"]["layout"] == "lora"
    shutil.copytree(tiny_model, home / "mine")
    (home / "odd").mkdir()
    rows = listed(run)
    assert (rows["mine"]["state"], rows["mine"]["layout"], rows["mine"]["licence"]) == (
        "here",
        "rushes",
        "Apache-2.0",
    )
    assert rows["mine"]["bytes"] == sum(path.stat().st_size for path in tiny_model.iterdir())
    assert rows["odd"]["state"] == "broken"
    code, out, _ = run("list")
    assert code == 0
    assert {row.split()[0] for row in out.splitlines()} == set(rows)


def test_a_model_is_pulled_verified_listed_and_found(run, home, stocked):
    code, out, err = run("pull", NAME, "--from", stocked.address)
    assert (code, err) == (0, "")
    assert f"licence   apache-2.0, as {stocked.address}/Wan-AI/Wan2.2-T2V-A14B says" in out
    assert "9 files, " in out
    assert (listed(run)[NAME]["state"], listed(run)[NAME]["layout"]) == ("here", "official")
    stocked.asked.clear()
    code, out, _ = run("verify", NAME, "--values", "--json")
    report = json.loads(out)
    assert (code, report["checksums"], report["values"]) == (0, 9, True)
    assert report["tensors"] > 300
    # again: it is checked, and nothing is asked of the hub
    assert run("pull", "Wan-AI/Wan2.2-T2V-A14B", "--from", stocked.address)[0] == 0
    assert stocked.asked == []


def test_what_is_broken_is_told_and_fetched_again(run, home, stocked):
    run("pull", NAME, "--from", stocked.address, "--quiet")
    path = home / NAME / "low_noise_model" / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    code, _, err = run("verify", NAME)
    assert code == 1
    assert (
        f"missing or changed (low_noise_model/{WEIGHTS}): rushes models pull {NAME} fetches them again" in err
    )
    (home / NAME / "Wan2.1_VAE.pth").unlink()
    row = listed(run)[NAME]
    assert (row["state"], row["note"]) == ("broken", f"lacks Wan2.1_VAE.pth: rushes models pull {NAME}")
    stocked.asked.clear()
    assert run("pull", NAME, "--from", stocked.address)[0] == 0
    assert {name for name, _ in stocked.asked} == {"listing", f"low_noise_model/{WEIGHTS}", "Wan2.1_VAE.pth"}
    assert run("verify", NAME)[0] == 0


def test_a_part_of_a_pull_is_listed_and_named(run, home, stocked):
    stocked.faults[f"high_noise_model/{WEIGHTS}"] = [404]
    assert run("pull", NAME, "--from", stocked.address)[0] == 1
    row = listed(run)[NAME]
    assert row["state"] == "partly"
    assert row["note"].endswith(f"rushes models pull {NAME} goes on")
    code, _, err = run("verify", NAME)
    assert code == 2
    assert f"only partly on this machine: rushes models pull {NAME}" in err


def test_pulling_and_its_mistakes(run, home):
    assert run("pull", "wan9")[2].startswith("rushes: 'wan9' cannot be pulled: choose wan2.2-t2v-a14b, ")
    code, _, err = run("pull", NAME)
    assert (code, err) == (2, "rushes: HF_HUB_OFFLINE forbids connections: unset it to pull models\n")
    assert run("pull", NAME, "--from", "nowhere")[0] == 2
    assert not home.exists()


def test_json_of_a_pull_is_one_document(run, home, stocked):
    code, out, err = run("pull", NAME, "--from", f"modelscope+{stocked.address}", "--json")
    assert code == 0
    assert json.loads(out) == {"name": NAME, "folder": str(home / NAME)}
    assert "licence" in err


def test_a_bundle_of_our_own_is_held_to_its_record(run, tiny_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    assert run("verify", folder)[0] == 0
    path = folder / "codec.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    code, _, err = run("verify", folder)
    assert code == 1
    assert "missing or changed (codec.safetensors): get the model's files again" in err


def test_without_checksums_the_structure_is_checked_and_numbers_when_asked(run, official, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(official, folder)
    path = folder / "high_noise_model" / WEIGHTS
    state = load_file(path)
    state["head.head.bias"][0] = torch.nan
    save_file(state, path)
    code, out, _ = run("verify", folder)
    assert code == 0
    assert "no checksums are recorded" in out
    code, _, err = run("verify", folder, "--values")
    assert code == 1
    assert "values in tensor 'head.head.bias' that are no finite numbers" in err
    del state["head.head.bias"]
    save_file(state, path)
    code, _, err = run("verify", folder)
    assert code == 1
    assert "head.head.bias" in err


def test_a_model_is_converted_and_verified(run, official, tmp_path):
    code, out, err = run("convert", official, tmp_path / "ours")
    assert (code, err) == (0, "")
    assert "wan2.2-t2v-a14b, " in out
    assert run("verify", tmp_path / "ours", "--values")[0] == 0
    code, _, err = run("convert", official, tmp_path / "ours")
    assert code == 2
    assert "ours exists: choose another folder" in err


def test_the_pair_of_a_preset_is_pulled_and_verified(run, home, hub):  # noqa: F811
    folder = "Wan2.2-T2V-A14B-4steps-lora-rank64-Seko-V1.1"
    save = {f"{side}_noise_model": plain(torch.nn.Linear(3, 4)) for side in ("high", "low")}
    home.mkdir(parents=True)
    for name, state in save.items():
        save_file(state, home / name)
        hub.files[f"{folder}/{name}.safetensors"] = (home / name).read_bytes()
        hub.files[f"other/{name}.safetensors"] = b"x"
        (home / name).unlink()
    hub.repository = "lightx2v/Wan2.2-Lightning"
    assert run("pull", f"{NAME}-lightning", "--from", hub.address)[0] == 0
    names = {path.name for path in (home / f"{NAME}-lightning").iterdir()}
    assert names == {"high_noise_model.safetensors", "low_noise_model.safetensors", "pulled.json"}
    assert "2 LoRA files can be read" in run("verify", f"{NAME}-lightning", "--values")[1]
