"""Thumbnail, sprite sheet and its cues of a take: made on first demand, kept by hash beside its clip."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore

from sqlalchemy.exc import IntegrityError

from rushes.core.errors import MissingError, StoreError
from rushes.core.recipe import Recipe, Stage
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, StoredFile, pin, record
from rushes.studio.store import new_id
from rushes.studio.takes import Rendition, add_rendition, renditions_of

CLIP = "clip"
THUMBNAIL, SPRITES, CUES = "thumbnail", "sprites", "sprites.vtt"
REVISION = 1
# Names as rushes.media.stills writes them, which is not imported: it would load a decoder.
_MADE = {
    THUMBNAIL: ("thumbnail.webp", "image/webp"),
    SPRITES: ("sprites.jpg", "image/jpeg"),
    CUES: ("sprites.vtt", "text/vtt"),
}
_CHILD = "rushes.media.stills"
_TIMEOUT_S = 120.0
_AT_ONCE = BoundedSemaphore(2)


def stills_of(desk: Desk, kept: FileStore, take_id: str) -> Mapping[str, Rendition]:
    """The three by name. MissingError without a clip, StoreError for one that cannot be read."""
    clip, found = _known(desk, take_id)
    if _are_there(desk, kept, found):
        return found
    with _AT_ONCE:
        clip, found = _known(desk, take_id)
        if not _are_there(desk, kept, found):
            _make(desk, kept, clip)
    return _known(desk, take_id)[1]


def _known(desk: Desk, take_id: str) -> tuple[Rendition, dict[str, Rendition]]:
    """The newest clip, and what was made of it."""
    all_of_it = renditions_of(desk, take_id)
    clips = [each for each in all_of_it if each.name == CLIP]
    if not clips:
        raise MissingError(f"{take_id} has no clip: wait until it is made")
    key = _recipe(clips[-1]).key("stills")
    return clips[-1], {each.name: each for each in all_of_it if each.name in _MADE and each.key == key}


def _are_there(desk: Desk, kept: FileStore, found: Mapping[str, Rendition]) -> bool:
    return len(found) == len(_MADE) and all(
        kept.path(desk.tenant_id, each.sha256).exists() for each in found.values()
    )


def _make(desk: Desk, kept: FileStore, clip: Rendition) -> None:
    source = kept.path(desk.tenant_id, clip.sha256)
    if not source.exists():
        raise MissingError("the clip is gone: make the take again")
    with kept.scratch() as folder:
        _run(source, folder)
        stored = {
            name: kept.take_in(desk.tenant_id, folder / file, media_type)
            for name, (file, media_type) in _MADE.items()
        }
    try:
        _keep(desk, kept, clip, stored)
    except IntegrityError:
        # Another server made the same ones at the same moment.
        return


def _keep(desk: Desk, kept: FileStore, clip: Rendition, stored: Mapping[str, StoredFile]) -> None:
    recipe = _recipe(clip)
    with desk.store.write() as connection:
        for name, file in stored.items():
            record(connection, desk.store, kept, desk.tenant_id, file)
            pin(connection, desk.tenant_id, file.sha256, f"{clip.take_id} {name}")
            made = Rendition(
                new_id("rendition"), clip.take_id, name, file.sha256, file.media_type, recipe.key("stills"),
                recipe.document(), desk.store.now(connection),
            )  # fmt: skip
            add_rendition(connection, desk, made)


def _recipe(clip: Rendition) -> Recipe:
    return Recipe((Stage("clip", 1, {"sha256": clip.sha256}), Stage("stills", REVISION, {})), {})


def _run(clip: Path, folder: Path) -> None:
    """In a process of its own: a decoder's memory goes with it, and a clip that hangs it hangs nobody."""
    command = [sys.executable, "-I", "-m", _CHILD, str(clip), str(folder)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise StoreError(f"the clip could not be read within {_TIMEOUT_S:g} s: try again") from None
    if done.returncode != 0:
        raise StoreError("the clip cannot be read: run rushes doctor --thorough")
