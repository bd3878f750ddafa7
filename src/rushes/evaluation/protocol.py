"""The evaluation protocol: scenes no training has seen, their prompts and seeds, fixed before any run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources

from rushes.language.captions import LANGUAGES
from rushes.world.captions import world_caption
from rushes.world.scene import sample_scene

FIRST_SCENE_SEED = 1_000_000_000
NUM_CASES = 96
DATA_FILE = "prompts.json"


@dataclass(frozen=True)
class Case:
    """One clip to make and judge: a full description of an unseen scene, in one language, with a seed."""

    scene_seed: int
    language: str
    prompt: str
    seed: int
    attributes: Mapping[str, str]


def make_cases(count: int) -> list[Case]:
    """The first ``count`` cases; languages take turns."""
    cases = []
    for number in range(count):
        scene = sample_scene(FIRST_SCENE_SEED + number)
        language = LANGUAGES[number % len(LANGUAGES)]
        prompt = world_caption(scene, language, seed=number)
        cases.append(Case(FIRST_SCENE_SEED + number, language, prompt, number, scene.attributes()))
    return cases


def cases_document(cases: list[Case]) -> str:
    """The committed file's text."""
    return json.dumps([asdict(case) for case in cases], ensure_ascii=False, indent=1) + "\n"


def load_cases() -> list[Case]:
    """The committed protocol."""
    text = (resources.files("rushes.evaluation") / "data" / DATA_FILE).read_text(encoding="utf-8")
    return [Case(**entry) for entry in json.loads(text)]
