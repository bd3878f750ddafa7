import dataclasses
from collections import Counter

import pytest

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS
from rushes.world.scene import Scene, is_valid, sample_scene

SCENES = [sample_scene(seed) for seed in range(3000)]


def test_the_same_seed_gives_the_same_scene():
    assert [sample_scene(seed) for seed in range(50)] == SCENES[:50]
    assert sample_scene(-1) == sample_scene(-1)


def test_every_value_is_drawn_and_every_scene_is_valid():
    for slot, values in SLOTS.items():
        assert {scene.attributes()[slot] for scene in SCENES} == set(values)
    assert all(is_valid(scene.attributes()) for scene in SCENES)


def test_slots_that_no_rule_touches_are_uniform():
    for slot in ("color", "environment", "weather", "time", "style", "direction"):
        counts = Counter(scene.attributes()[slot] for scene in SCENES)
        expected = len(SCENES) / len(SLOTS[slot])
        assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": "dragon"}, "dragon"),
        ({"subject": "car", "action": "fly"}, "fly"),
        ({"subject": "can", "action": "spin", "camera": "track"}, "track"),
    ],
)
def test_impossible_scenes_are_refused_by_name(change, words):
    valid = dataclasses.asdict(sample_scene(0))
    with pytest.raises(UsageError, match=words):
        Scene(**{**valid, "camera": "static", **change})


def test_purposes_draw_independently():
    scene = sample_scene(4)
    assert scene.random("a").uniform() == scene.random("a").uniform()
    assert scene.random("a").uniform() != scene.random("b").uniform()
