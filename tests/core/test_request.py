"""A request refuses what cannot work, with the value and the remedy in the message."""

from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.core.request import MAX_PROMPT_CHARACTERS, MAX_SEED, Request, Sampling, check_prompt

SAMPLING = Sampling(steps=24, guidance_high=4.0, guidance_low=3.0, shift=5.0)
REQUEST = Request(
    prompt="a fox leaps over snow",
    context_text="A red fox leaps over a snowfield.",
    num_frames=61,
    frame_rate=Fraction(12),
    height=160,
    width=256,
    seed=7,
    sampling=SAMPLING,
)


@pytest.mark.parametrize(
    "prompt", ["雨", "一位红斗篷女战士在暴雨中跃下古城墙", "夜の駅", "눈 덮인 들판", "7", "'); DROP TABLE--"]
)
def test_prompts_with_words_pass(prompt):
    check_prompt(prompt)


@pytest.mark.parametrize("prompt", ["", " \t\n", "...", "!?。、", "\u200b", "🦊"])
def test_prompts_without_words_are_refused_with_an_example(prompt):
    with pytest.raises(UsageError, match="for example 'a fox leaps over snow'") as refusal:
        replace(REQUEST, prompt=prompt)
    assert repr(prompt) in str(refusal.value)


def test_the_longest_prompt_passes_and_one_more_character_does_not():
    check_prompt("字" * MAX_PROMPT_CHARACTERS)
    with pytest.raises(UsageError, match=r"has 4001 characters: the limit is 4000, shorten it"):
        check_prompt("字" * (MAX_PROMPT_CHARACTERS + 1))


@pytest.mark.parametrize("code_point", [0xD800, 0xD83E, 0xDCFF, 0xDFFF])
def test_half_a_character_is_named(code_point):
    half = chr(code_point)
    with pytest.raises(UsageError, match=r"prompt has '\\ud\w+' at character 4, which is half a character"):
        check_prompt(f"fox{half}")
    with pytest.raises(UsageError, match=r"negative prompt has '\\ud\w+' at character 1"):
        replace(REQUEST, negative_prompt=half)


def test_a_negative_prompt_may_be_empty_but_not_endless():
    assert replace(REQUEST, negative_prompt="").negative_prompt == ""
    with pytest.raises(UsageError, match="negative prompt has 4001 characters"):
        replace(REQUEST, negative_prompt="x" * 4001)


@pytest.mark.parametrize("trim", [-1, 61, 100])
def test_at_least_one_frame_is_left(trim):
    with pytest.raises(UsageError, match=f"{trim} of 61 frames cannot be cut off"):
        replace(REQUEST, trim=trim)


@pytest.mark.parametrize("seed", [0, MAX_SEED])
def test_seeds_at_the_ends_pass(seed):
    assert replace(REQUEST, seed=seed).seed == seed


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_impossible_seeds_are_named(seed):
    with pytest.raises(UsageError, match=f"seed {seed} is out of range: use 0 to {MAX_SEED}"):
        replace(REQUEST, seed=seed)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("steps", 0, "steps 0 is out of range: use 1 to 200"),
        ("steps", 201, "steps 201 is out of range: use 1 to 200"),
        ("guidance_high", -0.5, "guidance-high -0.5 is out of range: use 0 to 30"),
        ("guidance_low", 31.0, "guidance-low 31 is out of range: use 0 to 30"),
        ("guidance_low", float("nan"), "guidance-low nan is out of range: use 0 to 30"),
        ("shift", 0.0, "shift 0 is out of range: use 0.1 to 50"),
        ("shift", float("inf"), "shift inf is out of range: use 0.1 to 50"),
        ("schedule", "karras", "schedule 'karras' is unknown: choose flow, official, diffusers"),
        ("step_rule", "heun", r"step rule 'heun' is unknown: choose euler, unipc, dpm\+\+"),
        ("sigmas", (1.0, 0.5, 0.0), "sigmas 1, 0.5, 0 cannot be walked in 24 steps"),
    ],
)
def test_sampling_out_of_range_is_named(field, value, message):
    with pytest.raises(UsageError, match=message):
        replace(SAMPLING, **{field: value})


@given(st.integers(1, 200), st.floats(0, 30), st.floats(0, 30), st.floats(0.1, 50), st.integers(0, MAX_SEED))
def test_everything_in_range_passes(steps, high, low, shift, seed):
    request = replace(REQUEST, seed=seed, sampling=Sampling(steps, high, low, shift))
    assert request.sampling.steps == steps


@pytest.mark.parametrize("sigmas", [(1.0, 0.5), (1.5, 0.0), (0.5, 0.9, 0.0), (1.0, float("nan"), 0.0)])
def test_levels_must_fall_from_noise_to_clean(sigmas):
    with pytest.raises(UsageError, match="falling levels"):
        replace(SAMPLING, steps=len(sigmas) - 1, sigmas=sigmas)


def test_explicit_levels_are_kept():
    assert replace(SAMPLING, steps=2, sigmas=(1.0, 0.5, 0.0)).sigmas == (1.0, 0.5, 0.0)


def test_a_request_does_not_change():
    with pytest.raises(FrozenInstanceError):
        REQUEST.seed = 8
