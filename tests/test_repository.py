"""What may be tracked (sizes, no pickles, no traces of one machine), pins, and the two commands."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
MEGABYTE = 10**6
MEBIBYTE = 2**20
PICKLE_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib"}


@pytest.fixture(scope="module")
def tracked():
    """Files git tracks that are present; in an unpacked archive there is no git to ask."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert ROOT / "pyproject.toml" in files
    return files


def size_of(files):
    return sum(file.stat().st_size for file in files)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins():
    """constraints.txt as canonical name -> exact version; anything but ``name==version`` fails."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        if line.startswith("#"):
            continue
        name, version = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][0-9a-z.]*)", line).groups()
        assert canonicalize_name(name) not in found, f"{name} is pinned twice"
        found[canonicalize_name(name)] = version
    return found


def test_the_tree_stays_small(tracked):
    assert size_of(tracked) <= 48 * MEBIBYTE


def test_the_weights_stay_small(tracked):
    weights = [file for file in tracked if (ROOT / "src" / "rushes" / "weights") in file.parents]
    assert size_of(weights) <= 40 * MEGABYTE


def test_no_file_is_huge(tracked):
    assert not [file for file in tracked if file.stat().st_size > 20 * MEGABYTE]


def is_pickle(file):
    """By name, by the protocol byte of a pickle, or as a zip of torch.save."""
    head = file.read_bytes()[:4096]
    protocol = len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5
    return file.suffix in PICKLE_SUFFIXES or protocol or (head[:2] == b"PK" and b"data.pkl" in head)


def test_no_pickles(tracked):
    assert not [file for file in tracked if is_pickle(file)]


def test_no_traces_of_one_machine(tracked):
    """No absolute path of a work folder and no package index; both would be wrong on every other machine."""
    folders = "|".join(f"/{name}/" for name in ("work", "farm", "root", "opt/pypi", "tmp/bash"))
    options = "|".join(
        f"--{name}[ =]" for name in ("index-url", "extra-index-url", "find-links", "trusted-host")
    )
    trace = re.compile(f"{folders}|{options}".encode())
    assert not [(str(file), found.group()) for file in tracked if (found := trace.search(file.read_bytes()))]


def test_the_licence_is_apache():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert project()["project"]["license"] == "Apache-2.0"


def test_every_dependency_is_pinned_within_its_range():
    pinned = pins()
    table = project()
    extras = [line for lines in table["project"]["optional-dependencies"].values() for line in lines]
    for line in [*table["build-system"]["requires"], *table["project"]["dependencies"], *extras]:
        requirement = Requirement(line)
        if requirement.name == "rushes":
            assert requirement.extras <= set(table["project"]["optional-dependencies"])
            continue
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, line


def test_torch_is_the_promised_one():
    assert pins()["torch"] == "2.13.0"


def test_continuous_integration_runs_the_test_command():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "exec make test" in script.read_text(encoding="utf-8")


@pytest.fixture
def make(tmp_path):
    """Runs the real Makefile where the environment is up to date and ``rushes`` prints its arguments."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    rushes = programs / "rushes"
    rushes.write_text(f"#!{sys.executable}\nimport sys\nprint(ascii(sys.argv[1:]))\n", encoding="utf-8")
    rushes.chmod(0o755)
    for stamp in (".base", ".scene"):
        (programs / stamp).touch()

    def run(*arguments, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PROMPT"))}
        return subprocess.run(
            ["make", *arguments],
            cwd=tmp_path,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    "prompt",
    [
        "一位红斗篷女战士在暴雨中跃下古城墙",
        "夜の駅、雨",
        "눈 덮인 들판을 달리는 여우",
        'it\'s a "fox", 5% off; a & b | c > d',
        "$HOME $$ $(shell touch broken) ${PATH} `touch broken` #not a comment \\",
        "--help",
        "two\nlines",
    ],
)
def test_a_prompt_arrives_letter_by_letter(make, tmp_path, prompt):
    expected = ascii(["shoot", "--output", "scene.mp4", "--", prompt]) + "\n"
    assert make("scene", f"PROMPT={prompt}").stdout == expected
    assert make("scene", PROMPT=prompt).stdout == expected
    assert not (tmp_path / "broken").exists()


def test_no_prompt_stops_before_anything_is_installed(make, tmp_path):
    shutil.rmtree(tmp_path / ".venv")
    done = make("scene")
    assert done.returncode == 2
    assert 'no words to film: make scene PROMPT="a fox leaps over snow"' in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("python", ["./old", "./absent"])
def test_an_old_or_missing_python_is_named_with_the_remedy(make, tmp_path, python):
    shutil.rmtree(tmp_path / ".venv")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho Python 3.9.1\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = make("scene", "PROMPT=a fox", f"PYTHON={python}")
    assert done.returncode == 2
    assert f"{python} is missing or older than Python 3.11" in done.stderr
    assert "PYTHON=python3.12" in done.stderr
    assert not (tmp_path / ".venv").exists()
