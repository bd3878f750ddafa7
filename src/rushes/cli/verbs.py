"""The verbs of the command line by name, each with an example; a verb's file is read when it is used."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

EXAMPLES = {
    "shoot": 'shoot "a red fox leaps over snow at dusk" --seconds 5 --variants 3',
    "pick": 'pick a.mp4 b.mp4 --prompt "a red fox leaps over snow"',
    "edit": 'edit take_7.mp4 --to "snow"',
    "extend": "extend take_7.mp4 --seconds 10",
    "between": 'between first.png last.png --prompt "a red fox runs over snow"',
    "models": "models pull wan2.2-t2v-a14b",
    "break": "break script.fountain --output breakdown",
    "world": "world --sheet world.png --seed 3",
    "train": "train --threads 1 --nice 19; from another terminal: rushes train --pause",
    "bible": "bible script.fountain --output breakdown",
    "eval": "eval --limit 24 --output evaluation",
    "parse": 'parse "a red fox leaps over snow, no blood" --json',
    "lint": 'lint "固定镜头，一只猫在睡觉" --negative "静态，过曝"',
    "enhance": 'enhance "a dog runs" --seed 3',
    "templates": "templates previs_chase --set prey=fox --set place=forest --language ko",
    "variants": 'variants "a fox in rain" --axis weather=rain,snow --seeds 3',
    "warm": "warm previs_chase --set place=forest --seeds 4 --dry-run",
    "project": "project new FOX --title 狐狸 --frame-rate 24000/1001",
    "keys": "keys new lin --tenant studio --days 90",
    "serve": "serve --port 8000",
    "shots": 'shots SH0030 --text "a fox leaps over snow" --project FOX',
    "queue": "queue --work; rushes queue cancel job_5f0c",
    "review": 'review SQ010_SH0030_v003 --circle --note "12-24: snow, not rain"',
    "retake": "retake SQ010_SH0030_v003 --yes",
    "show": "show SQ010_SH0030_v003 --recipe",
    "doctor": "doctor --thorough",
    "reproduce": "reproduce SQ010_SH0030_v003",
    "batch": "batch shots.csv --project FOX --dry-run",
    "compare": "compare SQ010_SH0030_v001 SQ010_SH0030_v002",
    "cut": "cut SQ010_SH0010_v002 SQ010_SH0020_v001:12-48 --project FOX --output fox.mp4",
}
# Files whose verb is no name of Python, or one of its own; every other file is named as its verb is.
FILES = {"break": "break_", "eval": "evaluate"}


class Verbs(Mapping[str, Any]):
    """Every verb's command by name, each made when it is asked for: making all takes longer than most run."""

    def __getitem__(self, name: str) -> Any:
        example, file = EXAMPLES[name], FILES.get(name, name)
        verb = getattr(import_module(f"rushes.cli.{file}"), file)
        command = get_group(verb) if isinstance(verb, typer.Typer) else get_command(_alone(verb))
        command.name, command.epilog = name, f"Example: rushes {example}"
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(EXAMPLES)

    def __len__(self) -> int:
        return len(EXAMPLES)


def _alone(verb: Callable[..., None]) -> typer.Typer:
    alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    alone.command()(verb)
    return alone


class Group(TyperGroup):
    """The group of all verbs."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, Verbs())
