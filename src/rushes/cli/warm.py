"""``rushes warm``: shots of templates made before anybody asks, at night, and kept in the cache."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.cli.desk import AsJson, Studio, open_studio, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.cli.planned import Planned
    from rushes.studio.takes import TakeRequest

_BYTES_A_PIXEL = 3


@dataclass(frozen=True)
class Ahead:
    """A take that somebody may ask for, planned; ``seconds`` of machine time, known by ``basis``."""

    name: str
    request: "TakeRequest"
    planned: "Planned"
    seconds: float
    basis: str

    @property
    def most_bytes(self) -> int:
        """Native pictures as they are in memory: what is kept is compressed, and smaller."""
        request = self.planned.request
        return _BYTES_A_PIXEL * request.num_frames * request.height * request.width


def warm(  # noqa: PLR0913  typer reads options from arguments
    template: Annotated[str, typer.Argument(help="A template to fill; `rushes templates` lists them.")] = "",
    *,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="slot=value, a concept or words; repeatable.")
    ] = None,
    language: Annotated[str, typer.Option(help="zh, en, ja or ko.")] = "en",
    table: Annotated[
        Path | None, typer.Option(help="CSV with columns template, language, name and slots.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Your own templates, beside the library's.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=99, help="Seeds of each, from --seed on.")] = 1,
    seed: Annotated[int, typer.Option(help="The seed people will ask for.")] = 0,
    seconds: Annotated[str | None, typer.Option(help="Length. Default: the model's.")] = None,
    size: Annotated[str | None, typer.Option(help="Delivered size, WIDTHxHEIGHT.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps. Default: the model's.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show count, time and bytes, no more.")] = False,
    work: Annotated[bool, typer.Option("--work", help="Make what is queued at night now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue shots of templates behind all other work, so that who asks for them later finds them made."""
    from rushes.cli.take_plan import lasting_name

    told: dict[str, Any] = {"seconds": seconds, "size": size, "steps": steps}
    settings = {name: value for name, value in told.items() if value is not None}
    texts = _texts(template, values or [], language, table, file)
    studio = open_studio()
    wanted = _wanted(studio, texts, lasting_name(model), range(seed, seed + seeds), settings)
    whole: dict[str, Any] = {
        "clips": len(wanted),
        "estimate_s": round(sum(each.seconds for each in wanted), 1),
        "basis": wanted[0].basis,
        "most_bytes": sum(each.most_bytes for each in wanted),
    }
    if not as_json:
        print(
            f"{whole['clips']} clips, about {whole['estimate_s']:.0f} s by {whole['basis']}, at most "
            f"{whole['most_bytes'] / 1e6:.0f} MB of a cache of {studio.files.cache_bytes / 1e6:.0f} MB"
        )
    if not dry_run:
        whole["jobs"] = _queue(studio, wanted)
        if work:
            _make(studio)
    if as_json:
        print_json(whole)


def _texts(
    template: str, values: list[str], language: str, table: Path | None, file: Path | None
) -> list[tuple[str, str]]:
    """Names and descriptions of the shots."""
    from rushes.cli.templates import read_pairs, read_table
    from rushes.language.templates import fill_rows, from_file, library

    known = {**library(), **(from_file(file) if file else {})}
    if bool(template) == (table is not None):
        raise UsageError("name a template or a --table of them: rushes templates lists those there are")
    if table is not None:
        found = list(fill_rows(known, read_table(table)))
        if not found:
            raise UsageError(f"{table} has no rows: give one a shot")
        return found
    if template not in known:
        raise UsageError(f"there is no template {template!r}: choose one of {', '.join(known)}")
    return [(template, known[template].fill(read_pairs(values), language))]


def _wanted(
    studio: Studio, texts: list[tuple[str, str]], model: str, seeds: range, settings: dict[str, Any]
) -> list[Ahead]:
    """All of them, planned before any is queued; equal sizes take equally long."""
    from rushes.cli.shot_takes import foretold
    from rushes.cli.take_plan import plan_take
    from rushes.studio.takes import TakeRequest

    found, known = [], {}
    for name, text in texts:
        for seed in seeds:
            request = TakeRequest(text, seed, model, settings)
            planned = plan_take(request)
            length = planned.request.num_frames
            if length not in known:
                known[length] = foretold(studio, model, planned)
            found.append(Ahead(name, request, planned, *known[length]))
    return found


def _queue(studio: Studio, wanted: list[Ahead]) -> list[str]:
    """Ids of the jobs; the same shots on the same day are the same jobs."""
    from dataclasses import asdict

    from rushes.studio.jobs.submit import digest_of
    from rushes.studio.warming import submit_ahead

    today = date.today().isoformat()
    keys = [f"warm {today} {digest_of(asdict(each.request))}" for each in wanted]
    return [
        submit_ahead(studio.desk, each.request, key, each.seconds).id
        for each, key in zip(wanted, keys, strict=True)
    ]


def _make(studio: Studio) -> None:
    from rushes.cli.take_steps import work_off
    from rushes.studio.jobs.job import Lane

    work_off(studio, (Lane.NIGHT,))
