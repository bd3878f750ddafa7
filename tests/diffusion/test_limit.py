"""A denoiser under a limit."""

import torch

from rushes.diffusion.limit import Limited


def test_clean_latents_stay_within_the_limit_of_their_channel_and_all_others_as_they_are():
    clean = torch.tensor([[-9.0, 1.0, 4.0], [-9.0, 1.0, 4.0], [-9.0, 1.0, 4.0]]).view(1, 3, 1, 1, 3)
    latents = torch.zeros_like(clean)
    limited = Limited(lambda x, sigma: (x - clean) / sigma, (3.0, 5.0))
    for sigma in (0.9, 0.1):
        seen = latents - sigma * limited(latents, sigma)
        wanted = torch.tensor([[-3.0, 1.0, 3.0], [-5.0, 1.0, 4.0], [-9.0, 1.0, 4.0]])
        assert torch.allclose(seen.view(3, 3), wanted)
