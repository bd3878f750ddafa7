"""A limit to what a sampler believes: static thresholding (Imagen, arXiv 2205.11487, 2.3), of latents."""

from dataclasses import dataclass

from torch import Tensor

from rushes.diffusion.denoiser import Denoiser


@dataclass(frozen=True)
class Limited:
    """A denoiser whose clean latents stay within ``limit`` of zero, in every value.

    A small network, and guidance more so, overshoots where things move; a decoder turns that into speckles.
    """

    denoiser: Denoiser
    limit: float

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """The velocity towards the limited clean latents."""
        clean = (latents - sigma * self.denoiser(latents, sigma)).clamp(-self.limit, self.limit)
        return (latents - clean) / sigma
