import numpy as np
import pytest

from rushes.language.mini_prompt import read_prompt
from rushes.world.camera import HEIGHT
from rushes.world.palette import palette_of
from rushes.world.phenomena import flash_of, sky_props
from rushes.world.render import render_frames
from rushes.world.scene import Scene, scene_showing

ARTICLES = (
    "A red-cloaked woman warrior stands on an ancient city wall in a rainstorm with lightning",
    "A silver fox leaps over the snow under the aurora",
    "A figure in a trench coat on an abandoned platform at dusk",
    "An alien creature crosses a sandstorm toward a base",
    "A woman runs through a rainy neon street, cyberpunk, handheld follow",
    "A golden retriever on a sunset meadow",
    "A can flying and spinning with water drops and a rainbow",
    "A firefighter carries a child out of a burning house",
)
BASE = {
    "subject": "can",
    "color": "red",
    "action": "stand",
    "direction": "right",
    "environment": "meadow",
    "weather": "rain",
    "time": "day",
    "style": "realistic",
    "camera": "static",
    "seed": 2,
}


def sky_of(frames):
    """The upper sixth of the pictures, floats."""
    return frames[:, : HEIGHT // 6].astype(float)


@pytest.mark.parametrize("prompt", ARTICLES)
def test_the_prompts_of_the_articles_are_scenes(prompt):
    attributes = read_prompt(prompt).attributes
    scene = scene_showing(attributes, 1)
    assert attributes.items() <= scene.told().items()
    assert render_frames(scene, 5).std() > 9


def test_lightning_lights_the_scene_in_short_flashes():
    still = render_frames(Scene(**BASE), 37).mean(axis=(1, 2, 3))
    stormy = render_frames(Scene(**BASE, sky="lightning", strength=0.5), 37).mean(axis=(1, 2, 3))
    assert np.ptp(still) < 3
    assert np.ptp(stormy) > 20
    assert (stormy < stormy.min() + 8).mean() > 0.3


def test_flashes_are_smooth_and_never_long_in_coming():
    scene = Scene(**BASE, sky="lightning")
    worst = []
    for count in (6001, 12001):
        flash = flash_of(scene, palette_of(scene), np.linspace(0.0, 6.0, count))
        worst.append(np.abs(np.diff(flash.strength)).max())
    assert worst[1] < 0.6 * worst[0]
    lit = np.linspace(0.0, 6.0, 12001)[flash.strength > 0.2]
    assert np.diff(lit).max() < 1.6
    assert flash_of(Scene(**BASE), palette_of(scene), lit) is None


def test_an_aurora_is_green_and_sways():
    night = {**BASE, "weather": "clear", "time": "night", "environment": "snowfield"}
    plain, aurora = (sky_of(render_frames(Scene(**night, sky=sky), 25)) for sky in ("plain", "aurora"))
    assert (aurora[..., 1] - aurora[..., 2]).mean() > 15 + (plain[..., 1] - plain[..., 2]).mean()
    assert np.abs(aurora[-1] - aurora[0]).mean() > 1
    props = sky_props(Scene(**night, sky="aurora"), palette_of(Scene(**night)), np.linspace(0, 2, 2001))
    jolts = [np.abs(np.diff(prop.part.placement, 3, axis=0)).max() for prop in props]
    assert max(jolts) < 1e-6


def test_a_rainbow_brings_colours_to_a_grey_sky():
    plain, bow = (render_frames(Scene(**BASE, sky=sky), 1)[0].astype(float) for sky in ("plain", "rainbow"))
    upper = slice(0, 100)
    colourful = [np.ptp(picture[upper], axis=-1).mean() for picture in (plain, bow)]
    assert colourful[1] > 1.15 * colourful[0]


@pytest.mark.parametrize("weather", ["rain", "snow", "sandstorm", "fog"])
def test_the_strength_of_the_weather_is_seen(weather):
    slight, usual, fierce = (
        render_frames(Scene(**{**BASE, "weather": weather}, strength=strength), 5).astype(float)
        for strength in (0.0, 0.5, 1.0)
    )
    near, far = np.abs(usual - slight).mean(), np.abs(fierce - slight).mean()
    assert far > 4
    assert far > near
    if weather != "fog":
        unrest = [np.abs(np.diff(frames, axis=0)).mean() for frames in (slight, fierce)]
        assert unrest[1] > 1.2 * unrest[0]
