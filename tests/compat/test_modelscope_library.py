"""The registration into the real ModelScope library, where the extra ``modelscope`` is installed.

The library runs in a process of its own, because it warns and patches on import.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

import av
import pytest

EXTRA = ("modelscope", "addict", "datasets", "simplejson", "sortedcontainers")
MISSING = [name for name in EXTRA if find_spec(name) is None]
needs_library = pytest.mark.skipif(bool(MISSING), reason=f"lacks {', '.join(MISSING)}: rushes[modelscope]")

SCRIPT = """
import json, socket, sys
def refuse(_socket, address):
    raise AssertionError(f"a test tried to reach {address!r}")
socket.socket.connect = refuse

from rushes.compat import modelscope
modelscope.register()
modelscope.register()  # a second import of a caller's module does no harm

from modelscope.outputs import OutputKeys
from modelscope.pipelines import pipeline
from modelscope.utils.constant import Tasks

folder, options = sys.argv[1], json.loads(sys.argv[2])
make = pipeline(task=Tasks.text_to_video_synthesis, model=folder, **options)
loaded = make._make
settings = {"num_frames": 5, "num_inference_steps": 1}
asked = make({"text": "a red fox"}, output_video="fox.mp4", seed=3, **settings)
plain = make("a red fox", seed=4, **settings)
both = make(["a red fox", "a blue fox"], **settings)
assert make._make is loaded
print(json.dumps({
    "asked": asked[OutputKeys.OUTPUT_VIDEO], "printed": str(asked), "model": asked["model"],
    "bytes": len(plain[OutputKeys.OUTPUT_VIDEO]), "both": [str(each) for each in both],
}))
"""


def run(script, model, configuration, options, cwd):
    folder = shutil.copytree(model, cwd / "model")
    (folder / "configuration.json").write_text(json.dumps(configuration))
    environment = {**os.environ, "MODELSCOPE_CACHE": str(cwd / "cache"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", script, str(folder), json.dumps(options)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


NAMED = {
    "framework": "pytorch",
    "task": "text-to-video-synthesis",
    "model": {"type": "rushes-wan"},
    "pipeline": {"type": "rushes-wan"},
}
UNNAMED = {"framework": "pytorch", "task": "text-to-video-synthesis"}


@needs_library
@pytest.mark.parametrize(
    ("configuration", "options"),
    [(NAMED, {}), (UNNAMED, {"pipeline_name": "rushes-wan", "device": "cpu"})],
    ids=["the folder names the type", "the call names it"],
)
def test_the_real_librarys_pipeline_films(tiny_model, tmp_path, configuration, options):
    done = run(SCRIPT, tiny_model, configuration, options, tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["asked"], said["printed"], said["model"]) == ("fox.mp4", "fox.mp4", "tiny")
    assert said["bytes"] == (tmp_path / "take_4.mp4").stat().st_size
    assert len(set(said["both"])) == 2
    for name in ("fox.mp4", "take_4.mp4", *said["both"]):
        with av.open(str(tmp_path / name)) as clip:
            assert clip.streams.video[0].frames == 10  # 5 at 12 fps, held to 24


@needs_library
def test_unregistered_the_library_knows_no_such_pipeline(tiny_model, tmp_path):
    """Otherwise the test above would hold whatever ``register`` does."""
    script = SCRIPT.replace("modelscope.register()", "pass")
    done = run(script, tiny_model, NAMED, {}, tmp_path)
    assert done.returncode != 0
    assert "rushes-wan is not in the pipelines registry" in done.stderr
