import dataclasses
from collections import Counter

import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.core.vocabulary import CAMERA_MOVES, SKIES, SLOTS, VALID_ACTIONS
from rushes.world.scene import Scene, is_held_out, is_valid, sample_scene, scene_showing

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
        Scene(**{**valid, "camera": "static", "sky": "plain", **change})


def test_purposes_draw_independently():
    scene = sample_scene(4)
    assert scene.random("a").uniform() == scene.random("a").uniform()
    assert scene.random("a").uniform() != scene.random("b").uniform()


def test_training_scenes_never_hold_a_held_out_pair_and_asked_ones_always():
    assert not any(is_held_out(scene.attributes()) for scene in SCENES)
    asked = [sample_scene(seed, held_out=True).attributes() for seed in range(60)]
    assert all(is_held_out(attributes) for attributes in asked)
    places = [(s, e) for s in SLOTS["subject"] for e in SLOTS["environment"]]
    deeds = [(s, a) for s, actions in VALID_ACTIONS.items() for a in actions]
    base = SCENES[0].attributes()

    def held(subject, slot, value):
        others = {"environment": "street", "action": "stand"}
        return is_held_out({**base, **others, "subject": subject, slot: value})

    out = [held(s, "environment", e) for s, e in places] + [held(s, "action", a) for s, a in deeds]
    assert 0.03 < sum(out) / len(out) < 0.08


def test_scenes_of_a_known_vocabulary_have_nothing_else():
    known = {**SLOTS, "subject": ("fox", "car"), "camera": ("static", "track")}
    del known["sky"]
    scenes = [sample_scene(seed, known) for seed in range(100)]
    assert {scene.subject for scene in scenes} == {"fox", "car"}
    assert {scene.camera for scene in scenes} == {"static", "track"}
    assert {scene.sky for scene in scenes} == {"plain"}


def test_a_scene_shows_what_it_is_asked_to():
    asked = {"subject": "woman", "action": "run", "environment": "street", "speed": "fast", "weather": "rain"}
    scene = scene_showing({**asked, "strength": "fierce"}, 5)
    assert asked.items() - {("speed", "fast")} <= scene.attributes().items()
    assert scene.told()["speed"] == "fast"
    assert scene.told()["strength"] == "fierce"
    with pytest.raises(UsageError, match="aurora"):
        scene_showing({"sky": "aurora", "time": "day"}, 0)


def test_sliders_lie_within_one_and_say_what_the_scene_does():
    sliders = [scene.sliders() for scene in SCENES]
    assert {frozenset(each) for each in sliders} == {frozenset((*CAMERA_MOVES, "speed", "strength"))}
    values = np.array([list(each.values()) for each in sliders])
    assert np.abs(values).max() <= 1.2
    assert (values.min(axis=0) < -0.7).all()
    assert (values.min(axis=0) < -0.5).all()
    assert (values.max(axis=0) > 0.5).all()
    scene = dataclasses.replace(SCENES[0], camera="pan_left", speed=2.0, sweep=0.9)
    assert (scene.sliders()["pan_x"], scene.sliders()["speed"]) == (-0.9, 1.0)
    with pytest.raises(UsageError, match="speed"):
        dataclasses.replace(SCENES[0], speed=3.0)


def test_skies_stand_only_where_they_can():
    for scene in SCENES:
        weathers, times = SKIES[scene.sky]
        assert scene.weather in weathers
        assert scene.time in times
    with pytest.raises(UsageError, match="aurora"):
        dataclasses.replace(SCENES[0], sky="aurora", time="day")
