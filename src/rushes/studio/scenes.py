"""Scenes of a project's script. A scene keeps its id as the script changes, and stays when it left it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.store import new_id


@dataclass(frozen=True)
class Scene:
    """A scene as it stands in the newest script; ``key`` ties it to breakdowns."""

    id: str
    project_id: str
    key: str
    number: str
    heading: str
    position: int
    is_omitted: bool


def get_scene(connection: Connection, desk: Desk, scene_id: str) -> Scene:
    """A scene by its id, within a transaction; MissingError where there is none."""
    row = desk.one(connection, schema.scenes, scene_id, "scene")
    return Scene(**{name: row[name] for name in Scene.__annotations__})


def scenes_in(connection: Connection, desk: Desk, project_id: str) -> tuple[Scene, ...]:
    """All scenes of a project in the order of its script, those that left it last."""
    table = schema.scenes
    asked = desk.only(table).where(table.c.project_id == project_id).order_by(table.c.position)
    rows = connection.execute(asked).mappings()
    return tuple(Scene(**{name: row[name] for name in Scene.__annotations__}) for row in rows)


def put_scenes(
    connection: Connection, desk: Desk, project_id: str, told: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Write down the scenes of a breakdown's document; ids of all scenes by key. None is ever dropped."""
    known = {scene.key: scene for scene in scenes_in(connection, desk, project_id)}
    ids = {key: scene.id for key, scene in known.items()}
    new = []
    for position, scene in enumerate(told, 1):
        key = scene["id"]
        values = {name: scene[name] for name in ("heading", "number", "is_omitted")}
        if key not in known:
            ids[key] = new_id("scene")
            row = {"id": ids[key], "tenant_id": desk.tenant_id, "project_id": project_id, "key": key}
            new.append({**row, **values, "position": position})
            continue
        this = schema.scenes.c.id == ids[key]
        connection.execute(update(schema.scenes).where(this).values(**values, position=position))
    for number, key in enumerate(sorted(set(known) - {scene["id"] for scene in told}), len(told) + 1):
        gone = update(schema.scenes).where(schema.scenes.c.id == ids[key])
        connection.execute(gone.values(is_omitted=True, position=number))
    if new:
        connection.execute(insert(schema.scenes), new)
    return ids
