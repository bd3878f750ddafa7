"""``rushes templates``: shots to be filled, one by one or from a table."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.core.errors import UsageError


def templates(
    name: Annotated[str, typer.Argument(help="Which template to fill; without, they are listed.")] = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", help="slot=value, a concept or words; repeatable.")
    ] = None,
    language: Annotated[str, typer.Option(help="zh, en, ja or ko.")] = "en",
    file: Annotated[Path | None, typer.Option(help="Your own templates, beside the library's.")] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="CSV with columns template, language, name and slots; NAME, --language stand in for those."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List shot templates, fill one, or fill many from a CSV table."""
    import json
    from dataclasses import asdict

    from rushes.language.templates import fill_rows, from_file, library

    known = {**library(), **(from_file(file) if file else {})}
    if table is not None:
        rows = list(fill_rows(known, read_table(table, language), name, language))
        print(json.dumps(dict(rows), ensure_ascii=False, indent=2) if as_json else _lines(rows))
    elif name:
        if name not in known:
            raise UsageError(f"There is no template {name!r}; choose one of {', '.join(known)}.")
        text = known[name].fill(read_pairs(values or []), language)
        print(json.dumps({"template": name, "text": text}, ensure_ascii=False) if as_json else text)
    elif as_json:
        print(json.dumps([asdict(template) for template in known.values()], ensure_ascii=False, indent=2))
    else:
        for template in known.values():
            slots = ", ".join(f"{slot}={given.default}" for slot, given in template.slots.items())
            print(f"{template.id:<20} {template.kind:<9} {slots}")


def read_pairs(values: list[str]) -> dict[str, str]:
    """``("place=forest",)`` -> slots and values; UsageError for what is no pair."""
    odd = [value for value in values if "=" not in value]
    if odd:
        raise UsageError(f"{odd[0]!r} is no slot=value.")
    found = {}
    for value in values:
        slot, _, given = value.partition("=")
        found[slot] = given
    return found


def read_table(table: Path, language: str = "") -> str:
    """The text of a table in any encoding a script may have, as Excel saves it; UsageError for no text.

    A table is short: what language its rows say they are in tells more of its encoding than its letters.
    """
    from rushes.language.concepts import LANGUAGES
    from rushes.language.screenplay.encoding import decode_script

    try:
        content = table.read_bytes()
    except OSError as error:
        raise UsageError(f"{table} cannot be read: {error.strerror}") from None
    cells = {cell.strip() for line in content.splitlines() for cell in line.split(b",")}
    said = [each for each in LANGUAGES if each.encode() in cells] or [language]
    return decode_script(content, table.name, said[0] if len(said) == 1 else "").text


def _lines(rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name}\t{text}" for name, text in rows)
