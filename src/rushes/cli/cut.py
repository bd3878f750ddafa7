"""``rushes cut``: circled takes one after the other, as a timeline of the project and as a film."""

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.media.video import VideoFacts
    from rushes.studio.cuts import Cut, NewClip
    from rushes.studio.projects import Project
    from rushes.studio.takes import Take

_PART = re.compile(r"(?P<code>[^:]+)(:(?P<start>\d{1,8})-(?P<end>\d{1,8})?)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
CLIP = "clip"


def cut(  # noqa: PLR0913  typer reads options from arguments
    clips: Annotated[
        list[str] | None,
        typer.Argument(
            help="Circled takes; TAKE:12-48 from frame 12 up to before 48. None: one of each shot."
        ),
    ] = None,
    *,
    name: Annotated[str, typer.Option(help="What the cut is called.")] = "rough",
    title: Annotated[str, typer.Option(help="In any language.")] = "",
    script_order: Annotated[bool, typer.Option("--script-order", help="By the places of shots.")] = False,
    show: Annotated[bool, typer.Option("--show", help="The cut as it is; nothing new is made.")] = False,
    output: Annotated[Path | None, typer.Option(help="MP4 to write it to, too.")] = None,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Put circled takes one after the other. A cut made again is a new revision; takes do not change."""
    from rushes.media.files import check_writable
    from rushes.studio.cuts import assembled, find_cut, in_script_order, put_cut

    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a cut: use letters, digits, - and _, at most 60")
    if show and (clips or title or script_order):
        raise UsageError("--show makes nothing: leave out takes, --title and --script-order")
    if output is not None:
        check_writable(output)
    studio = open_studio()
    ours, films = studio.project(project), Films(studio)
    if show:
        found = find_cut(studio.desk, ours.id, name)
    else:
        parts = _parts(studio, ours, clips) if clips else assembled(studio.desk, ours.id)
        if not parts:
            raise UsageError(f"no take of {ours.code} is circled: rushes review TAKE --circle")
        parts = in_script_order(studio.desk, ours.id, parts) if script_order else parts
        found = put_cut(studio.desk, ours, name, title, parts, films.seconds)
    document = _document(studio, ours, found)
    if output is not None:
        document["film"] = str(output)
        films.write(found, output)
    if as_json:
        print_json(document)
    else:
        _print(document)


class Films:
    """The finished clips of takes, each looked at once."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._known: dict[str, tuple[Path, VideoFacts]] = {}

    def seconds(self, take: "Take") -> Fraction:
        """How long a made take is."""
        facts = self._of(take.id, take.code)[1]
        return facts.num_frames / facts.frame_rate

    def write(self, found: "Cut", output: Path) -> None:
        """The cut as a film, at the rate its frames are counted at."""
        from rushes.media.reel import Part, write_reel

        parts = [
            Part(*self._of(clip.take_id, clip.take_id), clip.in_frame, clip.out_frame) for clip in found.clips
        ]
        write_reel(parts, found.frame_rate, output)

    def _of(self, take_id: str, code: str) -> "tuple[Path, VideoFacts]":
        """Raises UsageError where there is no finished clip (any more)."""
        from rushes.media.video import probe
        from rushes.studio.takes import renditions_of

        if take_id not in self._known:
            desk = self._studio.desk
            made = [each for each in renditions_of(desk, take_id) if each.name == CLIP]
            path = self._studio.files.path(desk.tenant_id, made[-1].sha256) if made else None
            if path is None or not path.exists():
                raise UsageError(f"{code} has no finished clip: rushes reproduce makes it again")
            self._known[take_id] = path, probe(path)
        return self._known[take_id]


def _parts(studio: Studio, project: "Project", clips: list[str]) -> "list[NewClip]":
    """As they were written. Raises UsageError for what names no part of a take."""
    from rushes.studio.cuts import NewClip
    from rushes.studio.takes import find_take

    parts = []
    for text in clips:
        found = _PART.fullmatch(text)
        if found is None:
            raise UsageError(f"{text!r} is no part of a take: write TAKE, TAKE:12-48 or TAKE:12-")
        take = find_take(studio.desk, found["code"].replace("_V", "_v"), project.id)
        parts.append(NewClip(take.id, int(found["start"] or 0), int(found["end"]) if found["end"] else None))
    return parts


def _document(studio: Studio, project: "Project", found: "Cut") -> dict[str, Any]:
    """The cut for programs; frames at the project's rate, [in, out)."""
    from rushes.studio.takes import takes_in

    codes = {take.id: take.code for take in takes_in(studio.desk, project.id)}
    clips, start = [], 0
    for clip in found.clips:
        clips.append(
            {
                "take": codes[clip.take_id], "in_frame": clip.in_frame, "out_frame": clip.out_frame,
                "record_in": start, "record_out": start + clip.num_frames,
            }
        )  # fmt: skip
        start += clip.num_frames
    return {
        "project": project.code, "name": found.name, "title": found.title, "revision": found.revision,
        "frame_rate": str(found.frame_rate), "num_frames": found.num_frames, "clips": clips, "film": None,
    }  # fmt: skip


def _print(document: dict[str, Any]) -> None:
    for clip in document["clips"]:
        place = f"{clip['record_in']}-{clip['record_out']}"
        print(f"{place:>13}  {clip['take']}  {clip['in_frame']}-{clip['out_frame']}")
    seconds = float(document["num_frames"] / Fraction(document["frame_rate"]))
    film = f", {document['film']}" if document["film"] else ""
    print(
        f"{document['name']}, revision {document['revision']}: {document['num_frames']} frames at "
        f"{document['frame_rate']} ({seconds:.2f} s){film}"
    )
