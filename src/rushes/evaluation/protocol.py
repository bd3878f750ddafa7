"""The evaluation protocol: scenes no training has seen, their prompts and seeds, fixed before any run.

``python -m rushes.evaluation.protocol`` prints the committed file anew, for a world that has changed.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources

from rushes.language.captions import LANGUAGES
from rushes.world.captions import world_caption
from rushes.world.scene import Scene, sample_scene

FIRST_SCENE_SEED = 1_000_000_000
FIRST_HELD_OUT_SEED = 1_100_000_000
NUM_SCENES = 256
NUM_HELD_OUT = 64
DATA_FILE = "prompts.json"


@dataclass(frozen=True)
class Case:
    """One unseen scene: its description in every language, and the seed of all clips made of it.

    ``held_out``: subject and place, or subject and action, never came together in training.
    """

    scene_seed: int
    held_out: bool
    seed: int
    prompts: Mapping[str, str]
    attributes: Mapping[str, str]

    def scene(self) -> Scene:
        """What the prompts describe."""
        return sample_scene(self.scene_seed, held_out=self.held_out)


def make_cases(count: int, held_out: bool) -> list[Case]:
    """The first ``count`` cases of a kind."""
    first = FIRST_HELD_OUT_SEED if held_out else FIRST_SCENE_SEED
    cases = []
    for number in range(count):
        scene = sample_scene(first + number, held_out=held_out)
        prompts = {language: world_caption(scene, language, seed=number) for language in LANGUAGES}
        # a multiple of the candidates anyone makes, so that no two cases share a noise
        seed = 100 * (number + held_out * NUM_SCENES)
        cases.append(Case(first + number, held_out, seed, prompts, scene.attributes()))
    return cases


def all_cases() -> list[Case]:
    """The whole protocol; every fifth case has a held-out pair, so that a short run has some too."""
    seen, held_out = make_cases(NUM_SCENES, False), make_cases(NUM_HELD_OUT, True)
    step = NUM_SCENES // NUM_HELD_OUT
    groups = [[*seen[step * n : step * (n + 1)], held_out[n]] for n in range(NUM_HELD_OUT)]
    return [case for group in groups for case in group]


def cases_document(cases: list[Case]) -> str:
    """The committed file's text."""
    return json.dumps([asdict(case) for case in cases], ensure_ascii=False, indent=0) + "\n"


def load_cases() -> list[Case]:
    """The committed protocol."""
    text = (resources.files("rushes.evaluation") / "data" / DATA_FILE).read_text(encoding="utf-8")
    return [Case(**entry) for entry in json.loads(text)]


if __name__ == "__main__":
    sys.stdout.write(cases_document(all_cases()))
