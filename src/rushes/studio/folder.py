"""Takes as an ordinary folder that a person can read: ``FOX/sq010/sh0030/SQ010_SH0030_v003.mp4`` and a JSON.

What lies in it may be sent to anybody: no file holds a prompt. The folder is a view: it can be removed and
laid out again. Its clips share the store's bytes where the file system allows it.
"""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rushes.media.files import replacing
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore
from rushes.studio.projects import find_project
from rushes.studio.reviews import choices_in, notes_of
from rushes.studio.takes import Take, master_of, renditions_of

# Facts of a recipe that hold nothing of what was asked.
_FACTS = ("rushes", "made", "machine", "seconds", "resumed_after_step", "not_installed")
CLIP, SHEET = "clip", "sheet"


def take_path(root: Path, project_code: str, take: Take) -> Path:
    """Where a take's clip lies, below ``root``."""
    sequence, shot, _ = take.code.split("_")
    return root / project_code / sequence.lower() / shot.lower() / f"{take.code}.mp4"


def lay_out(desk: Desk, files: FileStore, root: Path, take: Take) -> Path | None:
    """Let a made take appear in the folder; its clip's path, None while it is not made or its files went."""
    master = master_of(desk, take.id)
    if master is None or not files.path(desk.tenant_id, master.sha256).exists():
        return None
    clip = take_path(root, find_project(desk, take.project_id).code, take)
    clip.parent.mkdir(parents=True, exist_ok=True)
    shown = {rendition.name: rendition.sha256 for rendition in renditions_of(desk, take.id)}
    _place(files.path(desk.tenant_id, shown.get(CLIP, master.sha256)), clip)
    if SHEET in shown:
        _place(files.path(desk.tenant_id, shown[SHEET]), clip.with_suffix(".png"))
    document = json.dumps(sidecar(desk, take), ensure_ascii=False, indent=1) + "\n"
    with replacing(clip.with_suffix(".json")) as partial:
        partial.write_text(document, encoding="utf-8")
    return clip


def take_away(root: Path, project_code: str, take: Take) -> None:
    """Let a take's pictures leave the folder; what is known of it stays."""
    clip = take_path(root, project_code, take)
    for path in (clip, clip.with_suffix(".png")):
        path.unlink(missing_ok=True)


def take_document(desk: Desk, take: Take) -> dict[str, Any]:
    """All there is to know about a take, as plain values."""
    master = master_of(desk, take.id)
    choice = choices_in(desk, take.project_id).get(take.id)
    return {
        "format": "rushes-take-1",
        "code": take.code,
        "id": take.id,
        "origin": asdict(take.origin),
        "inputs": [asdict(each) for each in take.inputs],
        "request": asdict(take.request),
        "choice": choice,
        "notes": [asdict(note) for note in notes_of(desk, take.id)],
        "master": None if master is None else master.sha256,
        "renditions": {rendition.name: rendition.sha256 for rendition in renditions_of(desk, take.id)},
        "recipe": None if master is None else master.recipe,
    }


def sidecar(desk: Desk, take: Take) -> dict[str, Any]:
    """What may be known of a take by whoever gets its clip: no words of ours, neither asked nor noted."""
    document = take_document(desk, take)
    recipe = document["recipe"] or {"stages": (), "recorded": {}}
    stages = [{name: stage[name] for name in ("name", "revision", "key")} for stage in recipe["stages"]]
    facts = {name: recipe["recorded"][name] for name in _FACTS if name in recipe["recorded"]}
    told = {name: document[name] for name in ("format", "code", "id", "choice", "master", "renditions")}
    return {**told, "seed": take.request.seed, "recipe": {"stages": stages, "recorded": facts}}


def _place(source: Path, target: Path) -> None:
    with replacing(target) as partial:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)
