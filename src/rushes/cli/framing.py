"""Which native size a model makes, which part is delivered how large, and the picture it starts from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.core.model_facts import ModelFacts
from rushes.core.recipe import picture_digest
from rushes.core.shapes import size_near

if TYPE_CHECKING:
    from rushes.media.delivery import Crop
    from rushes.media.picture import Picture

USUAL = (1280, 720)
# Every Wan transformer reads patches of 2x2 latent cells.
PATCH = 2


@dataclass(frozen=True)
class Framing:
    """``native`` and ``delivered`` are (width, height); ``picture`` fills the native size."""

    native: tuple[int, int]
    crop: "Crop"
    delivered: tuple[int, int]
    picture: "Picture | None"

    @property
    def digest(self) -> str:
        """SHA-256 of the picture, empty without one."""
        return "" if self.picture is None else picture_digest(*self.native, self.picture.tobytes())


def frame(facts: ModelFacts, asked: tuple[int, int] | None, first_frame: Path | None) -> Framing:
    """The framing for a delivered size (width, height) and a picture file, both as asked.

    A size the model makes is made natively; a picture without a size decides the aspect. Raises UsageError
    for a size that cannot be delivered and a file that is no picture.
    """
    from rushes.media.delivery import Crop, check_size
    from rushes.media.picture import cover, read_picture

    defaults = facts.defaults
    native, crop = (defaults.width, defaults.height), Crop(*defaults.crop)
    picture = None if first_frame is None else read_picture(first_frame)
    if asked is None and picture is not None:
        height, width, _ = picture.shape
        native = size_near(width, height, native[0] * native[1], PATCH * facts.compression.height)
        crop = Crop(0, 0, native[1], native[0])
    elif asked in defaults.sizes:
        native = asked
        crop = Crop(0, 0, native[1], native[0])
    delivered = asked or (USUAL if USUAL[0] * crop.height == USUAL[1] * crop.width else _whole(crop))
    check_size(*delivered, crop)
    return Framing(native, crop, delivered, None if picture is None else cover(picture, *native))


def _whole(crop: "Crop") -> tuple[int, int]:
    return crop.width, crop.height
