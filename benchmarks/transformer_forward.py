"""One forward of the transformer beside diffusers', one umT5 block beside transformers', with equal weights.

Each side lives in a process of its own and works when told to, in turn, so that a slow spell of the machine
falls on both and each has its own peak of memory. Pause any trainer first.
Example: python benchmarks/transformer_forward.py --runs 5
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from paired import main
from torch import Tensor, nn

from rushes.models.layouts import DIFFUSERS_TRANSFORMER, TRANSFORMERS_UMT5
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import TransformerConfig, WanTransformer

PROMPT_TOKENS = 100  # of a usual prompt; diffusers pads to 512


def random_state(module: nn.Module) -> dict[str, Tensor]:
    """Weights by our names: the same ones in every process."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: (torch.randn(value.shape, generator=generator) * 0.02 + ("norm" in name)).bfloat16()
        for name, value in module.state_dict().items()
    }


def transformer(side: str, depth: int, frames: int) -> Callable[[], Tensor]:
    """Wan2.1 1.3B's width; 480p latents of so many latent frames."""
    config = TransformerConfig(1536, depth, 12, 8960, 16, 16, 4096, 512)
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(1, 16, frames, 60, 104, generator=generator).bfloat16()
    context = torch.randn(1, PROMPT_TOKENS, 4096, generator=generator).bfloat16()
    timestep = torch.tensor([500.0])
    with torch.device("meta"):
        model = WanTransformer(config)
    state = random_state(model)
    if side == "ours":
        model.load_state_dict(state, assign=True)
        memory = model.remember(context)
        return lambda: model(latents, timestep, memory)
    from diffusers import WanTransformer3DModel  # noqa: PLC0415 - only on its own side

    with torch.device("meta"):
        reference = WanTransformer3DModel(
            num_attention_heads=12, in_channels=16, out_channels=16, ffn_dim=8960, num_layers=depth
        )
    reference.load_state_dict(DIFFUSERS_TRANSFORMER.from_ours(state), assign=True)
    reference.rope = type(reference.rope)(128, (1, 2, 2), 1024)  # its tables are no weights
    padded = F.pad(context, (0, 0, 0, 512 - PROMPT_TOKENS))
    return lambda: reference(latents, timestep, padded).sample


def text_block(side: str, tokens: int) -> Callable[[], Tensor]:
    """One block of umT5-XXL on one prompt of so many tokens."""
    config = TextEncoderConfig(1000, 4096, 1, 64, 64, 10240)
    ids = torch.randint(2, 1000, (1, tokens), generator=torch.Generator().manual_seed(1))
    mask = torch.ones(1, tokens, dtype=torch.bool)
    with torch.device("meta"):
        model = UMT5Encoder(config)
    state = random_state(model)
    if side == "ours":
        model.load_state_dict(state, assign=True)
        return lambda: model(ids, mask)
    from transformers import UMT5Config, UMT5EncoderModel  # noqa: PLC0415 - only on its own side

    with torch.device("meta"):
        reference = UMT5EncoderModel(
            UMT5Config(vocab_size=1000, d_model=4096, d_kv=64, d_ff=10240, num_layers=1, num_heads=64)
        ).eval()
    foreign = TRANSFORMERS_UMT5.from_ours(state)
    reference.load_state_dict(foreign, assign=True, strict=False)
    reference.tie_weights()
    return lambda: reference(ids, attention_mask=mask.long()).last_hidden_state


def build(case: str, side: str) -> Callable[[], Tensor]:
    """A case is "transformer DEPTH LATENT_FRAMES" or "umt5 TOKENS"."""
    kind, *numbers = case.split()
    make = {"transformer": transformer, "umt5": text_block}[kind]
    return make(side, *map(int, numbers))


CASES = ["transformer 4 5", "umt5 512", "umt5 100"]
FORM = '"transformer DEPTH LATENT_FRAMES" or "umt5 TOKENS"'

if __name__ == "__main__":
    main(__file__, __doc__, CASES, FORM, build)
