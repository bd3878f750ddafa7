"""The read-out network: shapes, any length, true motion, words of its own, and that it learns them."""

import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rushes.core.errors import WeightsError
from rushes.core.vocabulary import SLOTS
from rushes.models.judge import (
    ReadOut,
    ReadOutConfig,
    frame_pairs,
    load_judge,
    lucas_kanade,
    middle_of,
    motions,
    save_judge,
)

CONFIG = ReadOutConfig(SLOTS, (80, 128), 8, widths=(48, 96, 160), hidden_size=224)
SMALL = ReadOutConfig(SLOTS, (80, 128), 4, widths=(16, 24, 32), hidden_size=32)


def textures(count: int, height: int, width: int, seed: int) -> Tensor:
    """Smooth random pictures (count, 3, height, width) in [-1, 1]."""
    noise = torch.randn(count, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(noise, size=(height, width), mode="bicubic").clamp(-2, 2) / 2


def panned(pictures: Tensor, num_frames: int, step: int) -> Tensor:
    """Clips (B, 3, T, H, W) whose content moves ``step`` pixels a frame to the right."""
    return torch.stack([pictures.roll(index * step, dims=-1) for index in range(num_frames)], dim=2)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 37, 97])
@torch.no_grad()
def test_every_slot_has_a_logit_per_value(num_frames: int) -> None:
    logits = ReadOut(CONFIG).eval()(torch.rand(2, 3, num_frames, 40, 64) * 2 - 1)
    assert {slot: tuple(value.shape) for slot, value in logits.items()} == {
        slot: (2, len(values)) for slot, values in SLOTS.items()
    }


def test_size_is_what_a_laptop_trains_in_minutes() -> None:
    assert 900_000 < sum(parameter.numel() for parameter in ReadOut(CONFIG).parameters()) < 1_100_000


def test_pairs_are_neighbours_from_the_first_frame_to_the_last() -> None:
    frames = torch.arange(61.0).view(1, 1, 61, 1, 1).expand(1, 3, 61, 80, 128)
    pairs = frame_pairs(frames, SMALL)
    assert pairs.first[0, :, 0, 0, 0].tolist() == [0, 20, 39, 59]
    assert pairs.second[0, :, 0, 0, 0].tolist() == [1, 21, 40, 60]
    still = frame_pairs(frames[:, :, :1], SMALL)
    assert torch.equal(still.first, still.second)


@pytest.mark.parametrize(("shift", "axis"), [(1, 0), (-1, 0), (1, 1), (-1, 1)])
def test_motion_is_measured_in_pixels(shift: int, axis: int) -> None:
    picture = textures(2, 80, 128, seed=0)
    flow = lucas_kanade(picture, picture.roll(shift, dims=3 - axis), cell=8)
    assert flow.shape == (2, 2, 10, 16)
    inside = flow[:, :, 1:-1, 1:-1]
    assert inside[:, axis].median().item() == pytest.approx(shift, abs=0.15)
    assert inside[:, 1 - axis].median().item() == pytest.approx(0, abs=0.15)


def test_motion_to_the_next_pair_is_seen_where_motion_inside_is_too_slow() -> None:
    picture = textures(1, 80, 128, seed=0)
    slow = torch.stack([picture.roll(index // 4, dims=-1) for index in range(61)], dim=2)
    seen = motions(frame_pairs(slow, SMALL)).view(1, 4, 4, 10, 16)[:, :, :, 1:-1, 3:-1]
    near, far = seen[0, :3, 0].median().item(), seen[0, :3, 2].median().item()
    assert near < 0.5
    assert far == pytest.approx(5 / 4, abs=0.4)  # five pixels of the picture, a quarter of that when shrunk


def test_a_clip_is_cut_to_the_shape_of_the_picture() -> None:
    assert middle_of(160, 256, (72, 128)) == (8, 0, 144, 256)
    assert middle_of(144, 256, (80, 128)) == (0, 13, 144, 230)
    frames = torch.rand(1, 3, 5, 160, 256)
    wide = replace(SMALL, picture=(72, 128))
    assert torch.equal(frame_pairs(frames, wide).first, frame_pairs(frames[:, :, :, 8:152], wide).first)


def test_a_file_says_what_it_reads(tmp_path) -> None:
    words = {"subject": ("fox", "unicorn"), "sky": ("plain", "aurora")}
    network = ReadOut(replace(SMALL, slots=words)).eval()
    save_judge(network, tmp_path / "judge.safetensors")
    loaded = load_judge(tmp_path / "judge.safetensors")
    assert json.loads(json.dumps(dict(loaded.config.slots))) == {k: list(v) for k, v in words.items()}
    clip = torch.rand(1, 3, 17, 80, 128)
    ours, theirs = network(clip), loaded(clip)
    assert {slot: logits.shape[-1] for slot, logits in theirs.items()} == {"subject": 2, "sky": 2}
    assert all(torch.allclose(ours[slot], theirs[slot], atol=0.02) for slot in words)


def test_a_missing_file_says_what_to_do_and_another_one_what_is_wrong(tmp_path) -> None:
    with pytest.raises(WeightsError, match="is missing: train the judges"):
        load_judge(tmp_path / "none.safetensors")
    from safetensors.torch import save_file  # noqa: PLC0415  for this case alone

    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="does not say what its judge reads"):
        load_judge(tmp_path / "other.safetensors")


def test_flat_and_still_pictures_do_not_move() -> None:
    flat = torch.zeros(1, 3, 80, 128)
    assert lucas_kanade(flat, flat + 0.1, cell=8).abs().max() == 0
    picture = textures(1, 80, 128, seed=1)
    assert lucas_kanade(picture, picture, cell=8).abs().max() == 0


def test_learns_motion_and_colour_from_a_few_batches() -> None:
    torch.manual_seed(0)
    judge = ReadOut(replace(SMALL, picture=(40, 64))).train()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=3e-3)

    def batch(seed: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        right, tint = torch.randint(0, 2, (2, 16), generator=generator)
        pictures = textures(16, 40, 64, seed)
        pictures[:, 0] += 0.6 * tint.view(-1, 1, 1)
        clips = torch.where(right.view(-1, 1, 1, 1, 1) == 1, panned(pictures, 5, 2), panned(pictures, 5, -2))
        return clips.clamp(-1, 1), right, tint

    for step in range(25):
        clips, right, tint = batch(step)
        logits = judge(clips)
        loss = F.cross_entropy(logits["direction"], right) + F.cross_entropy(logits["color"], tint)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    clips, right, tint = batch(1000)
    with torch.no_grad():
        logits = judge.eval()(clips)
        # played backwards, the same pictures move the other way
        backwards = judge(clips.flip(2))["direction"].argmax(-1)
    assert (logits["direction"].argmax(-1) == right).float().mean() > 0.9
    assert (backwards == 1 - right).float().mean() > 0.9
    assert (logits["color"].argmax(-1) == tint).float().mean() > 0.9


def test_trains_under_autocast() -> None:
    judge = ReadOut(CONFIG).train()
    with torch.autocast("cpu", torch.bfloat16):
        logits = judge(torch.rand(2, 3, 5, 160, 256) * 2 - 1)
    sum(
        F.cross_entropy(value.float(), torch.zeros(2, dtype=torch.long)) for value in logits.values()
    ).backward()
    assert all(parameter.grad is not None for parameter in judge.parameters())
