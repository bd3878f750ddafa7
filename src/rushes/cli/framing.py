"""Which native size a model makes, which part is delivered how large, and the picture it starts from."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.recipe import picture_digest
from rushes.core.shapes import size_near

if TYPE_CHECKING:
    from rushes.media.delivery import Crop
    from rushes.media.picture import Picture

USUAL = (1280, 720)
# Every Wan transformer reads patches of 2x2 latent cells.
PATCH = 2


class Upscale(StrEnum):
    """What makes a model's pictures larger: plain Lanczos, or the model's own network."""

    LANCZOS = "lanczos"
    OWN = "own"


@dataclass(frozen=True)
class Framing:
    """``native`` and ``delivered`` are (width, height); ``picture`` fills the native size.

    ``upscale`` is what is done, not what was asked: what is not made larger needs no network.
    """

    native: tuple[int, int]
    crop: "Crop"
    delivered: tuple[int, int]
    picture: "Picture | None"
    upscale: Upscale

    @property
    def digest(self) -> str:
        """SHA-256 of the picture, empty without one."""
        return "" if self.picture is None else picture_digest(*self.native, self.picture.tobytes())


def frame(
    facts: ModelFacts,
    asked: tuple[int, int] | None,
    first_frame: Path | None,
    upscale: Upscale | None = None,
) -> Framing:
    """The framing for a delivered size (width, height), a picture file and a way to enlarge, as asked.

    A size the model makes is made natively; a picture without a size decides the aspect, unless the model
    delivers a part of one size and no other: it fills that part. A model's own
    network is used where there is one. Raises UsageError for a size that cannot be delivered, a file that
    is no picture, and a network the model does not have.
    """
    from rushes.media.delivery import Crop, check_size
    from rushes.media.picture import read_picture

    defaults = facts.defaults
    native, crop = (defaults.width, defaults.height), Crop(*defaults.crop)
    picture = None if first_frame is None else read_picture(first_frame)
    is_cut = (crop.width, crop.height) != native
    if asked is None and picture is not None and not is_cut:
        height, width, _ = picture.shape
        native = size_near(width, height, native[0] * native[1], PATCH * facts.compression.height)
        crop = Crop(0, 0, native[1], native[0])
    elif asked in defaults.sizes:
        native = asked
        crop = Crop(0, 0, native[1], native[0])
    delivered = asked or _usual(crop.width, crop.height)
    check_size(*delivered, crop)
    if upscale is Upscale.OWN and not facts.has_upscaler:
        raise UsageError(f"model {facts.name!r} has no upscaler of its own: use --upscale lanczos")
    own = facts.has_upscaler and upscale is not Upscale.LANCZOS and delivered[0] > crop.width
    return Framing(
        native,
        crop,
        delivered,
        None if picture is None else fill(picture, native, crop),
        Upscale.OWN if own else Upscale.LANCZOS,
    )


def fill(picture: "Picture", native: tuple[int, int], crop: "Crop") -> "Picture":
    """``picture`` (H, W, 3) over the delivered part of a native (width, height), mirrored beyond it."""
    import numpy as np

    from rushes.media.picture import cover

    width, height = native
    below, right = height - crop.top - crop.height, width - crop.left - crop.width
    inside = cover(picture, crop.width, crop.height)
    return np.pad(inside, ((crop.top, below), (crop.left, right), (0, 0)), mode="reflect")


def usual_size(facts: ModelFacts) -> tuple[int, int]:
    """Width and height a model's clips are delivered at where nobody asks for others."""
    _, _, height, width = facts.defaults.crop
    return _usual(width, height)


def _usual(width: int, height: int) -> tuple[int, int]:
    return USUAL if USUAL[0] * height == USUAL[1] * width else (width, height)
