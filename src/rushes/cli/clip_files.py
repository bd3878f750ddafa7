"""The three files a person gets of a clip: FILE.mp4, contact sheet FILE.png, recipe FILE.json."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.core.errors import StoreError, UsageError

if TYPE_CHECKING:
    from rushes.cli.desk import Studio
    from rushes.studio.takes import Take


@dataclass(frozen=True)
class ClipFiles:
    """Where the files of one clip go."""

    video: Path

    @property
    def sheet(self) -> Path:
        """PNG."""
        return self.video.with_suffix(".png")

    @property
    def recipe(self) -> Path:
        """JSON."""
        return self.video.with_suffix(".json")

    def check(self, is_asked: bool, remedy: str) -> None:
        """Raise UsageError where they cannot go; nothing that exists is replaced unless ``is_asked``."""
        from rushes.media.files import check_writable

        if self.video.suffix.lower() != ".mp4":
            raise UsageError(f"output {str(self.video)!r} is not an MP4: let its name end in .mp4")
        for path in (self.video, self.sheet, self.recipe):
            check_writable(path)
            if not is_asked and path.exists():
                raise UsageError(f"{str(path)!r} exists: choose {remedy}")


def files_for(output: Path | None, seed: int, variants: int) -> list[ClipFiles]:
    """Where clips of words go; UsageError when they cannot. Without ``output`` nothing is replaced."""
    first = output or Path(f"take_{seed}.mp4")
    names = [first] + [first.with_stem(f"{first.stem}_v{n:03d}") for n in range(2, variants + 1)]
    clips = [ClipFiles(name) for name in names]
    for clip in clips:
        clip.check(output is not None, "another --seed, or --output to replace a file")
    return clips


def files_beside(output: Path | None, source: Path, ending: str) -> ClipFiles:
    """Where a clip made of ``source`` goes: ``output``, or beside it. Raises UsageError when it cannot."""
    clip = ClipFiles(output or source.with_name(f"{source.stem}_{ending}.mp4"))
    if clip.video.resolve() == source.resolve():
        raise UsageError(f"output {str(clip.video)!r} is the clip itself: choose another --output")
    clip.check(output is not None, "an --output to replace a file")
    return clip


def deliver_files(studio: "Studio", take: "Take", clip: ClipFiles) -> dict[str, Any]:
    """Copy what a made take published to where the person wants it; its recipe.

    Copies, so that nobody changes the studio's own bytes. Each file appears whole or not at all.
    """
    from rushes.media.files import replacing
    from rushes.studio.folder import CLIP, SHEET
    from rushes.studio.takes import master_of, renditions_of

    master = master_of(studio.desk, take.id)
    assert master is not None
    published = {each.name: each.sha256 for each in renditions_of(studio.desk, take.id)}
    recipe = dict(master.recipe)
    try:
        for name, target in ((CLIP, clip.video), (SHEET, clip.sheet)):
            with replacing(target) as partial:
                shutil.copyfile(studio.files.path(studio.desk.tenant_id, published[name]), partial)
        with replacing(clip.recipe) as partial:
            text = json.dumps(recipe, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{str(clip.video)!r} cannot be written ({error.strerror}): free some space, or choose another "
            "--output"
        ) from error
    return recipe
