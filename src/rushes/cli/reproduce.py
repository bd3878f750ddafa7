"""``rushes reproduce``: make a take again from its request and compare it with what is kept."""

from typing import Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, open_studio, print_json
from rushes.cli.screen import Screen
from rushes.core.errors import FlaggedError, UsageError


def reproduce(
    take: Annotated[str, typer.Argument(help="Code of a made take, like SQ010_SH0030_v003.")],
    *,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Make a take's master again and compare it bit for bit; the take itself stays as it is.

    Files of it that were lost or damaged are put back where the same bytes come out. The same machine and
    versions give the same frames. Exit code 4 when they differ, with what changed.
    """
    from rushes.cli.camera import Camera
    from rushes.cli.take_plan import plan_take
    from rushes.cli.take_steps import Filmer
    from rushes.cli.watching import Watching
    from rushes.hosted.models import find_hosted
    from rushes.studio.doctor import put_back
    from rushes.studio.files import hash_file
    from rushes.studio.folder import lay_out
    from rushes.studio.production import MASTER, Made, Work
    from rushes.studio.retake import recipe_changes
    from rushes.studio.takes import find_take, master_of

    studio = open_studio()
    found = find_take(studio.desk, take, studio.project(project).id if project else None)
    if find_hosted(found.request.model) is not None:
        raise UsageError(
            f"{found.code} is of {found.request.model}, which nobody can run here: its master is what came"
        )
    master = master_of(studio.desk, found.id)
    if master is None:
        raise UsageError(f"{found.code} is not made yet: rushes queue shows how far it is")
    with Filmer(Camera(Watching(Screen(as_json, as_json))), studio.files) as filmer:
        planned = plan_take(found.request, filmer.given(found, studio.desk.tenant_id))
        step = next(each for each in filmer.camera.steps(planned) if MASTER in each.publishes)
        work = Work(found, False, {}, studio.files, studio.desk.tenant_id)
        stages = {"stages": [_plain(stage) for stage in step.recipe(work)]}
        with studio.files.scratch() as folder:
            assert step.make is not None
            made = [each for each in step.make(work, folder) if isinstance(each, Made)][-1]
            is_same = hash_file(made.files[MASTER])[0] == master.sha256
            every = [
                *made.files.values(),
                *(path for each in made.ahead.values() for path in each.files.values()),
            ]
            restored = put_back(studio.desk, studio.files, every)
    if restored:
        lay_out(studio.desk, studio.files, studio.folder, found)
    names = {stage["name"] for stage in stages["stages"]}
    ours = {"stages": [stage for stage in master.recipe["stages"] if stage["name"] in names]}
    changed = recipe_changes(ours, stages)
    if as_json:
        print_json({"take": found.code, "same": is_same, "changed": changed, "put_back": restored})
    else:
        for name, (before, after) in changed.items():
            print(f"changed {name}: {before} -> {after}")
        print(f"{found.code}: " + ("the same master, bit for bit" if is_same else "another master"))
        if restored:
            print(f"{restored} of its files were missing or damaged: put back")
    if not is_same:
        raise FlaggedError(
            f"{found.code} came out otherwise: see what changed, and the machine in its recipe"
        )


def _plain(stage: object) -> dict[str, object]:
    """A stage as it stands in a kept recipe."""
    import json
    from dataclasses import asdict

    from rushes.core.recipe import Stage, canonical_json

    assert isinstance(stage, Stage)
    plain: dict[str, object] = json.loads(canonical_json(asdict(stage)))
    return plain
