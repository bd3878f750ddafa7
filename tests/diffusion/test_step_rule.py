"""The solvers beside diffusers' schedulers on equal levels; their order, their memory, planted mistakes."""

import math

import pytest
import torch

from rushes.core.request import STEP_RULES as NAMES
from rushes.diffusion import step_rule
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import SCHEDULES, flow_sigmas, official_sigmas
from rushes.diffusion.step_rule import STEP_RULES, DPMStep, EulerStep, UniPCStep

SPREAD = 0.5
PER_STEP = 2e-6


def variance(sigma):
    return (1 - sigma) ** 2 * SPREAD**2 + sigma**2


def velocity(latents, sigma):
    """Of data N(0, SPREAD^2): the flow keeps x / sqrt(variance)."""
    return latents * (sigma - (1 - sigma) * SPREAD**2) / variance(sigma)


def reference(name, sigmas):
    from diffusers import DPMSolverMultistepScheduler, UniPCMultistepScheduler  # noqa: PLC0415 - slow

    kind = {"unipc": UniPCMultistepScheduler, "dpm++": DPMSolverMultistepScheduler}[name]
    scheduler = kind(prediction_type="flow_prediction", use_flow_sigmas=True, final_sigmas_type="zero")
    scheduler.set_timesteps(len(sigmas) - 1)
    scheduler.sigmas = sigmas.float()
    scheduler.set_begin_index(0)
    return scheduler


def worst_step(name, sigmas):
    """Largest error of one step, scaled, where every step starts from the reference's latents."""
    generator = torch.Generator().manual_seed(len(sigmas))
    scheduler, rule = reference(name, sigmas), STEP_RULES[name]()
    latents = torch.randn(1, 4, 3, 4, 4, generator=generator)
    worst = 0.0
    for index in range(len(sigmas) - 1):
        noise = torch.randn(latents.shape, generator=generator)
        predicted = torch.tanh(latents) + 0.3 * noise
        sigma, next_sigma = (float(level) for level in sigmas.float()[index : index + 2])
        ours = rule.step(latents, predicted, sigma, next_sigma)
        latents = scheduler.step(predicted, scheduler.timesteps[index], latents, return_dict=False)[0]
        worst = max(worst, float((ours - latents).abs().max() / latents.abs().max()))
    return worst


def test_the_names_a_request_may_use_are_the_rules_there_are():
    assert tuple(STEP_RULES) == NAMES


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers with numpy 2
@pytest.mark.parametrize("name", ["unipc", "dpm++"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("steps", "shift"), [(1, 5.0), (2, 5.0), (4, 5.0), (40, 12.0), (50, 1.0)])
def test_every_step_equals_diffusers(name, schedule, steps, shift):
    assert worst_step(name, SCHEDULES[schedule](steps, shift)) <= PER_STEP


def without_correction(monkeypatch):
    monkeypatch.setattr(step_rule, "_correct", lambda start, *_: start)


def first_order_always(monkeypatch):
    monkeypatch.setattr(step_rule, "_order", lambda *_: 1)


def correction_of_first_order(monkeypatch):
    correct = step_rule._correct
    monkeypatch.setattr(step_rule, "_correct", lambda *known: correct(*known[:3], 1))


@pytest.mark.parametrize(
    "plant",
    [without_correction, first_order_always, correction_of_first_order],
    ids=lambda plant: plant.__name__,
)
def test_planted_mistakes_are_seen(plant, monkeypatch):
    plant(monkeypatch)
    assert worst_step("unipc", official_sigmas(10, 12.0)) > 100 * PER_STEP


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("dpm++", 2), ("unipc", 3)])
def test_each_rule_converges_at_its_order(name, order):
    start = torch.randn(1, 1, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    high, low = 0.95, 0.05
    exact = start * math.sqrt(variance(low) / variance(high))

    def error(steps):
        sigmas = torch.linspace(math.log(1 / high - 1), math.log(1 / low - 1), steps + 1).double()
        *_, last = sample(velocity, start, 1 / (1 + sigmas.exp()), STEP_RULES[name]())
        return float((last.latents - exact).abs().max())

    assert math.log2(error(40) / error(80)) > order - 0.4


@pytest.mark.parametrize("name", STEP_RULES)
def test_the_last_step_returns_the_clean_estimate(name):
    noise = torch.randn(1, 2, 1, 2, 2)
    *_, last = sample(velocity, noise, official_sigmas(6, 12.0), STEP_RULES[name]())
    torch.testing.assert_close(last.latents, last.denoised, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", STEP_RULES)
@pytest.mark.parametrize("stop", [1, 2, 5])
def test_a_rule_goes_on_from_its_state_bit_for_bit(name, stop):
    sigmas = flow_sigmas(8, 5.0)
    noise = torch.randn(1, 2, 3, 4, 4)
    whole = list(sample(velocity, noise, sigmas, STEP_RULES[name]()))
    rule = STEP_RULES[name]()
    steps = sample(velocity, noise, sigmas, rule)
    for _ in range(stop):
        halfway = next(steps)
    again = STEP_RULES[name]()
    again.load_state_dict({key: value.clone() for key, value in rule.state_dict().items()})
    rest = list(sample(velocity, halfway.latents, sigmas, again, stop))
    assert [record.index for record in rest] == list(range(stop, 8))
    for record, expected in zip(rest, whole[stop:], strict=True):
        assert torch.equal(record.latents, expected.latents)


def test_a_multistep_rule_that_forgets_is_seen():
    sigmas, noise = flow_sigmas(8, 5.0), torch.randn(1, 2, 3, 4, 4)
    whole = list(sample(velocity, noise, sigmas, UniPCStep()))
    *_, last = sample(velocity, whole[4].latents, sigmas, UniPCStep(), 5)
    assert not torch.allclose(last.latents, whole[-1].latents, atol=1e-5)


def test_euler_remembers_nothing_and_a_fresh_rule_has_no_state():
    assert EulerStep().state_dict() == DPMStep().state_dict() == UniPCStep().state_dict() == {}
