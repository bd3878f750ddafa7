"""How much of every coarse cell of the picture the subject covers: where training looks closest."""

import numpy as np
import skia
from einops import reduce
from numpy.typing import NDArray

from rushes.world.camera import HEIGHT, WIDTH, camera_path
from rushes.world.canvas.marks import skia_matrix, skia_path
from rushes.world.cells import CELL
from rushes.world.motion import motion_of
from rushes.world.palette import palette_of
from rushes.world.scene import Scene
from rushes.world.stage import figure_of, placement_of

_REDUCTION = 4
"""Drawn at a quarter of the size: sixteen samples a cell."""


def subject_presence(scene: Scene, num_frames: int, drawn: range | None = None) -> NDArray[np.float32]:
    """Share of each 16x16 pixel cell under the subject's body, (T, 10, 16) in 0..1.

    Frames as in ``render_frames``. Veils, shadows and reflections do not count.
    """
    palette, motion = palette_of(scene), motion_of(scene, num_frames)
    view = camera_path(scene, motion.times, motion.seconds, motion.x).view(1.0)
    placement = placement_of(motion)
    parts = [part.under(placement).under(view) for part in figure_of(scene, motion, palette).parts]
    outlines = [[skia_path(outline) for outline in part.solid] for part in parts]
    height, width = HEIGHT // _REDUCTION, WIDTH // _REDUCTION
    buffer = np.zeros((height, width, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(width, height), buffer, width * 4)
    canvas, paint = surface.getCanvas(), skia.Paint(Color=skia.ColorWHITE)
    shrink = skia.Matrix.Scale(1 / _REDUCTION, 1 / _REDUCTION)
    chosen = range(num_frames) if drawn is None else drawn
    presence = np.empty((len(chosen), HEIGHT // CELL, WIDTH // CELL), np.float32)
    for index, frame in enumerate(chosen):
        canvas.clear(0)
        for part, paths in zip(parts, outlines, strict=True):
            canvas.setMatrix(shrink)
            canvas.concat(skia_matrix(part.placement[frame]))
            for path in paths:
                canvas.drawPath(path, paint)
        covered = buffer[..., 3] > 127
        side = CELL // _REDUCTION
        presence[index] = reduce(covered.astype(np.float32), "(h p) (w q) -> h w", "mean", p=side, q=side)
    return presence
