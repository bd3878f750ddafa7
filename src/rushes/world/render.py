"""Draws a scene: layers, subject, weather. 256x160, 12 frames a second, the same bytes for the same scene."""

from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from rushes.core.errors import UsageError
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.flow import exact_flow, id_pictures, movers_of
from rushes.world.part import Part, skia_matrix
from rushes.world.scene import Scene
from rushes.world.site import NEAR
from rushes.world.sprite import Sprite
from rushes.world.stage import Stage, stage_of
from rushes.world.weather import draw_haze, draw_veil

_HAZE_DEPTH = 1.6


@dataclass(frozen=True)
class Clip:
    """Pictures of a shot and how every pixel moves.

    frames: uint8 RGB (T, 160, 256, 3). ids: uint8 (T, 160, 256), the rigid part on top, 0 the sky; without
    anti-aliasing. flow: float32 (T-1, 160, 256, 2), pixels (x, y) from frame k to k+1. visible: bool (T-1,
    160, 256), the part is still on top where it went. What is transparent has no flow of its own:
    particles, haze, smoke, glows, shadows and reflections lie over the parts and are ignored.
    """

    frames: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    flow: NDArray[np.float32]
    visible: NDArray[np.bool_]


def render_frames(scene: Scene, num_frames: int, drawn: range | None = None) -> NDArray[np.uint8]:
    """The pictures of a shot of ``num_frames`` frames: uint8 RGB (T, 160, 256, 3).

    With ``drawn`` only those frames, the same as they are in the whole shot. A shot of one frame is a
    moment of a short one. Raises ``UsageError`` for frames that do not exist.
    """
    chosen = range(num_frames) if drawn is None else drawn
    if any(frame not in range(num_frames) for frame in chosen):
        raise UsageError(f"frames {chosen} exceed a clip of {num_frames}; choose from 0..{num_frames - 1}")
    return _draw(stage_of(scene, num_frames), chosen)


def render(scene: Scene, num_frames: int) -> Clip:
    """Pictures with exact flow; several times slower than ``render_frames``, whose pictures it repeats."""
    stage = stage_of(scene, num_frames)
    movers = movers_of(stage)
    ids = id_pictures(movers)
    flow, visible = exact_flow(ids, movers)
    return Clip(_draw(stage, range(num_frames)), ids, flow, visible)


def _draw(stage: Stage, chosen: range) -> NDArray[np.uint8]:
    buffer = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(WIDTH, HEIGHT), buffer, WIDTH * 4)
    canvas = surface.getCanvas()
    sprite = Sprite(stage)
    views = [stage.camera.view(layer.depth) for layer in stage.layers]
    fire = [part.under(stage.camera.view(NEAR)) for part in stage.fire]
    haze_view = stage.camera.view(_HAZE_DEPTH)
    frames = np.empty((len(chosen), HEIGHT, WIDTH, 3), np.uint8)
    for index, frame in enumerate(chosen):
        seconds = float(stage.motion.times[frame])
        for layer, view in zip(stage.layers, views, strict=True):
            layer.draw(canvas, view[frame])
            if layer.depth == NEAR:
                _draw_parts(canvas, fire, frame)
                if stage.haze is not None:
                    draw_haze(canvas, stage.haze, haze_view[frame], seconds, stage.haze_start)
        sprite.draw(canvas, frame)
        for veil in stage.veils:
            draw_veil(canvas, veil, stage.camera, frame, seconds)
        cv2.cvtColor(buffer, cv2.COLOR_BGRA2RGB, dst=frames[index])
    return frames


def _draw_parts(canvas: skia.Canvas, parts: list[Part], frame: int) -> None:
    for part in parts:
        canvas.setMatrix(skia_matrix(part.placement[frame]))
        for shape in part.shapes:
            canvas.drawPath(shape.path, shape.paint())
