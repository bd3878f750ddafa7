"""The command line: the composition root, the only package that knows everybody. One file per verb.

Verbs import what they need when they run, so that help, checks and mistakes answer at once.
"""

import os
import signal
import sqlite3
import sys
from typing import Annotated, NoReturn

import typer

import rushes
from rushes.cli.batch import batch
from rushes.cli.between import between
from rushes.cli.bible import bible
from rushes.cli.break_ import break_
from rushes.cli.compare import compare
from rushes.cli.cut import cut
from rushes.cli.doctor import doctor
from rushes.cli.edit import edit
from rushes.cli.enhance import enhance
from rushes.cli.evaluate import evaluate
from rushes.cli.extend import extend
from rushes.cli.keys import keys
from rushes.cli.lint import lint
from rushes.cli.models import models
from rushes.cli.parse import parse
from rushes.cli.pick import pick
from rushes.cli.project import project
from rushes.cli.queue import queue
from rushes.cli.reproduce import reproduce
from rushes.cli.retake import retake
from rushes.cli.review import review
from rushes.cli.serve import serve
from rushes.cli.shoot import shoot
from rushes.cli.shots import shots
from rushes.cli.show import show
from rushes.cli.templates import templates
from rushes.cli.train import train
from rushes.cli.variants import variants
from rushes.cli.warm import warm
from rushes.cli.world import world
from rushes.core.errors import RushesError, StoreAwayError, StoreError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


def main() -> NoReturn:
    """Entry point of ``rushes``: an error becomes one sentence and its exit code."""
    # OpenMP threads that spin while they wait stall each other for seconds when another program shares the
    # cores; sleeping costs nothing measurable on an idle machine. Read once, when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except RushesError as error:
        print(f"rushes: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        told = _of_the_database(error)
        if told is None:
            raise
        print(f"rushes: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
    sys.exit(0)


def _of_the_database(error: Exception) -> RushesError | None:
    """What the database says, in a sentence; None for any other error."""
    if "sqlalchemy.exc" not in sys.modules:
        return None
    from sqlalchemy.exc import DatabaseError, OperationalError

    from rushes.studio.store import damaged_database, database_error

    # SQLite's own word for a torn file; what we asked wrongly has types of its own.
    if isinstance(error, DatabaseError) and type(error.orig) is sqlite3.DatabaseError:
        return StoreError(damaged_database("the studio's database", error))
    if not isinstance(error, OperationalError):
        return None
    told = database_error(error)
    return StoreAwayError(f"{told}: run this again when it is back") if type(told) is StoreAwayError else told


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"rushes {rushes.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Words into shots, shots into a rough cut."""


app.command(epilog='Example: rushes shoot "a red fox leaps over snow at dusk" --seconds 5 --variants 3')(
    shoot
)
app.command(epilog='Example: rushes pick a.mp4 b.mp4 --prompt "a red fox leaps over snow"')(pick)
app.command(epilog='Example: rushes edit take_7.mp4 --to "snow"')(edit)
app.command(epilog="Example: rushes extend take_7.mp4 --seconds 10")(extend)
app.command(epilog='Example: rushes between first.png last.png --prompt "a red fox runs over snow"')(between)
app.add_typer(models, name="models")
app.command(name="break", epilog="Example: rushes break script.fountain --output breakdown")(break_)
app.command(epilog="Example: rushes world --sheet world.png --seed 3")(world)
app.command(
    epilog="Example: rushes train --threads 1 --nice 19; from another terminal: rushes train --pause"
)(train)
app.command(epilog="Example: rushes bible script.fountain --output breakdown")(bible)
app.command(name="eval", epilog="Example: rushes eval --limit 24 --output evaluation")(evaluate)
app.command(epilog='Example: rushes parse "a red fox leaps over snow, no blood" --json')(parse)
app.command(epilog='Example: rushes lint "固定镜头，一只猫在睡觉" --negative "静态，过曝"')(lint)
app.command(epilog='Example: rushes enhance "a dog runs" --seed 3')(enhance)
app.command(epilog="Example: rushes templates previs_chase --set prey=fox --set place=forest --language ko")(
    templates
)
app.command(epilog='Example: rushes variants "a fox in rain" --axis weather=rain,snow --seeds 3')(variants)
app.command(epilog="Example: rushes warm previs_chase --set place=forest --seeds 4 --dry-run")(warm)
app.add_typer(project, name="project")
app.add_typer(keys, name="keys")
app.command(epilog="Example: rushes serve --port 8000")(serve)
app.command(epilog='Example: rushes shots SH0030 --text "a fox leaps over snow" --project FOX')(shots)
app.command(epilog="Example: rushes queue --work; rushes queue cancel job_5f0c")(queue)
app.command(epilog='Example: rushes review SQ010_SH0030_v003 --circle --note "12-24: snow, not rain"')(review)
app.command(epilog="Example: rushes retake SQ010_SH0030_v003 --yes")(retake)
app.command(epilog="Example: rushes show SQ010_SH0030_v003 --recipe")(show)
app.command(epilog="Example: rushes doctor --thorough")(doctor)
app.command(epilog="Example: rushes reproduce SQ010_SH0030_v003")(reproduce)
app.command(epilog="Example: rushes batch shots.csv --project FOX --dry-run")(batch)
app.command(epilog="Example: rushes compare SQ010_SH0030_v001 SQ010_SH0030_v002")(compare)
app.command(
    epilog="Example: rushes cut SQ010_SH0010_v002 SQ010_SH0020_v001:12-48 --project FOX --output fox.mp4"
)(cut)
