"""The command line: the composition root, the only package that knows everybody. One file per verb.

A verb's file is read when it is used, and imports what it needs when it runs: help, checks and mistakes
answer at once.
"""

import atexit
import gc
import os
import signal
import sqlite3
import sys
from typing import Annotated, NoReturn

import typer

import rushes
from rushes.cli.verbs import Group
from rushes.core.errors import RushesError, StoreAwayError, StoreError

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def main() -> NoReturn:
    """Entry point of ``rushes``: an error becomes one sentence and its exit code."""
    # OpenMP threads that spin while they wait stall each other for seconds when another program shares the
    # cores. Read once, when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # The last search for garbage goes through the whole lexicon and torch: up to a second for nothing.
    atexit.register(gc.freeze)
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
