import inspect

import pytest
import torch

from rushes.diffusion import sampler
from rushes.diffusion.noise import member_noise
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import flow_sigmas
from rushes.diffusion.step_rule import EulerStep


def test_straight_paths_are_walked_exactly():
    clean, noise = torch.randn(1, 2, 3, 4, 4), torch.randn(1, 2, 3, 4, 4)
    records = list(sample(lambda _latents, _sigma: noise - clean, noise, flow_sigmas(7, 3.0), EulerStep()))
    assert [record.index for record in records] == list(range(7))
    torch.testing.assert_close(records[-1].latents, clean, rtol=0, atol=2e-6)
    for record in records:
        torch.testing.assert_close(record.denoised, clean, rtol=0, atol=2e-6)


def test_euler_converges_at_first_order_to_the_gaussian_flow():
    # Data N(0, s^2) has the closed-form velocity x (sigma - (1 - sigma) s^2) / ((1 - sigma)^2 s^2 + sigma^2)
    # and carries noise e to s e at sigma 0.
    spread = 0.5

    def velocity(latents, sigma):
        variance = (1 - sigma) ** 2 * spread**2 + sigma**2
        return latents * (sigma - (1 - sigma) * spread**2) / variance

    noise = torch.randn(1, 1, 1, 8, 8, dtype=torch.float64)

    def error(steps):
        *_, last = sample(velocity, noise, flow_sigmas(steps, 1.0), EulerStep())
        return float((last.latents - spread * noise).abs().max())

    assert error(200) < 0.02
    assert 1.7 < error(50) / error(100) < 2.3


def test_stopping_early_runs_no_further_step():
    calls = []

    def denoiser(latents, sigma):
        calls.append(sigma)
        return latents

    steps = sample(denoiser, torch.zeros(1, 1, 1, 1, 1), flow_sigmas(10, 1.0), EulerStep())
    next(steps)
    next(steps)
    steps.close()
    assert len(calls) == 2


def test_the_loop_stays_short():
    assert len(inspect.getsourcelines(sampler.sample)[0]) < 50


def test_a_batch_of_noise_equals_its_members():
    shape = (4, 3, 2, 2)
    batch = member_noise([7, 8, 9], shape)
    for index, seed in enumerate([7, 8, 9]):
        assert torch.equal(batch[index], member_noise([seed], shape)[0])
    assert not torch.equal(batch[0], batch[1])


def test_noise_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    member_noise([1], (2, 2))
    assert torch.equal(before, torch.get_rng_state())


def test_the_noise_of_a_seed_never_changes():
    """A recipe is worth its seed only while the stream behind it stays: torch's CPU generator, float32."""
    noise = member_noise([42], (16, 2, 3, 4))[0]
    assert noise.dtype == torch.float32
    ends = [*noise.flatten()[:2].tolist(), *noise.flatten()[-2:].tolist()]
    assert ends == pytest.approx([1.9269, 1.4873, -0.4901, -0.3595], abs=1e-4)
    assert noise.double().sum().item() == pytest.approx(19.5522, abs=1e-3)
