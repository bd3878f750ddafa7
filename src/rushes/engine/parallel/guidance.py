"""Classifier-free guidance on two ranks: one follows the words, the other works without them."""

from dataclasses import dataclass

from torch import Tensor

from rushes.diffusion.denoiser import Denoiser
from rushes.diffusion.guidance import guided_velocity
from rushes.engine.parallel.channel import Channel


@dataclass(frozen=True)
class SharedGuidance:
    """Stands for :class:`rushes.diffusion.guidance.Guided`: each rank of ``channel`` asks one of the two.

    Every rank ends with the same velocity, to the bit.
    """

    cond: Denoiser
    uncond: Denoiser
    scale: float
    channel: Channel

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Guided velocity."""
        own = (self.cond, self.uncond)[self.channel.index](latents, sigma)
        towards, away = self.channel.gather(own, [own.shape] * 2, "guidance")
        return guided_velocity(towards, away, self.scale)
