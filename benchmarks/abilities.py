"""What mini does beyond a new clip: edits that keep the shot, and going on without a seam; by real commands.

An edit asks for another weather, time or colour; the reporting judge reads both delivered clips. It flips
when what was asked is read afterwards, and keeps a slot when that is read as before. A seam is how much more
the picture changes where a clip was joined to what went before than around it: 1 is no seam.

Example: python benchmarks/abilities.py --cases 12 --seconds 1.5 --output /tmp/abilities
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rushes.core.vocabulary import SLOTS
from rushes.evaluation.protocol import Case, load_cases
from rushes.evaluation.reading import Clip, Role, judge_file, read
from rushes.evaluation.statistics import share
from rushes.language.captions import canonical_caption
from rushes.media.video import read_frames
from rushes.models.judge import load_judge

EDITED = ("weather", "time", "color")
AROUND = 6  # frames on either side of a seam
HELD = 2  # mini films at 12 frames a second and delivers at 24


def rushes(*words: str) -> None:
    """One command, to its end."""
    command = [sys.executable, "-c", "from rushes.cli import main; main()", *words, "--quiet"]
    subprocess.run(command, check=True)


def shot(case: Case, folder: Path, seconds: str) -> Path:
    """A clip of the case's English prompt."""
    path = folder / f"{case.seed}.mp4"
    if not path.exists():
        rushes(
            "shoot", case.prompts["en"], "--seed", str(case.seed), "--seconds", seconds, "--output", str(path)
        )
    return path


def frames_of(path: Path) -> Clip:
    return np.stack(list(read_frames(path)))


def edits(cases: list[Case], folder: Path, seconds: str) -> Iterator[tuple[str, bool, bool, float]]:
    """Slot, whether it flipped, whether all others stayed, and the share of them that did."""
    judge = load_judge(judge_file(Role.REPORTER))
    for number, case in enumerate(cases):
        slot = EDITED[number % len(EDITED)]
        values = [value for value in SLOTS[slot] if value not in ("none", case.attributes[slot])]
        value = values[number % len(values)]
        before = shot(case, folder, seconds)
        after = before.with_name(f"{case.seed}_{slot}_{value}.mp4")
        if not after.exists():
            words = canonical_caption({slot: value}, "en")
            rushes("edit", str(before), "--to", words, "--seed", str(case.seed), "--output", str(after))
        old, new = (each.shown() for each in read(judge, [frames_of(before), frames_of(after)], SLOTS))
        kept = [new[other] == old[other] for other in old if other not in (slot, "sky", "camera")]
        print(
            f"{slot} {case.attributes[slot]} -> {value}: {new[slot]}, kept {sum(kept)} of {len(kept)}",
            flush=True,
        )
        yield slot, new[slot] == value, all(kept), float(np.mean(kept))


def seams(cases: list[Case], folder: Path, seconds: str, longer: str) -> Iterator[float]:
    """Change across each joint over the median change around it."""
    for case in cases:
        before = shot(case, folder, seconds)
        after = before.with_name(f"{case.seed}_longer.mp4")
        if not after.exists():
            rushes(
                "extend", str(before), "--seconds", longer, "--seed", str(case.seed), "--output", str(after)
            )
        clip, joint = frames_of(after), len(frames_of(before))
        around = clip[joint + HELD * np.arange(-AROUND, AROUND)].astype(np.float32)
        change = np.abs(np.diff(around, axis=0)).mean((1, 2, 3))
        ratio = float(change[AROUND - 1] / np.median(np.delete(change, AROUND - 1)))
        print(f"seam of {case.seed}: {ratio:.2f}", flush=True)
        yield ratio


def main() -> None:
    """Make, read, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--seconds", default="1.5", help="Length of the clips.")
    parser.add_argument("--longer", default="3", help="Seconds that are added; 0 leaves extensions out.")
    parser.add_argument("--output", type=Path, help="Folder where the clips stay, and go on from.")
    asked = parser.parse_args()
    folder = asked.output or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    cases = [case for case in load_cases() if not case.held_out][: asked.cases]
    edited = list(edits(cases, folder, asked.seconds))
    joints = (
        []
        if asked.longer == "0"
        else list(seams(cases[: len(cases) // 2], folder, asked.seconds, asked.longer))
    )
    print(f"\nload {os.getloadavg()[0]:.1f}\n\n| edit | clips | flips | keeps all | keeps of the slots |")
    print("|---|---|---|---|---|")
    for slot in (*EDITED, "all"):
        rows = [row[1:] for row in edited if slot in (row[0], "all")]
        if rows:
            flips, all_kept, kept = np.mean(rows, axis=0)
            print(f"| {slot} | {len(rows)} | {flips:.2f} | {all_kept:.2f} | {kept:.2f} |")
    found = share([[row[1]] for row in edited])
    print(f"\nflips {json.dumps(found.interval if found else None)} (95 %)")
    if joints:
        print(f"seams: median {np.median(joints):.2f}, most {max(joints):.2f}, of {len(joints)}")


if __name__ == "__main__":
    main()
