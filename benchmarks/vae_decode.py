"""Decoding with Wan2.1's autoencoder at full width beside diffusers' AutoencoderKLWan, with equal weights.

Both compute in float32, as the published pipelines do, or both in bfloat16. Pause any trainer first.
Example: python benchmarks/vae_decode.py --runs 5
"""

from collections.abc import Callable

import torch
from paired import main
from torch import Tensor

from rushes.models.vae_layouts import wan_vae21_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config

CHANNELS = 16


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    """By our names, the same in every process; every layer keeps the size of what it is given."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, value in model.state_dict().items():
        drawn = torch.randn(value.shape, generator=generator)
        if name.endswith("gamma"):
            state[name] = 1 + 0.1 * drawn
        else:
            state[name] = drawn * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.02)
    return state


def build(case: str, side: str) -> Callable[[], Tensor]:
    """A case is "WIDTHxHEIGHTxFRAMES DTYPE"."""
    size, name = case.split()
    width, height, frames = map(int, size.split("x"))
    dtype = getattr(torch, name)
    shape = (1, CHANNELS, (frames - 1) // 4 + 1, height // 8, width // 8)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.device("meta"):
        ours = WanVAE21(WanVAE21Config())
    state = {key: value.to(dtype) for key, value in weights(ours).items()}
    if side == "ours":
        ours.load_state_dict(state, assign=True)
        return lambda: ours.decode(latents)
    from diffusers import AutoencoderKLWan  # noqa: PLC0415 - only on its own side

    with torch.device("meta"):
        reference = AutoencoderKLWan().eval()
    reference.load_state_dict(wan_vae21_layout(4, 2).from_ours(state), assign=True)
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1, 1)
        for values in (reference.config.latents_mean, reference.config.latents_std)
    )
    coloured = (latents * std + mean).to(dtype)
    return lambda: reference.decode(coloured).sample


CASES = ["256x256x17 float32", "256x256x17 bfloat16"]
FORM = '"WIDTHxHEIGHTxFRAMES DTYPE"'

if __name__ == "__main__":
    main(__file__, __doc__, CASES, FORM, build)
