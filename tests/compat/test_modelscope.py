"""ModelScope's call, on mini: what the article's reader expects to see."""

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.compat import modelscope, stand_in
from rushes.compat.modelscope import OutputKeys, Tasks, pipeline
from rushes.core.errors import UsageError
from rushes.models.bundle import save_bundle

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tiny"
    save_bundle(tiny_bundle(), path)
    return path


@pytest.fixture
def make(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return pipeline(task=Tasks.text_to_video_synthesis, model=str(folder))


def test_words_become_a_file_that_the_result_names(make, tmp_path):
    result = make({"text": "a red fox"}, seed=3, num_frames=5, num_inference_steps=1)
    assert str(result) == "take_3.mp4"
    assert result[OutputKeys.OUTPUT_VIDEO] == (tmp_path / "take_3.mp4").read_bytes()
    with av.open(str(tmp_path / "take_3.mp4")) as clip:
        stream = clip.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (1280, 720, 24)
    assert result["model"] == "tiny"


def test_a_path_asked_for_is_what_the_result_holds(make, tmp_path):
    result = make("a red fox", output_video="fox.mp4", num_frames=5, num_inference_steps=1)
    assert result[OutputKeys.OUTPUT_VIDEO] == str(result) == "fox.mp4"
    assert (tmp_path / "fox.mp4").exists()


def test_frames_between_the_grid_are_made_and_cut_and_said(make, tmp_path):
    with pytest.warns(UserWarning, match="7 frames asked -> 9 made, the last 2 cut off"):
        make("a red fox", output_video="fox.mp4", num_frames=7, num_inference_steps=1)
    with av.open(str(tmp_path / "fox.mp4")) as clip:
        assert clip.streams.video[0].frames == 14  # 7 at 12 fps, held to 24


def test_weights_and_latents_go_to_the_best_device(folder, tmp_path, monkeypatch):
    """This device stands for a GPU: it is the CPU, and yet equal to none that anything else would choose."""
    best = torch.device("cpu", 0)
    seen = []
    load, make_frames = stand_in.load_model, modelscope.generate
    monkeypatch.setattr(modelscope, "best_device", lambda: best)
    monkeypatch.setattr(stand_in, "load_model", lambda *given: seen.append(given[2]) or load(*given))
    monkeypatch.setattr(
        modelscope, "generate", lambda *given: seen.append(given[2].device) or make_frames(*given)
    )
    monkeypatch.chdir(tmp_path)
    make = pipeline(task=Tasks.text_to_video_synthesis, model=str(folder))
    make("a red fox", seed=3, num_frames=5, num_inference_steps=1)
    assert seen == [best, best]


def test_nothing_is_overwritten_unasked(make, tmp_path):
    (tmp_path / "take_3.mp4").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"'take_3\.mp4' exists: choose another seed"):
        make("a red fox", seed=3)
    assert (tmp_path / "take_3.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize("words", ["", {"text": ""}, {}])
def test_no_words_are_refused(make, words):
    with pytest.raises(UsageError, match="has no words"):
        make(words)


def test_other_tasks_and_models_are_refused():
    with pytest.raises(UsageError, match="task 'image-captioning' is not made here"):
        pipeline(task="image-captioning", model="mini")
    with pytest.raises(UsageError, match="'wann' is unknown"):
        pipeline(task=Tasks.text_to_video_synthesis, model="wann")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["article_modelscope.py", "article_diffusers.py"])
def test_the_articles_samples_run(name, tmp_path):
    environment = {**os.environ, "RUSHES_HOME": str(tmp_path)}
    command = [sys.executable, str(ROOT / "examples" / name)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    assert "stands in" in run.stderr
    clip = Path(run.stdout.split()[-1])
    with av.open(str(tmp_path / clip)) as video:
        assert video.streams.video[0].frames > 10
