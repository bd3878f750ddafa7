"""``rushes project``: make projects, list them, set what they may use."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.cli.desk import AsJson, Studio, open_studio, print_json
from rushes.cli.screen import counted
from rushes.core.errors import UsageError
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.studio.projects import Project

project = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Projects: new, list, budget, policy, keep, tidy, export, import; backup and restore of all.",
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
        limit = "no limit" if each.budget_s is None else f"of {each.budget_s:.10g} s"
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
    print(f"project {found.code}: " + ("no limit" if seconds is None else f"at most {seconds:.10g} s"))


@project.command(epilog="Example: rushes project policy FOX --safety fox.toml --price '0.002 EUR'")
def policy(
    code: Annotated[str, typer.Argument(help="Code of the project; INBOX is that of takes without one.")],
    *,
    remote: Annotated[
        bool | None, typer.Option("--remote/--no-remote", help="May its words be sent to hosted models?")
    ] = None,
    safety: Annotated[
        Path | None, typer.Option(help="TOML with rules on words beside the house's (docs/safety.md).")
    ] = None,
    price: Annotated[
        str, typer.Option(help="Of a second of machine time, like '0.002 EUR'. Default: RUSHES_PRICE.")
    ] = "",
) -> None:
    """Say what holds in a project: whether its words may leave this machine, stricter rules, its price."""
    from rushes.core.price import parse_price
    from rushes.safety.gate import open_gate
    from rushes.studio.projects import INBOX, set_policy

    studio = open_studio()
    found = studio.project("" if code.upper() == INBOX else code)
    if remote is None and safety is None and not price:
        raise UsageError("nothing was said: add --remote or --no-remote, --safety FILE or --price")
    if remote is not None:
        set_policy(studio.desk, found.id, "remote", remote)
        print(f"project {found.code}: its words " + ("may go to hosted models" if remote else "stay here"))
    if safety is not None:
        document = _toml(safety)
        open_gate(Settings.from_environment().policy).check(document)
        set_policy(studio.desk, found.id, "safety", document)
        print(f"project {found.code}: {len(document.get('rule', ()))} rules of its own")
    if price:
        set_policy(studio.desk, found.id, "price", asdict(parse_price(price)))
        print(f"project {found.code}: {price} for a second of machine time")


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error}): give a TOML file") from error


@project.command(epilog="Example: rushes project keep FOX 30")
def keep(
    code: Annotated[str, typer.Argument(help="Code of the project; ALL for those that say nothing.")],
    days: Annotated[float | None, typer.Argument(help="Days; none keeps takes for ever.")] = None,
    *,
    chosen_too: Annotated[
        bool, typer.Option("--chosen-too", help="Let current and circled takes go as well.")
    ] = False,
) -> None:
    """Say for how long files of takes are kept after their work ended; their records stay."""
    from rushes.studio.retention import Retention, set_retention

    studio = open_studio()
    project_id = "" if code.upper() == "ALL" else studio.project(code).id
    wanted = None if days is None else Retention(days * 86400, chosen_too)
    set_retention(studio.desk, project_id, wanted)
    print(f"{code.upper()}: " + ("kept for ever" if days is None else f"kept {days:g} days"))


@project.command(epilog="Example: rushes project tidy --json")
def tidy(*, as_json: AsJson = False) -> None:
    """Let go of files whose time is over, as a server does by itself."""
    from rushes.studio.folder import take_away
    from rushes.studio.projects import find_project
    from rushes.studio.retention import expire
    from rushes.studio.takes import find_take

    studio = open_studio()
    gone = expire(studio.desk.store, studio.files)
    for each in gone:
        if each.tenant_id == studio.desk.tenant_id:
            take = find_take(studio.desk, each.take_id)
            take_away(studio.folder, find_project(studio.desk, take.project_id).code, take)
    if as_json:
        print_json([asdict(each) for each in gone])
    else:
        freed = sum(each.freed_bytes for each in gone)
        print(f"{counted(len(gone), 'take')} let go of {freed / 1e6:.1f} MB")


@project.command(epilog="Example: rushes project export FOX fox.zip")
def export(
    code: Annotated[str, typer.Argument(help="Code of the project.")],
    target: Annotated[Path, typer.Argument(help="A folder to write it into, or a new FILE.zip.")],
) -> None:
    """Write a whole project as a folder that a person can read, or as a zip of it."""
    from rushes.studio.export import export_project, export_zip

    studio = open_studio()
    write = export_zip if target.suffix.lower() == ".zip" else export_project
    print(f"wrote {write(studio.desk, studio.files, studio.project(code), target)}")


@project.command(name="import", epilog="Example: rushes project import fox.zip")
def import_(
    source: Annotated[Path, typer.Argument(help="FILE.zip, or the project's own folder.", exists=True)],
) -> None:
    """Take an exported project in; its ids, numbers and bytes stay the same."""
    from rushes.studio.export import import_project, import_zip

    studio = open_studio()
    read = import_project if source.is_dir() else import_zip
    code = read(studio.desk, studio.files, source)
    print(f"project {code}: {_lay_out_all(studio, studio.project(code))} takes")


@project.command(epilog="Example: rushes project backup /mnt/disk/studio-monday")
def backup(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Copy the whole studio as it is now, also while workers run."""
    from rushes.studio.backup import back_up

    studio = open_studio()
    print(f"wrote {folder}: the database and {back_up(studio.desk.store, studio.files, folder)} files")


@project.command(epilog="Example: rushes project restore /mnt/disk/studio-monday")
def restore(folder: Annotated[Path, typer.Argument(help="What backup wrote.", exists=True)]) -> None:
    """Put a backup where no studio is yet."""
    from rushes.studio.backup import restore as put_back
    from rushes.studio.projects import list_projects

    home = Settings.from_environment().studio
    put_back(folder, home)
    studio = open_studio()
    for each in list_projects(studio.desk):
        _lay_out_all(studio, each)
    print(f"restored {home}: rushes doctor --thorough examines it")


def _lay_out_all(studio: Studio, ours: "Project") -> int:
    """Let the takes of a project appear in the studio's folder, which is not part of what was kept."""
    from rushes.studio.folder import lay_out
    from rushes.studio.takes import takes_in

    takes = takes_in(studio.desk, ours.id)
    for take in takes:
        lay_out(studio.desk, studio.files, studio.folder, take)
    return len(takes)
