"""What is given, around a small fake network: channels beside the noise, and tokens that stay clean."""

from itertools import pairwise

import pytest
import torch

from rushes.diffusion.conditioning import ExtraChannels, KnownTokens, Unconditional, first_frame_channels
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import official_sigmas
from rushes.diffusion.step_rule import STEP_RULES, EulerStep

PATCH = (1, 2, 2)


class Network:
    """Predicts from its latents alone; remembers what it saw."""

    def __init__(self, channels=4):
        self.channels = channels
        self.latents = []
        self.timesteps = []

    def __call__(self, latents, timestep, _context):
        self.latents.append(latents)
        self.timesteps.append(timestep)
        # every frame looks at the first one, as attention does
        return (latents - 0.5 * latents[:, :, :1].mean())[:, : self.channels] * 0.7


def run(condition, network, noise, rule):
    def denoiser(latents, sigma):
        timestep = torch.full((len(latents),), 1000 * sigma)
        return condition.bind(network)(latents, timestep, None)

    steps = sample(denoiser, condition.start(noise), official_sigmas(5, 5.0), condition.hold(rule))
    return list(steps)


def first_frame_of(clean):
    """The first of three latent frames is known."""
    known = torch.zeros(1, 1, 3, 4, 6, dtype=torch.bool)
    known[:, :, 0] = True
    return KnownTokens(torch.cat([clean, torch.zeros(1, 4, 2, 4, 6)], dim=2), known, PATCH)


@pytest.fixture
def noise():
    return torch.randn(2, 4, 3, 4, 6, generator=torch.Generator().manual_seed(0))


def test_text_alone_changes_nothing(noise):
    network, rule, condition = Network(), EulerStep(), Unconditional()
    assert condition.start(noise) is noise
    assert condition.bind(network) is network
    assert condition.hold(rule) is rule


def test_the_mask_marks_all_four_frames_of_the_first_latent_frame():
    """20 channels in the published order: 4 of mask, then 16 of picture."""
    encoded = torch.randn(1, 16, 3, 2, 2)
    channels = first_frame_channels(encoded, 4)
    assert channels.shape == (1, 20, 3, 2, 2)
    assert (channels[:, :4, 0] == 1).all()
    assert (channels[:, :4, 1:] == 0).all()
    assert torch.equal(channels[:, 4:], encoded)


def test_the_mask_is_that_of_diffusers_for_frames_folded_by_four():
    frames = torch.zeros(1, 1, 9, 2, 2)
    frames[:, :, 0] = 1
    folded = torch.cat([frames[:, :, :1].repeat_interleave(4, dim=2), frames[:, :, 1:]], dim=2)
    folded = folded.view(1, -1, 4, 2, 2).transpose(1, 2)
    assert torch.equal(first_frame_channels(torch.zeros(1, 16, 3, 2, 2), 4)[:, :4], folded)


def test_condition_channels_stand_behind_the_latents_at_every_step(noise):
    network = Network()
    channels = torch.randn(1, 5, 3, 4, 6)
    records = run(ExtraChannels(channels), network, noise, EulerStep())
    assert records[-1].latents.shape == noise.shape
    assert len(network.latents) == 5
    for seen in network.latents:
        assert seen.shape == (2, 9, 3, 4, 6)
        assert torch.equal(seen[:, 4:], channels.expand(2, -1, -1, -1, -1))
    assert torch.equal(network.latents[0][:, :4], noise)


@pytest.mark.parametrize("name", STEP_RULES)
def test_kept_frames_are_clean_for_the_network_and_in_the_result(noise, name):
    network = Network()
    clean = torch.randn(1, 4, 1, 4, 6)
    records = run(first_frame_of(clean), network, noise, STEP_RULES[name]())
    for seen in [*network.latents, *(record.latents for record in records)]:
        assert torch.equal(seen[:, :, :1], clean.expand(2, -1, -1, -1, -1))
    for record in records:
        torch.testing.assert_close(record.denoised[:, :, :1], clean.expand(2, -1, -1, -1, -1))
    assert torch.equal(network.latents[0][:, :, 1:], noise[:, :, 1:])


@pytest.mark.parametrize("name", STEP_RULES)
def test_the_other_frames_go_the_way_of_the_published_loop(noise, name):
    """Wan's loop replaces the first latent frame before every forward and knows nothing else of it."""
    clean = torch.randn(1, 4, 1, 4, 6)
    records = run(first_frame_of(clean), Network(), noise, STEP_RULES[name]())
    network, latents, rule = Network(), noise.clone(), STEP_RULES[name]()
    sigmas = official_sigmas(5, 5.0).tolist()
    for sigma, next_sigma in pairwise(sigmas):
        seen = latents.clone()
        seen[:, :, :1] = clean
        latents = rule.step(latents, network(seen, None, None), sigma, next_sigma)
    torch.testing.assert_close(records[-1].latents[:, :, 1:], latents[:, :, 1:], rtol=0, atol=1e-6)


def test_tokens_of_kept_frames_stand_at_timestep_zero(noise):
    network = Network()
    run(first_frame_of(torch.randn(1, 4, 1, 4, 6)), network, noise, EulerStep())
    for timestep, sigma in zip(network.timesteps, official_sigmas(5, 5.0).tolist(), strict=False):
        # 2 x 3 patches a frame, 3 frames
        assert timestep.shape == (2, 18)
        assert (timestep[:, :6] == 0).all()
        assert (timestep[:, 6:] == torch.tensor(1000 * sigma)).all()


def test_frames_put_back_only_at_the_end_are_seen(noise):
    """What a loop that forgets to put the picture back would make."""
    clean = torch.randn(1, 4, 1, 4, 6)
    condition = first_frame_of(clean)
    right = run(condition, Network(), noise, EulerStep())[-1].latents
    forgetful = run(Unconditional(), Network(), noise, EulerStep())[-1].latents
    assert not torch.allclose(right[:, :, 1:], forgetful[:, :, 1:], atol=1e-3)


def test_a_held_rule_keeps_the_solvers_memory(noise):
    held = first_frame_of(torch.zeros(1, 4, 1, 4, 6)).hold(STEP_RULES["unipc"]())
    held.step(noise, noise, 0.9, 0.8)
    again = first_frame_of(torch.zeros(1, 4, 1, 4, 6)).hold(STEP_RULES["unipc"]())
    again.load_state_dict(held.state_dict())
    assert torch.equal(again.step(noise, noise, 0.8, 0.7), held.step(noise, noise, 0.8, 0.7))


def test_any_set_of_tokens_stays_clean_and_stands_at_zero(noise):
    """A box in the last frame: its two tokens are the last of the third frame's second row."""
    known = torch.zeros(1, 1, 3, 4, 6, dtype=torch.bool)
    known[..., 2, 2:, 2:] = True
    clean, network = torch.randn(1, 4, 3, 4, 6), Network()
    records = run(KnownTokens(clean, known, PATCH), network, noise, STEP_RULES["unipc"]())
    for seen in [*network.latents, *(record.latents for record in records)]:
        assert torch.equal(seen[:, :, 2, 2:, 2:], clean[:, :, 2, 2:, 2:].expand(2, -1, -1, -1))
    assert torch.equal(network.latents[0][:, :, :2], noise[:, :, :2])
    for timestep in network.timesteps:
        assert (timestep == 0).nonzero().tolist() == [[0, 16], [0, 17], [1, 16], [1, 17]]


def test_half_a_token_cannot_be_known():
    known = torch.zeros(1, 1, 3, 4, 6, dtype=torch.bool)
    known[..., 2, 1:, :] = True
    with pytest.raises(ValueError, match="never in part"):
        KnownTokens(torch.zeros(1, 4, 3, 4, 6), known, PATCH)
