"""Draws a scene: layers, subject, weather. 256x160, 12 frames a second, the same bytes for the same scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from rushes.core.errors import UsageError
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.layers import LayerPicture, draw_layer
from rushes.world.canvas.marks import PartPainter
from rushes.world.canvas.sprite import Sprite
from rushes.world.canvas.stencil import id_pictures
from rushes.world.canvas.weather import draw_haze, draw_tile, haze_image, tile_image
from rushes.world.classes import class_of_movers, depth_of_movers
from rushes.world.flow import exact_flow, movers_of
from rushes.world.scene import Scene
from rushes.world.stage import Stage, stage_of
from rushes.world.weather import HAZE_DEPTH


@dataclass(frozen=True)
class Clip:
    """Pictures of a shot, and for every pixel what it shows, how far off, and where it goes.

    frames: uint8 RGB (T, 160, 256, 3). ids: uint8 (T, 160, 256), the rigid part on top, 0 the sky; without
    anti-aliasing. flow: float32 (T-1, 160, 256, 2), pixels (x, y) from frame k to k+1. visible: bool (T-1,
    160, 256), the part is still on top where it went. depth: float32 (T, 160, 256), distance from the camera
    in units of the subject's from a camera at rest. classes: uint8 (T, 160, 256), index in ``CLASSES``. What
    is transparent has no flow of its own: particles, haze, smoke, glows, shadows and reflections lie over the
    parts and are ignored.
    """

    frames: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    flow: NDArray[np.float32]
    visible: NDArray[np.bool_]
    depth: NDArray[np.float32]
    classes: NDArray[np.uint8]


def render_frames(
    scene: Scene, num_frames: int, drawn: Sequence[int] | None = None, scale: int = 1
) -> NDArray[np.uint8]:
    """The pictures of a shot of ``num_frames`` frames: uint8 RGB (T, 160 scale, 256 scale, 3).

    Everything is an outline, so a larger picture is drawn, not enlarged.

    With ``drawn`` only those frames, the same as they are in the whole shot. A shot of one frame is a
    moment of a short one. Raises ``UsageError`` for frames that do not exist.
    """
    chosen = range(num_frames) if drawn is None else drawn
    if any(frame not in range(num_frames) for frame in chosen):
        raise UsageError(f"frames {chosen} exceed a clip of {num_frames}; choose from 0..{num_frames - 1}")
    stage = stage_of(scene, num_frames)
    return _draw(stage, [draw_layer(layer, scale) for layer in stage.layers], chosen, scale)


def render(scene: Scene, num_frames: int) -> Clip:
    """Pictures, as ``render_frames`` draws them, with their exact maps; several times slower."""
    stage = stage_of(scene, num_frames)
    pictures = [draw_layer(layer) for layer in stage.layers]
    movers = movers_of(stage)
    ids = id_pictures(movers, pictures)
    flow, visible = exact_flow(ids, movers)
    distance = depth_of_movers(movers, stage.camera.dolly).astype(np.float32)
    depth = distance[ids, np.arange(num_frames)[:, None, None]]
    frames = _draw(stage, pictures, range(num_frames))
    return Clip(frames, ids, flow, visible, depth, class_of_movers(movers)[ids])


def _draw(
    stage: Stage, pictures: list[LayerPicture], chosen: Sequence[int], scale: int = 1
) -> NDArray[np.uint8]:
    height, width = HEIGHT * scale, WIDTH * scale
    buffer = np.zeros((height, width, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(width, height), buffer, width * 4)
    surface.getCanvas().scale(scale, scale)
    sprite, props, haze = Sprite(stage, scale), _Props(stage), _Drift(stage)
    views = [stage.camera.view(layer.depth) for layer in stage.layers]
    times = stage.motion.times
    veils = [(tile_image(veil.tile, scale), veil.places(stage.camera, times)) for veil in stage.veils]
    frames = np.empty((len(chosen), height, width, 3), np.uint8)
    for index, frame in enumerate(chosen):
        recorder = skia.PictureRecorder()
        canvas = recorder.beginRecording(skia.Rect(WIDTH, HEIGHT))
        for number, picture in enumerate(pictures):
            picture.draw(canvas, views[number][frame])
            props.draw(canvas, number, frame)
            haze.draw(canvas, number, frame)
        if stage.flash is not None:
            flash = skia.Color4f(*stage.flash.color, float(stage.flash.strength[frame]))
            canvas.drawColor(flash, skia.BlendMode.kSrcOver)
        sprite.draw(canvas, frame)
        for image, places in veils:
            draw_tile(canvas, image, places[frame])
        # Played back, maps set on the recording follow the surface's own; set on the surface they replace it.
        surface.getCanvas().drawPicture(recorder.finishRecordingAsPicture())
        cv2.cvtColor(buffer, cv2.COLOR_BGRA2RGB, dst=frames[index])
    return frames


class _Props:
    """What stands or burns on the layers of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._parts: dict[int, list[PartPainter]] = {}
        for prop in stage.props:
            painter = PartPainter(prop.part.under(stage.camera.view(prop.depth)))
            self._parts.setdefault(stage.layer_of(prop.depth), []).append(painter)

    def draw(self, canvas: skia.Canvas, layer: int, frame: int) -> None:
        for part in self._parts.get(layer, []):
            part.draw(canvas, frame)


class _Drift:
    """The haze of a stage, if it has any."""

    def __init__(self, stage: Stage) -> None:
        self._layer = -1
        if stage.haze is not None:
            self._layer = stage.layer_of(HAZE_DEPTH)
            self._image = haze_image(stage.haze.color)
            self._view = stage.camera.view(HAZE_DEPTH)
            self._places = stage.haze.places(self._view, stage.motion.times)

    def draw(self, canvas: skia.Canvas, layer: int, frame: int) -> None:
        if layer == self._layer:
            draw_haze(canvas, self._image, self._view[frame], float(self._places[frame]))
