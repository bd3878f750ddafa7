"""A clip as a model takes it: from its MP4; and the words of the recipe beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.cli.framing import fill
from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts

if TYPE_CHECKING:
    from rushes.media.picture import Picture


@dataclass(frozen=True)
class Footage:
    """``frames`` uint8 (T, H, W, 3) at a model's own size and rate; ``size`` (width, height) the file's."""

    frames: "Picture"
    size: tuple[int, int]


def read_footage(path: Path, facts: ModelFacts) -> Footage:
    """Any MP4. Raises UsageError for what is no clip."""
    import av
    import numpy as np

    from rushes.engine.given import to_rate
    from rushes.media.delivery import Crop
    from rushes.media.video import probe, read_frames

    if not path.is_file():
        raise UsageError(f"clip {str(path)!r} is no file: give an MP4")
    try:
        found = probe(path)
        pictures = list(read_frames(path))
    except (av.FFmpegError, IndexError, OSError):
        raise UsageError(f"{str(path)!r} is no clip: give an MP4 file") from None
    if not pictures or not found.frame_rate:
        raise UsageError(f"{str(path)!r} holds no pictures: give an MP4 file")
    defaults = facts.defaults
    native, crop = (defaults.width, defaults.height), Crop(*defaults.crop)
    chosen = to_rate(pictures, found.frame_rate, defaults.frame_rate)
    frames = np.stack([fill(picture, native, crop) for picture in chosen])
    return Footage(frames, (found.width, found.height))


def read_end(path: Path, facts: ModelFacts, index: int, is_clip: bool) -> "Picture":
    """One picture (H, W, 3) at a model's size: a picture file, or frame ``index`` of a clip."""
    from rushes.media.delivery import Crop
    from rushes.media.picture import read_picture

    if is_clip:
        ends: Picture = read_footage(path, facts).frames[index]
        return ends
    defaults = facts.defaults
    return fill(read_picture(path), (defaults.width, defaults.height), Crop(*defaults.crop))


def words_of(clip: Path, given: str | None, option: str) -> str:
    """What a clip shows: as ``given``, or as its recipe says. Raises UsageError where neither does."""
    if not clip.is_file():
        raise UsageError(f"clip {str(clip)!r} is no file: give an MP4")
    words = given or _prompt_of(clip.with_suffix(".json"))
    if not words:
        raise UsageError(f"no recipe beside the clip says what it shows: say it with {option}")
    return words


def _prompt_of(path: Path) -> str:
    """The prompt of a recipe, empty without one."""
    try:
        stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
        return next(str(each["settings"]["prompt"]) for each in stages if each["name"] == "enhance")
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return ""
