"""What may be tracked: sizes, no pickles, no traces of one machine, pins for every dependency."""

import re
import subprocess
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
