"""The upscaler starts as bilinear enlargement, sees both neighbours, and travels with its bundle."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from tests.tiny_model import tiny_bundle

from rushes.core.errors import WeightsError
from rushes.models.bundle import UPSCALER, check_files, load_bundle, open_model, save_bundle
from rushes.models.upscaler import FACTOR, Upscaler, UpscalerConfig, bilinear_cells, to_pixels

CONFIG = UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1)


def upscaler(seed=0):
    """Every weight drawn, also those that start at zero."""
    torch.manual_seed(seed)
    network = Upscaler(CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network.eval().requires_grad_(False)


def frames(count, seed=1):
    return torch.rand(count, 3, 16, 24, 3, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_cells_are_pytorchs_bilinear_enlargement():
    pictures = frames(2)[:, 1]
    expected = F.interpolate(
        rearrange(pictures, "n h w c -> n c h w"), scale_factor=FACTOR, mode="bilinear", align_corners=False
    )
    large = to_pixels(bilinear_cells(pictures))
    torch.testing.assert_close(large, rearrange(expected, "n c h w -> n h w c"))


def test_a_fresh_network_enlarges_bilinearly():
    network = Upscaler(CONFIG)
    network.init_weights()
    seen = frames(1)
    torch.testing.assert_close(network(seen), bilinear_cells(seen[:, 1]))


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_all_three_frames_are_looked_at(frame):
    network, seen = upscaler(), frames(1)
    other = seen.clone()
    other[:, frame] += 0.1
    difference = (network(other) - network(seen)).abs().amax()
    assert difference > 1e-4


def test_a_moved_picture_moves_its_enlargement():
    """By whole strides, away from the borders: no place of the picture is special."""
    network, seen = upscaler(), torch.zeros(1, 3, 96, 96, 3)
    seen[:, :, 44:52, 40:48] = frames(1)[:, :, :8, :8]
    shifted = seen.roll((4, 8), dims=(2, 3))
    moved = to_pixels(network(seen)).roll((4 * FACTOR, 8 * FACTOR), dims=(1, 2))
    inner = slice(40 * FACTOR, 60 * FACTOR)
    torch.testing.assert_close(to_pixels(network(shifted))[:, inner, inner], moved[:, inner, inner])


def test_a_batch_equals_its_members():
    network, seen = upscaler(), frames(3)
    torch.testing.assert_close(network(seen)[1:2], network(seen[1:2]))


def test_it_is_saved_and_loaded_with_its_bundle(tmp_path):
    save_bundle(replace(tiny_bundle(), upscaler=upscaler()), tmp_path)
    loaded = load_bundle(tmp_path, torch.float32, "cpu")
    check_files(open_model(tmp_path))
    assert loaded.facts.has_upscaler
    assert loaded.upscaler.config == CONFIG
    kept = upscaler().to(torch.bfloat16).float()
    torch.testing.assert_close(loaded.upscaler(frames(1)), kept(frames(1)))


def test_a_changed_file_is_refused(tmp_path):
    save_bundle(replace(tiny_bundle(), upscaler=upscaler()), tmp_path)
    (tmp_path / UPSCALER).write_bytes((tmp_path / "codec.safetensors").read_bytes())
    with pytest.raises(WeightsError, match=UPSCALER):
        load_bundle(tmp_path, torch.float32, "cpu")


def test_a_bundle_without_one_has_none(tmp_path):
    save_bundle(tiny_bundle(), tmp_path)
    loaded = load_bundle(tmp_path, torch.float32, "cpu")
    assert loaded.upscaler is None
    assert not loaded.facts.has_upscaler
