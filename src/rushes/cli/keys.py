"""``rushes keys``: who may use the server from elsewhere."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, print_json
from rushes.core.errors import UsageError
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.service.keys import KeyFile

keys = typer.Typer(help="Keys of the server: new, list, rotate, revoke.", no_args_is_help=True)


@keys.command(epilog="Example: rushes keys new lin --tenant studio --days 90")
def new(
    person: Annotated[str, typer.Argument(help="Whose key it is.")],
    *,
    tenant: Annotated[str, typer.Option(help="The house they work for; sees only its own work.")] = "local",
    scope: Annotated[list[str] | None, typer.Option(help="read, write, review, operate; repeatable.")] = None,
    days: Annotated[float | None, typer.Option(min=0, help="How long it opens. Default: for ever.")] = None,
) -> None:
    """Make a key and print it, this once."""
    from rushes.service.keys import Scope

    asked = scope or [Scope.READ, Scope.WRITE]
    wrong = [each for each in asked if each not in list(Scope)]
    if wrong:
        raise UsageError(f"there is no scope {wrong[0]!r}: choose {', '.join(Scope)}")
    lasts_s = None if days is None else days * 86400
    print(_file().issue(tenant, person, [Scope(each) for each in asked], time.time(), lasts_s))


@keys.command(name="list", epilog="Example: rushes keys list --json")
def list_keys(*, as_json: AsJson = False) -> None:
    """Who has keys, without their text."""
    found = _file().all()
    if as_json:
        print_json([{**asdict(key), "digest": "kept"} for key in found])
        return
    for key in found:
        until = time.strftime("%Y-%m-%d", time.gmtime(key.expires_at)) if key.expires_at else "for ever"
        print(f"{key.id}  {key.tenant:<16} {key.person:<16} {','.join(key.scopes):<20} {until}")


@keys.command(epilog="Example: rushes keys rotate 3f9a --hours 24")
def rotate(
    key_id: Annotated[str, typer.Argument(help="The id that `rushes keys list` shows.")],
    *,
    hours: Annotated[float, typer.Option(min=0, help="How long the old key still opens.")] = 24.0,
) -> None:
    """Make a key like this one and print it, this once; the old one ends soon."""
    print(_file().rotate(key_id, time.time(), hours * 3600))


@keys.command(epilog="Example: rushes keys revoke 3f9a")
def revoke(key_id: Annotated[str, typer.Argument(help="The id that `rushes keys list` shows.")]) -> None:
    """Let a key open nothing from now on."""
    _file().revoke(key_id)


def _file() -> "KeyFile":
    from rushes.service.keys import KeyFile

    return KeyFile(Settings.from_environment().studio / "keys.json")
