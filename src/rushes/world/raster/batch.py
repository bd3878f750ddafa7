"""Scenes packed for the renderer: plain arrays that travel from worker processes to a device."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rushes.core.errors import UsageError
from rushes.world.classes import class_of_movers, depth_of_movers
from rushes.world.flow import Movers, mover_steps
from rushes.world.raster.sheets import Column, Portfolio, SheetTable, Table, each_column
from rushes.world.raster.sprites import BODY, NOBODY, SpriteTable, pack_sprites
from rushes.world.scene import Scene
from rushes.world.stage import stage_of


@dataclass(frozen=True)
class MoverTable:
    """What the maps are made of; P movers of all scenes, one after the other.

    step (P, T-1, 6): the map that takes a screen pixel to where it is in the next frame, less the identity;
    zero where it is not known. known (P, T-1). kind (P,): index in ``CLASSES``. depth (P, T): as
    ``depth_of_movers``.
    """

    step: Column
    known: Column
    kind: Column
    depth: Column


@dataclass(frozen=True)
class Batch:
    """S scenes of T frames each. ``body`` (the subject's own picture) and ``scene`` (what is on screen) list
    the sprites of all S * T frames one after the other: columns of shape (rows, ...).
    """

    num_frames: int
    sheets: SheetTable
    body: SpriteTable
    scene: SpriteTable
    movers: MoverTable

    @property
    def num_scenes(self) -> int:
        """How many clips it makes."""
        return (int(self.scene.frame[-1]) + 1) // self.num_frames


def pack(scenes: Sequence[Scene], num_frames: int, drawn: Sequence[range] | None = None) -> Batch:
    """Everything about ``scenes`` that does not need a device; about 10 ms a scene of 61 frames.

    With ``drawn`` only those successive frames of each shot of ``num_frames``, equally many of each. Raises
    ``UsageError`` for no scenes, or for frames that do not exist or differ in number.
    """
    chosen = [range(num_frames)] * len(scenes) if drawn is None else list(drawn)
    if not scenes or len(chosen) != len(scenes) or len({len(frames) for frames in chosen}) != 1:
        raise UsageError(f"{len(scenes)} scenes with frames {chosen}; give each as many frames as the others")
    for frames in chosen:
        if not frames or any(frame not in range(num_frames) for frame in frames):
            raise UsageError(
                f"frames {frames} exceed a clip of {num_frames}; choose from 0..{num_frames - 1}"
            )
    return joined_batches(
        [_pack_scene(scene, num_frames, frames) for scene, frames in zip(scenes, chosen, strict=True)]
    )


def _pack_scene(scene: Scene, num_frames: int, frames: range) -> Batch:
    stage, portfolio = stage_of(scene, num_frames), Portfolio()
    body, whole, movers = pack_sprites(stage, portfolio)
    pick = list(frames)
    return Batch(
        len(pick),
        portfolio.table(),
        _flattened(body, pick),
        _flattened(whole, pick),
        _mover_table(movers, stage.camera.dolly, pick),
    )


def _mover_table(movers: Movers, dolly: NDArray[np.float64], pick: list[int]) -> MoverTable:
    steps, known = mover_steps(movers.to_screen)
    steps = (steps - np.eye(2, 3)) * known[..., None, None]
    return MoverTable(
        steps[:, pick[:-1]].reshape(len(steps), len(pick) - 1, 6).astype(np.float32),
        known[:, pick[:-1]],
        class_of_movers(movers),
        depth_of_movers(movers, dolly)[:, pick].astype(np.float32),
    )


def _flattened(table: SpriteTable, frames: list[int]) -> SpriteTable:
    rows = each_column(table, lambda column: column[frames].reshape(-1, *column.shape[2:]))
    return replace(rows, frame=np.repeat(np.arange(len(frames), dtype=np.int32), table.frame.shape[1]))


def joined_batches(batches: Sequence[Batch]) -> Batch:
    """Several batches of clips of one length as one."""
    frames = _starts([batch.num_scenes * batch.num_frames for batch in batches])
    sheets = _starts([len(batch.sheets.size) for batch in batches])
    surfaces = _starts([len(batch.sheets.sheet) for batch in batches])
    movers = _starts([len(batch.movers.kind) for batch in batches])
    return Batch(
        batches[0].num_frames,
        _concatenated(
            [
                replace(batch.sheets, sheet=batch.sheets.sheet + sheet, owner=batch.sheets.owner + surface)
                for batch, sheet, surface in zip(batches, sheets, surfaces, strict=True)
            ]
        ),
        _concatenated(
            [_renumbered(b.body, *starts) for b, *starts in zip(batches, frames, sheets, movers, strict=True)]
        ),
        _concatenated(
            [
                _renumbered(b.scene, *starts)
                for b, *starts in zip(batches, frames, sheets, movers, strict=True)
            ]
        ),
        _concatenated([batch.movers for batch in batches]),
    )


def _starts(counts: list[int]) -> NDArray[np.int32]:
    return np.cumsum([0, *counts[:-1]], dtype=np.int32)


def _renumbered(table: SpriteTable, frame: np.int32, sheet: np.int32, mover: np.int32) -> SpriteTable:
    return replace(
        table,
        frame=table.frame + frame,
        sheet=np.where(table.sheet == BODY, np.int32(BODY), table.sheet + sheet),
        mover=np.where(table.mover == NOBODY, np.int32(NOBODY), table.mover + mover),
    )


def _concatenated(tables: Sequence[Table]) -> Table:
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(table, name) for table in tables]) for name in vars(tables[0])
    }
    return type(tables[0])(**columns)
