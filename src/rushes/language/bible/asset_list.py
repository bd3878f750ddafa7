"""The asset list: every person, prop and place with the lines of the script it comes from."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.language.bible.entry import Bible, EntryKind, bible_words
from rushes.language.bible.resolve import Resolver
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.breakdown_file import safe_cell
from rushes.language.screenplay.element import FILMED, Element, ElementKind
from rushes.language.screenplay.lines import LineNumbers
from rushes.language.screenplay.people import speaker_names
from rushes.language.screenplay.scene import Scene
from rushes.language.screenplay.words import fold

_MOST_QUOTED = 80
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class AssetLine:
    """A line of the script, from 1, and its words."""

    line: int
    scene: str
    words: str


@dataclass(frozen=True)
class Asset:
    """One row: the entry's fields and where the script speaks of it."""

    id: str
    kind: EntryKind
    name: str
    aliases: tuple[str, ...]
    description: str
    scenes: tuple[str, ...]
    lines: tuple[AssetLine, ...]


def asset_list(breakdown: Breakdown, bible: Bible) -> tuple[Asset, ...]:
    """An asset for each entry, in the bible's order; names, aliases and pronouns are traced."""
    lines: dict[str, dict[int, AssetLine]] = {entry.id: {} for entry in bible.entries}
    resolver = Resolver(bible, breakdown.language)
    numbers = LineNumbers(breakdown.source)
    scenes = _Scenes(breakdown)
    names, places = bible.folded_names(), bible.places()
    speaker = ""
    for element in breakdown.elements:
        scene = scenes.at(element.start)
        number = scene.number if scene else ""
        ids = _entries_of(element, names, resolver, speaker)
        if element.kind is ElementKind.CHARACTER:
            speaker = next(iter(ids), "")
        elif element.kind in (ElementKind.SCENE_HEADING, ElementKind.ACTION):
            speaker = ""
        place = places.get(fold(scene.location)) if scene else None
        if element.kind is ElementKind.SCENE_HEADING and place:
            ids[place.id] = 0
        first, words = numbers.at(element.start), element.words.split("\n")
        for entry_id, row in ids.items():
            lines[entry_id].setdefault(first + row, AssetLine(first + row, number, _quoted(words[row])))
    return tuple(
        Asset(
            entry.id,
            entry.kind,
            entry.name,
            entry.aliases,
            entry.description,
            tuple(dict.fromkeys(line.scene for line in lines[entry.id].values() if line.scene)),
            tuple(lines[entry.id].values()),
        )
        for entry in bible.entries
    )


def _entries_of(element: Element, names: dict[str, str], resolver: Resolver, speaker: str) -> dict[str, int]:
    """Id of each entry an element names or means -> the element's line, from 0, where it does so first."""
    if element.kind is ElementKind.SCENE_HEADING:
        resolver.start_scene()
        return {}
    if element.kind is ElementKind.CHARACTER:
        return {names[fold(name)]: 0 for name in speaker_names(element.words) if fold(name) in names}
    if element.kind not in FILMED and element.kind is not ElementKind.CAST_LIST:
        return {}
    said_by = speaker if element.kind is ElementKind.DIALOGUE else ""
    found: dict[str, int] = {}
    for mention in resolver.read(element.words, said_by):
        found.setdefault(mention.entry_id, element.words.count("\n", 0, mention.span.start))
    return found


class _Scenes:
    """The scene an offset lies in; offsets must rise."""

    def __init__(self, breakdown: Breakdown) -> None:
        self._scenes = [scene for scene in breakdown.scenes if not scene.is_omitted]
        self._next = 0

    def at(self, offset: int) -> Scene | None:
        while self._next < len(self._scenes) and self._scenes[self._next].start <= offset:
            self._next += 1
        return self._scenes[self._next - 1] if self._next else None


def _quoted(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _MOST_QUOTED else line[: _MOST_QUOTED - 1] + "…"


def asset_rows(assets: tuple[Asset, ...], language: str) -> list[list[str]]:
    """The table with its head, in the script's language."""
    words: dict[str, Any] = bible_words()
    rows = [list(words["columns"][language])]
    for asset in assets:
        first = asset.lines[0].words if asset.lines else ""
        rows.append(
            [
                words["kinds"][language][asset.kind],
                asset.id,
                asset.name,
                ", ".join(asset.aliases),
                asset.description,
                " ".join(asset.scenes),
                " ".join(str(line.line) for line in asset.lines),
                first,
            ]
        )
    return rows


def asset_csv(assets: tuple[Asset, ...], language: str) -> str:
    """The table as CSV; no cell is a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in asset_rows(assets, language))
    return out.getvalue()


def write_asset_workbook(assets: tuple[Asset, ...], language: str, path: Path) -> None:
    """The table as XLSX with a second sheet of every line; every cell is text."""
    from openpyxl import Workbook  # noqa: PLC0415  a slow import that most runs do without

    words: dict[str, Any] = bible_words()
    book = Workbook()
    sheet = book.active
    sheet.title = words["title"][language]
    _fill(sheet, asset_rows(assets, language), (10, 24, 20, 24, 60, 16, 30, 60))
    columns = words["columns"][language]
    lines = [[columns[1], columns[2], columns[5], columns[6], columns[7]]]
    lines += [
        [asset.id, asset.name, line.scene, str(line.line), line.words]
        for asset in assets
        for line in asset.lines
    ]
    _fill(book.create_sheet(columns[6]), lines, (24, 20, 10, 10, 90))
    temporary = path.with_name(path.name + ".part")
    book.save(temporary)
    temporary.replace(path)


def _fill(sheet: Any, rows: list[list[str]], widths: tuple[int, ...]) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = _CONTROL.sub("", text)
            # openpyxl takes text that begins with = for a formula.
            cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
