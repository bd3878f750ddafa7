"""``rushes project``: make projects, list them, set what they may use."""

from dataclasses import asdict
from typing import Annotated

import typer

from rushes.cli.desk import AsJson, open_studio, print_json
from rushes.core.errors import UsageError

project = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Projects: new, list, budget.",
    epilog="Example: rushes project new FOX --title 狐狸 --frame-rate 24000/1001",
)


@project.command(epilog="Example: rushes project new FOX --title 狐狸 --frame-rate 24000/1001 --ratio 2.39:1")
def new(
    code: Annotated[str, typer.Argument(help="Short name for files: A-Z, 0-9 and -.")],
    *,
    title: Annotated[str, typer.Option(help="In any language.")] = "",
    frame_rate: Annotated[str, typer.Option(help="Frames a second, like 24 or 24000/1001.")] = "24",
    ratio: Annotated[str, typer.Option(help="Of the picture, like 16:9 or 2.39:1.")] = "16:9",
    budget: Annotated[float | None, typer.Option(help="Seconds of machine time it may use.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a project."""
    from fractions import Fraction

    from rushes.studio.projects import NewProject, new_project

    try:
        rate = Fraction(frame_rate)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"frame rate {frame_rate!r} is no number: write it like 24 or 24000/1001") from None
    made = new_project(open_studio().desk, NewProject(code.upper(), title, rate, ratio, budget_s=budget))
    if as_json:
        print_json(asdict(made))
    else:
        print(f"project {made.code}: {made.frame_rate} fps, {made.ratio}")


@project.command(name="list", epilog="Example: rushes project list --json")
def list_all(*, as_json: AsJson = False) -> None:
    """List projects, with what they have used of their budgets."""
    from rushes.studio.projects import list_projects

    found = list_projects(open_studio().desk)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        limit = "no limit" if each.budget_s is None else f"of {each.budget_s:.0f} s"
        print(
            f"{each.code:<12} {each.spent_s:.0f} s used, {each.reserved_s:.0f} s put aside, {limit}"
            f"  {each.title}"
        )


@project.command(epilog="Example: rushes project budget FOX 3600")
def budget(
    code: Annotated[str, typer.Argument(help="Code of the project.")],
    seconds: Annotated[
        float | None, typer.Argument(help="Machine seconds in all; none lifts the limit.")
    ] = None,
) -> None:
    """Set how many seconds of machine time a project may use in all."""
    from rushes.studio.projects import set_budget

    studio = open_studio()
    found = studio.project(code)
    set_budget(studio.desk, found.id, seconds)
    print(f"project {found.code}: " + ("no limit" if seconds is None else f"at most {seconds:.0f} s"))
