"""``rushes models``: which models there are, pull them, verify them, convert them."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.byte_bar import ByteBar, in_bytes
from rushes.cli.screen import Screen
from rushes.core.errors import CancelledError, RushesError, UsageError, WeightsError
from rushes.core.settings import PULLING, Settings

if TYPE_CHECKING:
    from rushes.hub.files import Manifest
    from rushes.hub.hubs import Hub
    from rushes.hub.published import Pullable
    from rushes.models.model_files import ModelFiles
    from rushes.models.tensor_source import TensorSource

models = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Models: list, pull, verify, convert.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@dataclass(frozen=True)
class Listed:
    """One model: ``packaged``, ``here``, ``partly`` here, ``broken``, ``published`` or ``remote``.

    Bytes where known.
    """

    name: str
    state: str
    bytes: int | None
    licence: str
    layout: str
    note: str


@models.command(name="list", epilog="Example: rushes models list --json")
def list_models(*, as_json: AsJson = False) -> None:
    """Every model: packaged, on this machine, published and not pulled yet, or hosted elsewhere."""
    from rushes.engine.catalogue import PACKAGED
    from rushes.hub.published import PULLABLE

    home = Settings.from_environment().models
    here = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    rows = [_on_disk(name, folder, "packaged") for name, folder in PACKAGED.items()]
    rows += [_on_disk(folder.name.removesuffix(PULLING), folder, "here") for folder in here]
    known = {row.name for row in rows}
    rows += [
        Listed(each.name, "published", each.about_bytes, each.licence, each.kind, each.repository)
        for each in PULLABLE.values()
        if each.name not in known
    ]
    rows += _remote()
    if as_json:
        document = {"models": [asdict(row) for row in rows]}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for row in rows:
        size = "?" if row.bytes is None else in_bytes(row.bytes)
        print(f"{row.name:<26} {row.state:<9} {size:>9}  {row.licence:<10}  {row.layout:<9}  {row.note}")


def _remote() -> list[Listed]:
    """Hosted models, where there is a key for them, with what a second of film costs in the key's region."""
    from rushes.hosted.account import Account
    from rushes.hosted.models import MODELS, price_of

    if not Account.is_given():
        return []
    account, rows = Account.from_environment(), []
    for model in MODELS.values():
        prices = [(tier, price_of(model, account.region, sizes[0])) for tier, sizes in model.sizes.items()]
        known = [f"{tier} {price.a_second} {price.currency}/s" for tier, price in prices if price]
        if known:
            note = f"{', '.join(known)}; words go to {account.host}"
            rows.append(Listed(model.name, "remote", None, "hosted", "dashscope", note))
    return rows


def _on_disk(name: str, folder: Path, state: str) -> Listed:
    """What can be said of a folder without reading its weights."""
    from rushes.hub.files import read_manifest
    from rushes.hub.published import PULLABLE

    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    row = Listed(name, state, size, "?", "?", str(folder))
    try:
        manifest = read_manifest(folder)
        if manifest is None and folder.name.endswith(PULLING):
            return replace(row, state="partly", note=f"rushes models pull {name} begins anew")
        if manifest is None:
            licence, layout = _opened(folder)
            return replace(row, licence=licence, layout=layout)
    except RushesError as error:
        return replace(row, state="broken", note=str(error))
    layout = PULLABLE[manifest.name].kind if manifest.name in PULLABLE else "?"
    row = replace(row, licence=manifest.licence, layout=layout)
    if folder.name.endswith(PULLING):
        note = f"of {in_bytes(manifest.total_bytes)}: rushes models pull {name} goes on"
        return replace(row, state="partly", note=note)
    missing = manifest.missing(folder)
    if missing:
        return replace(row, state="broken", note=f"lacks {missing[0]}: rushes models pull {name}")
    return row


def _opened(folder: Path) -> tuple[str, str]:
    """Licence and layout of a model that was not pulled, so that only its files can tell."""
    from rushes.models.bundle import open_model
    from rushes.models.places import layout_of

    return open_model(folder).licence, layout_of(folder)


@models.command(epilog="Example: rushes models pull wan2.2-t2v-a14b --from modelscope --revision bf16")
def pull(
    name: Annotated[str, typer.Argument(help="A published model; rushes models list shows them.")],
    *,
    source: Annotated[
        str, typer.Option("--from", help="huggingface, modelscope, or the address of a mirror.")
    ] = "huggingface",
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit of the repository. Default: its newest.")
    ] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Fetch a published model; the same command goes on where an earlier one was stopped.

    Every file is held to its checksum. A model that is here already is checked, and what is broken fetched
    again.
    """
    from rushes.hub.files import read_manifest
    from rushes.hub.hubs import find_hub
    from rushes.hub.pull import reopen

    pullable, hub, screen = _pullable(name), find_hub(source), Screen(quiet, as_json)
    folder = Settings.from_environment().models / pullable.name
    try:
        manifest = read_manifest(folder)
        if manifest:
            changed = _changed(folder, manifest, screen)
            if changed:
                screen.say("broken", ", ".join(changed))
                reopen(folder, changed)
        if manifest is None or changed:
            _fetch(pullable, hub, revision, folder, screen)
    except KeyboardInterrupt:
        raise CancelledError("stopped; what came is kept, the same command goes on from there") from None
    screen.say("here", f"{folder}; film with --model {pullable.name}")
    if as_json:
        print(json.dumps({"name": pullable.name, "folder": str(folder)}, ensure_ascii=False))


def _pullable(name: str) -> "Pullable":
    from rushes.engine.catalogue import published_name
    from rushes.hub.published import PULLABLE

    ours = published_name(name) or name.lower()
    if ours not in PULLABLE:
        raise UsageError(f"{name!r} cannot be pulled: choose {', '.join(PULLABLE)}")
    return PULLABLE[ours]


def _fetch(pullable: "Pullable", hub: "Hub", revision: str | None, folder: Path, screen: Screen) -> None:
    from rushes.hub.pull import plan_pull, pull

    plan = plan_pull(pullable, hub, revision, folder)
    total, left = plan.manifest.total_bytes, plan.bytes_left
    screen.say("licence", f"{plan.manifest.licence}, as {plan.manifest.origin} says")
    kept = f", {in_bytes(total - left)} of it here from before" if left < total else ""
    screen.say("pull", f"{len(plan.files)} files, {in_bytes(total)}{kept} -> {plan.folder}")
    with ByteBar(screen.console, pullable.name, total, total - left) as bar:
        pull(plan, bar.add)


@models.command(epilog="Example: rushes models verify wan2.2-t2v-a14b --values")
def verify(
    name: Annotated[str, typer.Argument(help="Name of a model, or its folder.")],
    *,
    values: Annotated[
        bool, typer.Option("--values", help="Read every number, too: none may be infinite or NaN.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hold every file to its recorded checksum and every tensor to its place and shape."""
    from rushes.engine.catalogue import model_folder, pulled_folder
    from rushes.hub.files import read_manifest
    from rushes.hub.published import PULLABLE

    screen = Screen(False, as_json)
    folder = pulled_folder(name) if name in PULLABLE else model_folder(name)
    try:
        manifest = read_manifest(folder) or _own_checksums(folder)
        checked = 0
        if manifest is None:
            screen.say("note", f"no checksums are recorded for {folder}: only its structure is checked")
        else:
            changed = _changed(folder, manifest, screen)
            if changed:
                raise WeightsError(
                    f"{folder} has files that are missing or changed ({', '.join(changed)}): "
                    f"{_remedy(folder)}"
                )
            checked = len(manifest.files)
            screen.say("checksums", f"{checked} files are as recorded")
        tensors = _check_tensors(folder, values, screen)
    except KeyboardInterrupt:
        raise CancelledError("stopped; nothing was changed") from None
    if as_json:
        report = {"folder": str(folder), "checksums": checked, "tensors": tensors, "values": values}
        print(json.dumps(report, ensure_ascii=False))


def _remedy(folder: Path) -> str:
    from rushes.hub.files import FILE_NAME

    pulled = (folder / FILE_NAME).exists()
    return f"rushes models pull {folder.name} fetches them again" if pulled else "get the model's files again"


def _own_checksums(folder: Path) -> "Manifest | None":
    """The checksums a bundle of our own carries in its record, in the form of a pulled model's."""
    from rushes.hub.files import FORMAT, SHA256, FileRecord, Manifest

    if not (folder / "model.json").exists():
        return None
    from rushes.models.model_record import read_record

    record = read_record(folder)
    sizes = {
        name: (folder / name).stat().st_size if (folder / name).exists() else 0 for name in record.sha256
    }
    files = tuple(FileRecord(name, sizes[name], SHA256 + record.sha256[name]) for name in sizes)
    return Manifest(FORMAT, record.name, str(folder), "", record.licence, files)


def _changed(folder: Path, manifest: "Manifest", screen: Screen) -> list[str]:
    with ByteBar(screen.console, f"checking {manifest.name}", manifest.total_bytes) as bar:
        return manifest.changed(folder, bar.add)


def _check_tensors(folder: Path, values: bool, screen: Screen) -> int:
    """Structure, and numbers where asked; how many tensors there are."""
    from rushes.models.bundle import check_files, open_model

    if (folder / "high_noise_model.safetensors").exists():
        return _check_loras(folder, values, screen)
    files = open_model(folder)
    check_files(files)
    sources = _sources(files)
    count = sum(len(source.specs()) for source in sources)
    screen.say("structure", f"{files.name}: all {count} tensors are there in their shapes")
    if values:
        _check_values(sources, screen)
    return count


def _check_loras(folder: Path, values: bool, screen: Screen) -> int:
    from rushes.models.naming import open_file

    sources = [open_file(path) for path in sorted(folder.glob("*.safetensors"))]
    screen.say("structure", f"{len(sources)} LoRA files can be read")
    if values:
        _check_values(sources, screen)
    return sum(len(source.specs()) for source in sources)


def _sources(files: "ModelFiles") -> "list[TensorSource]":
    experts = {id(each.source): each.source for each in files.experts}
    return [files.text_encoder.source, files.codec.source, *experts.values()]


def _check_values(sources: "list[TensorSource]", screen: Screen) -> None:
    from rushes.models.tensor_source import check_values

    total = sum(spec.nbytes for source in sources for spec in source.specs().values())
    with ByteBar(screen.console, "reading numbers", total) as bar:
        for source in sources:
            check_values(source, bar.add)
    screen.say("values", "every number is finite")


@models.command(epilog="Example: rushes models convert wan2.2-t2v-a14b /models/a14b-bf16")
def convert(
    source: Annotated[str, typer.Argument(help="Name of a model, or its folder or transformer file.")],
    folder: Annotated[Path, typer.Argument(help="New folder for the converted model.")],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Write a model of any layout in rushes' own: bfloat16, one file a part, with checksums.

    Takes little memory, whatever the size of the model; half the disk of a float32 one.
    """
    from rushes.engine.catalogue import model_folder
    from rushes.hub.pull import check_space
    from rushes.models.bundle import open_model
    from rushes.models.convert import convert, converted_bytes

    screen = Screen(quiet, False)
    files = open_model(model_folder(source))
    total = converted_bytes(files)
    check_space(folder, total, files.name)
    screen.say("convert", f"{files.name}, {in_bytes(total)} -> {folder}")
    try:
        with ByteBar(screen.console, files.name, total) as bar:
            convert(files, folder, bar.add)
    except KeyboardInterrupt:
        raise CancelledError("stopped; no unfinished file was left behind") from None
    screen.say("here", f"{folder}; film with --model {folder}")
