"""A denoiser under a limit."""

import torch

from rushes.diffusion.limit import Limited


def test_clean_latents_stay_within_the_limit_and_all_others_as_they_are():
    latents, clean = torch.zeros(1, 1, 1, 1, 3), torch.tensor([-9.0, 1.0, 4.0]).view(1, 1, 1, 1, 3)
    limited = Limited(lambda x, sigma: (x - clean) / sigma, 3.0)
    for sigma in (0.9, 0.1):
        seen = latents - sigma * limited(latents, sigma)
        assert torch.allclose(seen.flatten(), torch.tensor([-3.0, 1.0, 3.0]))
