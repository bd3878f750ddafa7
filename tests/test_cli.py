"""The command line from the outside: exit codes, sentences, files; with a tiny real model in a folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import typer
from tests.engine.wan import build
from tests.tiny_model import tiny_bundle

from rushes import __version__, cli
from rushes.core.model_facts import FirstFrame
from rushes.core.recipe import canonical_json
from rushes.media.picture import read_picture, write_png
from rushes.media.video import probe
from rushes.models.bundle import save_bundle

ROOT = Path(__file__).parents[1]
PROMPT = "a red fox runs left over the snow at night"
PICTURE = ROOT / "docs" / "images" / "mini.png"
FAST = ("--seconds", "0.4", "--steps", "2", "--size", "256x144", "--seed", "5")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_version_and_help_name_every_verb_with_an_example(rushes):
    assert rushes("--version") == (0, f"rushes {__version__}\n", "")
    for name, verb in typer.main.get_command(cli.app).commands.items():
        for more in [(), *((each,) for each in getattr(verb, "commands", ()))]:
            code, out, _ = rushes(name, *more, "--help")
            assert code == 0
            assert f"Example: rushes {' '.join((name, *more))} " in " ".join(out.split())


def test_a_take_is_a_clip_a_sheet_and_a_recipe(rushes, tiny_model, tmp_path):
    code, out, err = rushes("shoot", PROMPT, "--model", str(tiny_model), "--output", "a.mp4", *FAST)
    assert (code, err) == (0, "")
    assert names(tmp_path) == ["a.json", "a.mp4", "a.png"]
    facts = probe(tmp_path / "a.mp4")
    assert (facts.width, facts.height, facts.frame_rate, facts.num_frames) == (256, 144, 24, 10)
    assert "understood: subject fox" in out
    assert "0.4 s asked -> 5 frames at 12 fps = 0.42 s" in out
    assert "seed      5" in out
    for stage in ("loaded in", "encode_text", "denoise", "decode", "finish"):
        assert f"{stage} " in out


def test_the_recipe_names_everything_that_decides(rushes, tiny_model, tmp_path):
    rushes("shoot", PROMPT, "--model", str(tiny_model), "--output", "a.mp4", *FAST)
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    stages = {stage["name"]: stage["settings"] for stage in document["stages"]}
    assert list(stages) == ["enhance", "encode_text", "denoise", "decode", "finish"]
    assert stages["enhance"]["prompt"] == PROMPT
    assert stages["encode_text"]["context_text"] == stages["enhance"]["context_text"]
    assert (stages["denoise"]["seed"], stages["denoise"]["steps"]) == (5, 2)
    assert stages["denoise"]["num_frames"] == 5
    assert stages["finish"]["size"] == [256, 144]
    assert (stages["finish"]["enlarge"], stages["finish"]["motion"]) == ("lanczos", "held frames")
    assert Fraction(stages["finish"]["frame_rate"]) == 24
    weights = [stages[name]["weights"] for name in ("encode_text", "denoise", "decode")]
    assert all(len(digest) == 64 for files in weights for digest in files.values())
    assert {"dtype", "threads", "torch", "backend"} <= set(document["recorded"]["machine"])


def test_the_same_order_gives_the_same_files(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", str(tiny_model), *FAST)
    for name in ("a.mp4", "b.mp4"):
        assert rushes(*order, "--output", name)[0] == 0
    assert rushes(*order[:-1], "6", "--output", "c.mp4")[0] == 0
    clips = [(tmp_path / name).read_bytes() for name in ("a.mp4", "b.mp4", "c.mp4")]
    assert clips[0] == clips[1] != clips[2]
    first, second, other = (
        json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))["stages"] for name in "abc"
    )
    assert canonical_json(first) == canonical_json(second)
    assert [a["key"] == c["key"] for a, c in zip(first, other, strict=True)] == [True, True] + [False] * 3


def test_variants_have_seeds_that_follow_and_equal_single_takes(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", str(tiny_model), *FAST)
    assert rushes(*order, "--variants", "2", "--output", "a.mp4")[0] == 0
    assert names(tmp_path) == [f"a{suffix}" for suffix in (".json", ".mp4", ".png")] + [
        f"a_v002{suffix}" for suffix in (".json", ".mp4", ".png")
    ]
    assert rushes(*order[:-1], "6", "--output", "single.mp4")[0] == 0
    assert (tmp_path / "a_v002.mp4").read_bytes() == (tmp_path / "single.mp4").read_bytes()


def test_the_negative_prompt_is_recorded_and_changes_the_clip(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", str(tiny_model), *FAST)
    assert rushes(*order, "--output", "a.mp4")[0] == 0
    assert rushes(*order, "--output", "b.mp4", "--negative", "snow")[0] == 0
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "b.mp4").read_bytes()
    stages = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["stages"]
    assert stages[1]["settings"]["negative_prompt"] == "snow"


def test_previews_are_pictures_of_the_steps(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", str(tiny_model), *FAST, "--output", "a.mp4")
    assert rushes(*order, "--previews", "seen/here")[0] == 0
    assert names(tmp_path / "seen" / "here") == ["a_step_001.png", "a_step_002.png"]
    # beginning and end of two latent frames, side by side
    assert read_picture(tmp_path / "seen" / "here" / "a_step_001.png").shape == (160, 512, 3)


def test_a_clip_starts_from_a_picture(rushes, tmp_path):
    model = tmp_path / "model"
    save_bundle(build(FirstFrame.TOKENS, num_experts=1).bundle, model)
    write_png(tmp_path / "red.png", np.full((48, 96, 3), (200, 0, 0), np.uint8))
    order = ("shoot", "words no lexicon knows", "--model", "model", "--size", "128x64", "--seed", "5")
    assert rushes(*order, "--first-frame", "red.png", "--output", "a.mp4")[0] == 0
    assert rushes(*order, "--output", "b.mp4")[0] == 0
    stages = [json.loads((tmp_path / f"{name}.json").read_text())["stages"] for name in "ab"]
    assert len(stages[0][2]["settings"]["first_frame"]) == 64
    assert "first_frame" not in stages[1][2]["settings"]
    assert stages[0][1]["settings"]["context_text"] == "words no lexicon knows"
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "b.mp4").read_bytes()


def test_json_is_one_document_and_nothing_else_on_stdout(rushes, tiny_model, tmp_path):
    code, out, err = rushes("shoot", PROMPT, "--model", str(tiny_model), "--output", "a.mp4", "--json", *FAST)
    assert code == 0
    (take,) = json.loads(out)["takes"]
    assert take["video"] == "a.mp4"
    assert take["recipe"] == json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert "understood" in err


def test_quiet_says_nothing(rushes, tiny_model):
    arguments = ("shoot", PROMPT, "--model", str(tiny_model), "--output", "a.mp4", "--quiet", *FAST)
    assert rushes(*arguments) == (0, "", "")


def test_without_output_nothing_is_replaced_and_with_it_the_file_is(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", str(tiny_model), *FAST)
    assert rushes(*order)[0] == 0
    assert names(tmp_path) == ["take_5.json", "take_5.mp4", "take_5.png"]
    code, _, err = rushes(*order)
    assert code == 2
    assert "take_5.mp4' exists: choose another --seed, or --output" in err
    (tmp_path / "take_5.mp4").write_bytes(b"old")
    assert rushes(*order, "--output", "take_5.mp4")[0] == 0
    assert probe(tmp_path / "take_5.mp4").num_frames == 10


BAD = {
    "empty prompt": (("",), 2, "has no words"),
    "blank prompt": (("  ...  ",), 2, "has no words"),
    "unknown words only": (("qwertz uiop",), 2, "understands nothing"),
    "unknown model": ((PROMPT, "--model", "wan9"), 2, "'wan9' is unknown: choose mini"),
    "size": ((PROMPT, "--size", "1000x700"), 2, "1000x700 cannot be made"),
    "size text": ((PROMPT, "--size", "big"), 2, "write it like 1280x720"),
    "too long": ((PROMPT, "--seconds", "500"), 2, "500 seconds"),
    "no time": ((PROMPT, "--seconds", "0"), 2, "0 seconds is not a duration"),
    "not a time": ((PROMPT, "--seconds", "nan"), 2, "'nan' is not a number of seconds"),
    "steps": ((PROMPT, "--steps", "0"), 2, "steps 0 is out of range"),
    "guidance": ((PROMPT, "--guidance-high", "99"), 2, "guidance-high 99 is out of range"),
    "not guidance": ((PROMPT, "--guidance-low", "nan"), 2, "guidance-low nan is out of range"),
    "first frame": ((PROMPT, "--first-frame", str(PICTURE)), 2, "'tiny' cannot start from a picture"),
    "no picture": ((PROMPT, "--first-frame", "no.png"), 2, "'no.png' cannot be read"),
    "half a character": ((PROMPT + chr(0xDCFF),), 2, "half a character"),
    "half a negative": ((PROMPT, "--negative", chr(0xD800)), 2, "negative prompt has"),
    "previews": ((PROMPT, "--previews", "/proc/seen"), 2, "for previews cannot be made"),
    "seed": ((PROMPT, "--seed", "-1"), 2, "seed -1 is out of range"),
    "last seed": ((PROMPT, "--seed", str(2**63 - 1), "--variants", "2"), 2, "is out of range"),
    "not an mp4": ((PROMPT, "--output", "a.mov"), 2, "'a.mov' is not an MP4"),
    "missing folder": ((PROMPT, "--output", "no/a.mp4"), 2, "folder 'no' does not exist"),
    "unwritable": ((PROMPT, "--output", "/proc/a.mp4"), 2, "'/proc' cannot be written to"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_one_sentence_and_writes_nothing(rushes, tiny_model, tmp_path, case):
    arguments, expected, sentence = BAD[case]
    model = () if "--model" in arguments else ("--model", str(tiny_model))
    code, _, err = rushes("shoot", *arguments, *model)
    assert code == expected
    assert sentence in err
    assert err.startswith("rushes: ")
    assert err.count("\n") == 1
    assert names(tmp_path) == []


def test_a_cut_weight_file_is_named_and_nothing_is_written(rushes, tiny_model, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    cut = model / "transformer_low.safetensors"
    os.truncate(cut, cut.stat().st_size - 1000)
    code, _, err = rushes("shoot", PROMPT, "--model", "model", "--output", "a.mp4")
    assert code == 1
    assert "transformer_low.safetensors is cut off" in err
    assert err.count("\n") == 1
    assert names(tmp_path) == ["model"]


def test_a_mistake_in_an_option_is_code_2(rushes):
    assert rushes("shoot", PROMPT, "--variants", "0")[0] == 2
    assert rushes("shoot", PROMPT, "--bogus")[0] == 2
    assert rushes("nonsense")[0] == 2


@pytest.fixture
def program(tmp_path):
    """Runs or starts ``python -c CODE`` or the real command in a process of its own."""

    def arguments(*words):
        return [sys.executable, "-c", "from rushes.cli import main; main()", *words]

    return arguments


def test_shooting_never_loads_the_world(tiny_model, tmp_path):
    code = (
        "import sys\n"
        "from rushes import cli\n"
        "try:\n    cli.main()\n"
        "finally:\n    print(sorted(m for m in sys.modules if m.startswith(('rushes.world', 'skia'))))\n"
    )
    words = ["shoot", PROMPT, "--model", str(tiny_model), "--output", "a.mp4", "--quiet", *FAST]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_mistakes_are_found_before_torch_loads(tiny_model, tmp_path):
    code = (
        "import sys\n"
        "from rushes import cli\n"
        "try:\n    cli.main()\n"
        "finally:\n    print('torch' in sys.modules)\n"
    )
    mistakes = (
        ["..."],
        [PROMPT, "--model", "wan9"],
        [PROMPT, "--output", "no/a.mp4"],
        [PROMPT, "--steps", "0"],
        [PROMPT, "--seconds", "500"],
        [PROMPT, "--seed", "-1"],
        [PROMPT, "--size", "1000x700"],
        [PROMPT, "--guidance-low", "99"],
    )
    for mistake in mistakes:
        words = mistake if "--model" in mistake else [*mistake, "--model", str(tiny_model)]
        done = subprocess.run(
            [sys.executable, "-c", code, "shoot", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "False\n")


@pytest.fixture(scope="module")
def slow_model(tmp_path_factory):
    """A model deep enough that 200 steps take much longer than the test watches."""
    folder = tmp_path_factory.mktemp("models") / "slow"
    save_bundle(tiny_bundle(depth=60), folder)
    return folder


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_in_mid_sampling_is_quick_and_leaves_nothing(program, slow_model, tmp_path, stop):
    words = ("shoot", PROMPT, "--model", str(slow_model), "--output", "a.mp4", "--steps", "200",
             "--seconds", "3", "--size", "256x144")  # fmt: skip
    process = subprocess.Popen(
        program(*words), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        # the seed is the last line before sampling begins
        assert any(line.startswith("seed") for line in process.stdout)
        time.sleep(1)
        assert process.poll() is None
        asked = time.monotonic()
        os.kill(process.pid, stop)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert time.monotonic() - asked < 30  # 200 steps take longer, on a busy machine too
    assert process.returncode == 130
    assert err == "rushes: stopped; no unfinished file was left behind\n"
    assert names(tmp_path) == []


@pytest.mark.parametrize("words", [[PROMPT], PROMPT.split(), []])
def test_the_script_films_words_and_asks_for_them(words, tmp_path):
    code = (
        "import sys, runpy, rushes.cli\n"
        "rushes.cli.main = lambda: print(ascii(sys.argv))\n"
        f"sys.argv = ['generate_scene.py', *{words!r}]\n"
        f"runpy.run_path({str(ROOT / 'generate_scene.py')!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        input=PROMPT + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    expected = ["rushes", "shoot", "--output", "scene.mp4", "--", PROMPT]
    assert done.stdout.endswith(ascii(expected) + "\n")
    assert ("Describe the shot" in done.stdout) == (not words)
