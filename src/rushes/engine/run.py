"""What a caller brings to a generation, and what it wants to see of it; none of it is part of the request."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rushes.core.errors import CancelledError
from rushes.diffusion.guidance import Guide, Guided
from rushes.engine.given import GivenClip
from rushes.engine.pictures import Picture
from rushes.engine.saved_run import SavedRun
from rushes.engine.texts import Texts
from rushes.models.bundle import Bundle
from rushes.models.transformer import Block

CPU = torch.device("cpu")

Score = Callable[[NDArray[np.uint8]], float]
"""How well the frames (T, H, W, 3) of a candidate show what was asked; more is better."""


@dataclass(frozen=True)
class Run:
    """One call of :func:`rushes.engine.generate.generate`.

    ``more_seeds``: further clips made in the same batch, each from its own noise. ``texts``: the request's
    contexts, made before; ``latents`` (B, C, T, H, W): where denoising led before, so that they are only
    decoded. ``noise`` (B, C, T, H, W): used instead of being drawn. ``first_frame``: the
    picture the request names, uint8 (H, W, 3); ``given``: the clip it names. ``device``: where latents live.
    ``previews``: a Preview event every so many steps and of a still made first, 0 for none. ``saved``: where
    progress is kept. ``is_cancelled`` is asked before every block of the transformer. ``guide`` makes one
    denoiser of those with and without the words, and a scale. ``score`` chooses among the candidates of a
    request that has several.
    """

    more_seeds: tuple[int, ...] = ()
    texts: Texts | None = None
    latents: Tensor | None = None
    noise: Tensor | None = None
    first_frame: Picture | None = None
    given: GivenClip | None = None
    device: torch.device = CPU
    previews: int = 0
    saved: SavedRun | None = None
    is_cancelled: Callable[[], bool] | None = None
    guide: Guide = Guided
    score: Score | None = None

    def __post_init__(self) -> None:
        """Refuse to save what the recipe does not describe."""
        if self.saved is not None and (self.noise is not None or self.more_seeds):
            raise ValueError("a run with noise or more seeds of its own cannot be saved under a recipe")


PLAIN_RUN = Run()


@contextmanager
def cancellable(bundle: Bundle, is_cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """Let ``is_cancelled`` stop the bundle's transformers in mid-step with CancelledError."""
    with ExitStack() as hooks:
        if is_cancelled is not None:
            stop = _stopping(is_cancelled)
            for transformer in {id(each.transformer): each.transformer for each in bundle.experts}.values():
                for module in transformer.modules():
                    if isinstance(module, Block):
                        hooks.enter_context(module.register_forward_pre_hook(stop))
        yield


def _stopping(is_cancelled: Callable[[], bool]) -> Callable[[nn.Module, Any], None]:
    def stop(_module: nn.Module, _arguments: Any) -> None:
        if is_cancelled():
            raise CancelledError("stopped in mid-step as asked")

    return stop
