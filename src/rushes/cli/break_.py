"""``rushes break``: a screenplay into scenes, people, props and a shot list."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.screen import counted
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.language.screenplay.breakdown import Breakdown
    from rushes.language.screenplay.proposals import Proposals
    from rushes.language.screenplay.reimport import Reimport


def break_(
    script: Annotated[
        Path, typer.Argument(help="A .fountain, .fdx, .docx, .pdf or .txt script.", dir_okay=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for breakdown.json and shots.csv; a list that is there is merged into."),
    ] = None,
    llm: Annotated[
        bool, typer.Option("--llm", help="Ask the model that RUSHES_LLM allows for proposals, kept apart.")
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="Most requests to the model, one a scene.")] = 100,
    accept: Annotated[
        list[str] | None, typer.Option(help="Add this proposal of an earlier --llm to the list; repeatable.")
    ] = None,
    project: Annotated[
        str,
        typer.Option(help="Code of a project whose shots they become; merged in from the second time on."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Break a screenplay into scenes, people, props and a shot list, by rules.

    With --output or --project, the list is kept. The same command with a newer script merges it in: only
    shots whose words changed turn stale, and no shot is dropped. Example: rushes break script.fountain
    --project FOX
    """
    if project:
        if output or llm or accept:
            raise UsageError("--project keeps the list by itself: leave out --output, --llm and --accept")
        _into_project(script, project, as_json)
        return
    from rushes.language.screenplay.breakdown import break_down
    from rushes.language.screenplay.breakdown_file import breakdown_json, read_breakdown
    from rushes.language.screenplay.reading import read_script
    from rushes.language.screenplay.reimport import reimport

    play = read_script(script)
    before = read_breakdown(output) if output else None
    merged = reimport(before, play) if before else None
    breakdown = merged.breakdown if merged else break_down(play)
    proposed = _proposed(breakdown, calls, output) if llm else None
    if accept:
        breakdown = _accepted(breakdown, accept, output)
    if output:
        _keep(breakdown, merged, output)
    if as_json:
        document = {**breakdown_json(breakdown), "changes": _changes(merged)}
        if proposed:
            document["proposals"] = asdict(proposed)["proposals"]
        print(json.dumps(document, ensure_ascii=False))
        return
    _show(breakdown)
    if merged:
        _show_changes(merged)
    for each in proposed.proposals if proposed else ():
        print(f"proposed {each.id}: {each.size}, {each.quote!r}: {each.reason}")
    if output:
        print(f"\n{output / 'breakdown.json'}\n{output / 'shots.csv'}")


def _keep(breakdown: "Breakdown", merged: "Reimport | None", folder: Path) -> None:
    """Write the list; the bible's descriptions for single scenes, if there is one, keep to their scenes."""
    from rushes.language.bible.bible_file import bible_json, read_bible
    from rushes.language.bible.draft import follow_scenes
    from rushes.language.bible.follow import follow_names
    from rushes.language.kept_file import write_texts
    from rushes.language.screenplay.breakdown_file import write_breakdown

    bible = read_bible(folder / "bible.json") if merged else None
    write_breakdown(breakdown, folder)
    if bible and merged:
        heirs = {change.before: change.after for change in merged.scenes if change.before}
        followed = follow_names(follow_scenes(bible, heirs), merged.renames)
        write_texts(folder, {"bible.json": bible_json(followed)})


def _into_project(script: Path, code: str, as_json: bool) -> None:
    """By the studio's own import, as the server does it."""
    import shutil

    from rushes.cli.desk import open_studio
    from rushes.core.strict_json import parse
    from rushes.language.screenplay.breakdown import Breakdown
    from rushes.studio.scripts import breakdown_of, import_script

    studio = open_studio()
    ours = studio.project(code)
    with studio.files.scratch() as folder:
        try:
            made = Path(shutil.copyfile(script, folder / "script"))
        except OSError as error:
            raise UsageError(f"{script} cannot be read: {error.strerror}") from None
        kept = import_script(studio.desk, studio.files, ours.id, made, script.name)
    document = breakdown_of(studio.desk, studio.files, kept)
    if as_json:
        facts = {"project": ours.code, "revision": kept.revision, "changes": kept.summary["changes"]}
        print(json.dumps({**document, **facts}, ensure_ascii=False))
        return
    del document["format"]
    _show(parse(Breakdown, document, "breakdown"))
    counts = ", ".join(f"{number} {status}" for status, number in kept.summary["num_shots"].items())
    print(f"{ours.code}: script revision {kept.revision}, shots: {counts}")


def _proposed(breakdown: "Breakdown", calls: int, output: Path | None) -> "Proposals":
    from rushes.cli.writer import allowed_writer
    from rushes.language.screenplay.proposals import propose, write_proposals

    proposals = propose(allowed_writer(calls), breakdown)
    if output:
        write_proposals(proposals, output)
    return proposals


def _accepted(breakdown: "Breakdown", ids: list[str], output: Path | None) -> "Breakdown":
    from rushes.language.screenplay.proposals import accept, read_proposals

    if output is None:
        raise UsageError("--accept needs --output, the folder where the proposals lie.")
    return accept(breakdown, read_proposals(output), ids)


def _show(breakdown: "Breakdown") -> None:
    shots = {scene.id: 0 for scene in breakdown.scenes}
    for shot in breakdown.shots:
        shots[shot.scene_id] += 1
    for scene in breakdown.scenes:
        if not scene.is_omitted:
            place = " ".join(word for word in (scene.setting, scene.location, scene.time) if word)
            people = ", ".join(scene.characters) or "nobody"
            place = place or scene.heading.partition("\n")[0]
            count = counted(shots[scene.id], "shot")
            print(f"{scene.number:<6} {place}: {count}, {scene.duration_s:g} s, {people}")
    names = ", ".join(character.name for character in breakdown.characters)
    people = "1 person" if len(breakdown.characters) == 1 else f"{len(breakdown.characters)} people"
    print(f"\n{people}: {names}")
    print(f"{counted(len(breakdown.props), 'prop')}: {', '.join(prop.words[0] for prop in breakdown.props)}")
    seconds = sum(scene.duration_s for scene in breakdown.scenes if not scene.is_omitted)
    minutes, rest = divmod(round(seconds), 60)
    print(f"{counted(len(breakdown.shots), 'shot')}, about {minutes}:{rest:02d}")


def _show_changes(merged: "Reimport") -> None:
    from rushes.language.screenplay.scene_links import SceneFate
    from rushes.language.screenplay.shot import ShotStatus

    print()
    for change in merged.scenes:
        if change.fate is not SceneFate.SAME:
            print(f"scene {' and '.join(change.after) or change.before}: {change.fate}")
    for before, now in merged.renames.items():
        print(f"{before} is {now} now")
    counts = ", ".join(f"{merged.count(status)} {status}" for status in ShotStatus)
    print(f"shots: {counts}")


def _changes(merged: "Reimport | None") -> list[dict[str, object]]:
    if merged is None:
        return []
    return [
        {"fate": change.fate, "before": change.before, "after": list(change.after)}
        for change in merged.scenes
    ]
