"""A project's script: each version kept, broken into scenes and shots, merged into what people made of them.

A project films one script; episodes are projects of their own. The shell and the server come through
:func:`import_script`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from rushes.core.errors import ConflictError, StoreError
from rushes.language.screenplay.breakdown_file import FORMAT
from rushes.media.bound import Bounds, run_bound
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, StoredFile, hash_file, pin, record
from rushes.studio.projects import sequence_id
from rushes.studio.scenes import Scene, put_scenes, scenes_in
from rushes.studio.scripted import Scripted, scripted_of
from rushes.studio.shots import Shot, Words, insert_revisions, shots_in
from rushes.studio.store import new_id

_BOUNDS = Bounds(cpu_s=120, timeout_s=300.0)
_CODE_PART = 31


@dataclass(frozen=True)
class Script:
    """One revision of a project's script.

    ``summary`` has its language, people and seconds, how many scenes it has, how many shots by status, and
    what became of the scenes of the revision before.
    """

    id: str
    project_id: str
    revision: int
    name: str
    sha256: str
    breakdown_sha256: str
    summary: Mapping[str, Any]
    created_at: float


@dataclass(frozen=True)
class _Known:
    """What the project had when the script was read."""

    script: Script | None
    shots: tuple[Shot, ...]
    scripted: Mapping[str, Scripted]
    scenes: tuple[Scene, ...]


def import_script(
    desk: Desk, files: FileStore, project_id: str, made: Path, name: str, expected: int | None = None
) -> Script:
    """Take in a script that lies in the store's scratch; the ending of ``name`` tells its form.

    The first one makes scenes and shots. A later one is merged in, three ways: shots whose words or place
    changed turn stale, those whose words are gone become orphans, none is dropped, and what people wrote
    stays. The same bytes as the newest revision's change nothing. Raises UsageError for what is no script,
    ConflictError when ``expected``, the newest revision the author saw, is not the newest, or when the shots
    change meanwhile.
    """
    files.check_room()
    with desk.store.read() as connection:
        known = _known(connection, desk, project_id)
    newest = known.script.revision if known.script else 0
    if expected is not None and expected != newest:
        raise ConflictError(
            f"the script is at revision {newest}, you changed {expected}: look at it again first"
        )
    if known.script is not None and known.script.sha256 == hash_file(made)[0]:
        return known.script
    with files.scratch() as folder:
        answer = _read(desk, files, made, name, known, folder)
        kept = files.take_in(desk.tenant_id, made, "application/octet-stream")
        path = folder / "breakdown.json"
        path.write_text(json.dumps(answer["breakdown"], ensure_ascii=False), encoding="utf-8")
        breakdown = files.take_in(desk.tenant_id, path, "application/json")
    with desk.store.write() as connection:
        if _versions(_known(connection, desk, project_id)) != _versions(known):
            raise ConflictError("the shots changed while the script was read: import it again")
        script_id = _add(connection, desk, files, project_id, name, (kept, breakdown), answer)
        _Import(connection, desk, project_id, script_id, known).apply(answer["breakdown"])
        return _script(desk.one(connection, schema.script_revisions, script_id, "script"))


def scripts_of(desk: Desk, project_id: str) -> tuple[Script, ...]:
    """The revisions of a project's script, newest first."""
    table = schema.script_revisions
    asked = desk.only(table).where(table.c.project_id == project_id).order_by(table.c.revision.desc())
    with desk.store.read() as connection:
        return tuple(_script(row) for row in connection.execute(asked).mappings())


def find_script(desk: Desk, script_id: str) -> Script:
    """A revision by its id; MissingError where there is none."""
    with desk.store.read() as connection:
        return _script(desk.one(connection, schema.script_revisions, script_id, "script"))


def breakdown_of(desk: Desk, files: FileStore, script: Script) -> dict[str, Any]:
    """What a revision was broken into, as `rushes break --json` shows it."""
    path = files.path(desk.tenant_id, script.breakdown_sha256)
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(f"the breakdown of {script.name} is gone: restore the latest backup") from None
    return document


def _read(desk: Desk, files: FileStore, made: Path, name: str, known: _Known, folder: Path) -> dict[str, Any]:
    """The bound child's answer: scripts come from anywhere, and large ones take seconds."""
    before = ""
    if known.script is not None:
        base = breakdown_of(desk, files, known.script)
        base["shots"] = _told(known)
        before = str(folder)
        (folder / "breakdown.json").write_text(json.dumps(base), encoding="utf-8")
    arguments = (str(made), Path(name).name, before)
    answer: dict[str, Any] = run_bound("rushes.studio.script_child", arguments, _BOUNDS)
    assert answer["breakdown"]["format"] == FORMAT
    return answer


def _known(connection: Connection, desk: Desk, project_id: str) -> _Known:
    desk.one(connection, schema.projects, project_id, "project")
    table = schema.script_revisions
    asked = desk.only(table).where(table.c.project_id == project_id).order_by(table.c.revision.desc())
    row = connection.execute(asked.limit(1)).mappings().first()
    return _Known(
        None if row is None else _script(row),
        shots_in(connection, desk, project_id),
        scripted_of(connection, desk, project_id),
        scenes_in(connection, desk, project_id),
    )


def _versions(known: _Known) -> tuple[Any, ...]:
    """Equal while nothing has changed."""
    return known.script and known.script.id, [(shot.id, shot.revision_id) for shot in known.shots]


def _told(known: _Known) -> list[dict[str, Any]]:
    """The list as people have it now, in the form of a breakdown's shots."""
    keys = {scene.id: scene.key for scene in known.scenes}
    told = []
    for shot in known.shots:
        facts = known.scripted.get(shot.id)
        if facts is not None and shot.scene_id is not None:
            told.append(
                {
                    "id": shot.key, "code": shot.code, "scene_id": keys[shot.scene_id],
                    "coverage": facts.coverage, "size": facts.size, "text": shot.words.text,
                    "characters": facts.characters, "duration_s": facts.duration_s,
                    "spans": [{"start": start, "end": end} for start, end in facts.spans],
                    "script_text": facts.script_text, "status": facts.status, "reason": facts.reason,
                }
            )  # fmt: skip
    return told


def _add(
    connection: Connection, desk: Desk, files: FileStore, project_id: str, name: str,
    kept: tuple[StoredFile, StoredFile], answer: Mapping[str, Any],
) -> str:  # fmt: skip
    """The row of the new revision, its files pinned."""
    table = schema.script_revisions
    newest = connection.scalar(select(func.max(table.c.revision)).where(table.c.project_id == project_id))
    script_id = new_id("script")
    for stored, role in zip(kept, ("source", "breakdown"), strict=True):
        record(connection, desk.store, files, desk.tenant_id, stored)
        pin(connection, desk.tenant_id, stored.sha256, f"{script_id} {role}")
    connection.execute(
        insert(table).values(
            id=script_id, tenant_id=desk.tenant_id, project_id=project_id, revision=(newest or 0) + 1,
            name=Path(name).name, sha256=kept[0].sha256, breakdown_sha256=kept[1].sha256,
            summary=_summary(answer), person_id=desk.person_id, created_at=desk.store.now(connection),
        )
    )  # fmt: skip
    detail = {"project": project_id, "revision": (newest or 0) + 1}
    desk.log(connection, script_id, "script imported", detail)
    return script_id


def _summary(answer: Mapping[str, Any]) -> dict[str, Any]:
    told = answer["breakdown"]
    filmed = [scene for scene in told["scenes"] if not scene["is_omitted"]]
    counts: dict[str, int] = {}
    for shot in told["shots"]:
        counts[shot["status"]] = counts.get(shot["status"], 0) + 1
    return {
        "language": told["language"], "num_scenes": len(filmed), "num_shots": counts,
        "characters": [person["name"] for person in told["characters"]],
        "duration_s": round(sum(scene["duration_s"] for scene in filmed), 1), "changes": answer["changes"],
    }  # fmt: skip


@dataclass(frozen=True)
class _Import:
    """One import's transaction: shots of the breakdown become shots of the project."""

    connection: Connection
    desk: Desk
    project_id: str
    script_id: str
    known: _Known

    def apply(self, told: Mapping[str, Any]) -> None:
        """Write scenes, new shots, changed words, places, and how each shot stands to the script."""
        scenes = put_scenes(self.connection, self.desk, self.project_id, told["scenes"])
        by_key = {shot.key: shot for shot in self.known.shots if shot.key}
        new = [shot for shot in told["shots"] if shot["id"] not in by_key]
        # Written once by hand or by an older import: what it says then is what people want.
        adopted = {shot.key for shot in by_key.values() if shot.id not in self.known.scripted}
        changed = [
            (by_key[shot["id"]], self._words(shot))
            for shot in told["shots"]
            if shot["id"] in by_key
            and shot["id"] not in adopted
            and shot["text"] != by_key[shot["id"]].words.text
        ]
        ids = {key: shot.id for key, shot in by_key.items()} | self._insert(new, scenes)
        insert_revisions(
            self.connection,
            self.desk,
            [
                *((shot.id, shot.revision + 1, words) for shot, words in changed),
                *((ids[shot["id"]], 1, self._words(shot)) for shot in new),
            ],
        )
        self._place(told["shots"], ids, scenes)
        self._tell(told["shots"], ids)

    def _words(self, shot: Mapping[str, Any]) -> Words:
        spans = tuple((span["start"], span["end"]) for span in shot["spans"])
        return Words(shot["text"], {}, spans, self.script_id)

    def _insert(self, new: Sequence[Mapping[str, Any]], scenes: Mapping[str, str]) -> dict[str, str]:
        """Rows of new shots, without words yet; ids by key."""
        taken = {shot.code for shot in self.known.shots}
        sequences: dict[str, str] = {}
        rows = []
        for shot in new:
            code = _free_code(shot["code"], taken)
            taken.add(code)
            name = code.split("_")[0]
            if name not in sequences:
                sequences[name] = sequence_id(self.connection, self.desk, self.project_id, name)
            rows.append(
                {
                    "id": new_id("shot"), "tenant_id": self.desk.tenant_id, "project_id": self.project_id,
                    "sequence_id": sequences[name], "scene_id": scenes[shot["scene_id"]],
                    "key": shot["id"], "code": code, "position": 0,
                }
            )  # fmt: skip
        if rows:
            self.connection.execute(insert(schema.shots), rows)
        return {row["key"]: row["id"] for row in rows}

    def _place(
        self, told: Sequence[Mapping[str, Any]], ids: Mapping[str, str], scenes: Mapping[str, str]
    ) -> None:
        """In the order of the script; a shot of no script stays behind the one it stood behind."""
        order = [ids[shot["id"]] for shot in told]
        followers: dict[str, list[str]] = {}
        behind, ours = "", set(order)
        for shot in self.known.shots:
            if shot.id in ours:
                behind = shot.id
            else:
                followers.setdefault(behind, []).append(shot.id)
        placed = list(followers.get("", ()))
        for shot_id in order:
            placed += [shot_id, *followers.get(shot_id, ())]
        scene_of = {ids[shot["id"]]: scenes[shot["scene_id"]] for shot in told}
        before = {shot.id: (shot.position, shot.scene_id) for shot in self.known.shots}
        for position, shot_id in enumerate(placed, 1):
            scene_id = scene_of.get(shot_id, before.get(shot_id, (0, None))[1])
            if before.get(shot_id) != (position, scene_id):
                this = update(schema.shots).where(schema.shots.c.id == shot_id)
                self.connection.execute(this.values(position=position, scene_id=scene_id))

    def _tell(self, told: Sequence[Mapping[str, Any]], ids: Mapping[str, str]) -> None:
        table = schema.scripted_shots
        new = []
        for shot in told:
            row = Scripted.of(shot).row(self.desk, ids[shot["id"]])
            if row["shot_id"] in self.known.scripted:
                changed = {name: row[name] for name in ("status", "reason", "facts")}
                this = update(table).where(table.c.shot_id == row["shot_id"])
                self.connection.execute(this.values(**changed))
            else:
                new.append(row)
        if new:
            self.connection.execute(insert(table), new)


def _free_code(code: str, taken: set[str]) -> str:
    """A code in the form of ours; with a letter behind where somebody has it already."""
    sequence, _, shot = code.partition("_")
    code = f"{sequence[:_CODE_PART]}_{shot[: _CODE_PART - 4]}"
    letters = 0
    while (free := code + _letter(letters)) in taken:
        letters += 1
    return free


def _letter(number: int) -> str:
    """Nothing, A, B ... Z, ZA, ZB ..."""
    return "" if number == 0 else "Z" * ((number - 1) // 26) + chr(ord("A") + (number - 1) % 26)


def _script(row: RowMapping) -> Script:
    return Script(**{name: row[name] for name in Script.__annotations__})
