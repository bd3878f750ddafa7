"""``rushes retake``: a note becomes a take with one thing changed, the seed held."""

from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.cli.screen import Screen
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.studio.reviews import Note
    from rushes.studio.takes import Take


def retake(
    take: Annotated[str, typer.Argument(help="Code of the take to make again, like SQ010_SH0030_v003.")],
    *,
    prompt: Annotated[
        str, typer.Option(help="The new words. Default: from the take's newest open note.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Make it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, make nothing.")] = False,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Make a take again with one thing changed, as its note asks; the seed and all else stay."""
    from rushes.cli.camera import Camera
    from rushes.cli.shot_takes import make_all
    from rushes.cli.take_steps import Filmer, estimator
    from rushes.cli.watching import Watching
    from rushes.studio.retake import Patch, asked_again, patch_for
    from rushes.studio.retake import retake as submit_retake
    from rushes.studio.shooting import Terms
    from rushes.studio.takes import find_take

    studio = open_studio()
    screen = Screen(False, as_json)
    found = find_take(studio.desk, take, studio.project(project).id if project else None)
    note = None if prompt else _open_note(studio, found)
    patch = (
        Patch(found.request.prompt, prompt, "as given")
        if note is None
        else patch_for(found.request.prompt, note.text)
    )
    for line in patch.diff():
        screen.say("words", line)
    screen.say("why", patch.reason)
    if dry_run:
        if as_json:
            print_json({"before": patch.before, "after": patch.after, "diff": patch.diff()})
        return
    if not yes and not typer.confirm("Make it?", err=as_json):
        raise UsageError("nothing was made: give other words with --prompt, or --yes to go on")
    request = asked_again(studio.desk, found, patch.after)
    seconds = estimator(studio.files)(studio.desk, request, found.inputs)
    new = submit_retake(studio.desk, found, patch.after, note, Terms(is_held=True, estimate_s=seconds))
    documents = make_all(studio, [new], screen, Filmer(Camera(Watching(screen)), studio.files))
    changed = _changed(studio, found, new.take)
    for name, (before, after) in changed.items():
        screen.say("changed", f"{name}: {before} -> {after}")
    if as_json:
        print_json({"takes": documents, "changed": changed})


def _open_note(studio: Studio, take: "Take") -> "Note":
    from rushes.studio.reviews import Source, notes_of

    open_notes = [note for note in notes_of(studio.desk, take.id) if note.closed_at is None]
    ours = [note for note in open_notes if note.source is Source.PERSON]
    if not ours:
        raise UsageError(
            f'{take.code} has no open note: write one with rushes review --note "snow, not rain"'
        )
    return ours[-1]


def _changed(studio: Studio, before: "Take", after: "Take") -> dict[str, tuple[object, object]]:
    """What differs between the recipes of two made takes; between their requests while one is not made."""
    from rushes.studio.retake import changes, recipe_changes
    from rushes.studio.takes import master_of

    old, new = master_of(studio.desk, before.id), master_of(studio.desk, after.id)
    if old is None or new is None:
        return changes(before.request, after.request)
    return recipe_changes(old.recipe, new.recipe)
