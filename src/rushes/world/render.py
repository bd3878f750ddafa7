"""Draws a scene: layers, subject, weather. 256x160, 12 frames a second, the same bytes for the same scene."""

from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from rushes.core.errors import UsageError
from rushes.world.affine import Array, affine
from rushes.world.animals import animal_figure
from rushes.world.camera import HEIGHT, WIDTH, CameraPath, camera_path
from rushes.world.costume import upright_figure
from rushes.world.environment import environment_layers
from rushes.world.fire import fire_parts
from rushes.world.layer import Layer
from rushes.world.motion import GROUND, Motion, motion_of
from rushes.world.palette import Palette, mix, palette_of
from rushes.world.part import Figure, Part, drawing_order, skia_matrix
from rushes.world.props import alien_figure, can_figure, car_figure
from rushes.world.scene import Scene
from rushes.world.site import NEAR
from rushes.world.sky import sky_layer
from rushes.world.weather import Veil, draw_haze, draw_veil, haze_image, veils_of

_SMOOTH = skia.SamplingOptions(skia.FilterMode.kLinear)


@dataclass(frozen=True)
class Stage:
    """Everything of a scene that is decided before the first frame is drawn."""

    scene: Scene
    palette: Palette
    motion: Motion
    camera: CameraPath
    layers: tuple[Layer, ...]
    fire: tuple[Part, ...]
    figure: Figure
    placement: Array
    """(T, 2, 3): figure space -> world."""
    veils: tuple[Veil, ...]
    haze: tuple[skia.Image, float] | None
    haze_start: float


def figure_of(scene: Scene, motion: Motion, palette: Palette) -> Figure:
    """The subject of a scene."""
    if scene.subject in ("warrior", "detective", "robot", "child"):
        return upright_figure(scene.subject, motion, palette)
    if scene.subject in ("fox", "dog", "horse"):
        return animal_figure(scene.subject, motion, palette)
    return {"alien": alien_figure, "can": can_figure, "car": car_figure}[scene.subject](motion, palette)


def stage_of(scene: Scene, num_frames: int) -> Stage:
    """Set up a scene for ``num_frames`` frames."""
    if num_frames < 1:
        raise UsageError(f"num_frames is {num_frames}; a clip has at least one frame")
    palette = palette_of(scene)
    motion = motion_of(scene, num_frames)
    camera = camera_path(scene, motion.times, motion.seconds, motion.x)
    generator = scene.random("stage")
    size = float(generator.uniform(0.97, 1.05))
    figure = figure_of(scene, motion, palette)
    ones, zeros = np.ones(num_frames), np.zeros(num_frames)
    placement = affine(
        np.stack([motion.facing * size * ones, zeros], -1),
        np.stack([zeros, size * ones], -1),
        np.stack([motion.x, zeros + GROUND], -1),
    )
    near_offset = float(scene.random("layers").uniform(-1.0, 1.0, 5)[2]) * 12.0
    layers = (
        sky_layer(palette, camera, float(generator.uniform(-10.0, 10.0))),
        *environment_layers(scene, palette, camera),
    )
    return Stage(
        scene,
        palette,
        motion,
        camera,
        layers,
        tuple(fire_parts(scene, palette, motion.times, near_offset)),
        figure,
        placement,
        tuple(veils_of(scene, palette)),
        haze_image(scene, palette),
        float(generator.uniform(0.0, 512.0)),
    )


class _Sprite:
    """Draws the subject once a frame into its own picture, then blits it as reflection, edge light and body."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._parts = [part.under(stage.placement) for part in stage.figure.parts]
        self._paints = [[shape.paint() for shape in part.shapes] for part in self._parts]
        self._order = drawing_order(self._parts, len(stage.motion.times))
        self._surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(WIDTH, HEIGHT))
        self._view = stage.camera.view(1.0)
        palette = stage.palette
        # Drawn styles have a contour; the others light the edge that faces the sun.
        outlined = palette.style in ("animation", "ink")
        edge = mix((0.07, 0.06, 0.1), palette.horizon, 0.1) if outlined else palette.rim
        self._edge = skia.Color4f(*edge, 1.0).toColor()
        side = int(palette.sun_side)
        self._edge_offsets = ((-1, 0), (1, 0), (0, -1), (0, 1)) if outlined else ((side, 0), (2 * side, -1))
        self._mirror = skia.Paint(Alpha=96)
        self._shadow = skia.Paint(Color4f=skia.Color4f(0.03, 0.03, 0.06, 1.0), AntiAlias=True)

    def draw(self, canvas: skia.Canvas, frame: int) -> None:
        own = self._surface.getCanvas()
        own.clear(0)
        bounds = self._paint_body(own, frame)
        if bounds.isEmpty():
            return
        image = self._surface.makeImageSnapshot(bounds)
        own.resetMatrix()
        own.save()
        own.clipRect(skia.Rect.Make(bounds))
        own.drawColor(self._edge, skia.BlendMode.kSrcIn)
        own.restore()
        silhouette = self._surface.makeImageSnapshot(bounds)
        self._ground(canvas, frame, image, bounds)
        canvas.resetMatrix()
        for x, y in self._edge_offsets:
            canvas.drawImage(silhouette, bounds.left() + x, bounds.top() + y)
        canvas.drawImage(image, bounds.left(), bounds.top())

    def _paint_body(self, own: skia.Canvas, frame: int) -> skia.IRect:
        """Draw the parts from back to front; returns the pixels they may have touched."""
        view = skia_matrix(self._view[frame])
        touched = skia.Rect.MakeEmpty()
        for index in self._order[frame].tolist():
            own.setMatrix(view)
            own.concat(skia_matrix(self._parts[index].placement[frame]))
            matrix = own.getTotalMatrix()
            for shape, paint in zip(self._parts[index].shapes, self._paints[index], strict=True):
                own.drawPath(shape.path, paint)
                touched.join(matrix.mapRect(shape.path.getBounds()))
        bounds = touched.makeOutset(2.0, 2.0).roundOut()
        if not bounds.intersect(skia.IRect.MakeWH(WIDTH, HEIGHT)):
            return skia.IRect.MakeEmpty()
        return bounds

    def _ground(self, canvas: skia.Canvas, frame: int, image: skia.Image, bounds: skia.IRect) -> None:
        """Contact shadow, and in rain the mirror image on the wet ground."""
        view = self._view[frame]
        figure = self._stage.figure
        if self._stage.scene.weather == "rain":
            # Mirrored about the ground line on screen, squeezed by the low angle of view.
            line = view[1, 0] * self._stage.motion.x[frame] + view[1, 1] * GROUND + view[1, 2]
            canvas.setMatrix(skia.Matrix.MakeAll(1, 0, 0, 0, -0.6, 1.6 * line, 0, 0, 1))
            canvas.drawImage(image, bounds.left(), bounds.top(), _SMOOTH, self._mirror)
        height = float(figure.lifted[frame])
        spread = figure.shadow * (1.15 - 0.007 * height)
        self._shadow.setAlphaf(max(0.16, 0.42 - 0.007 * height))
        canvas.setMatrix(skia_matrix(view))
        x = float(self._stage.motion.x[frame])
        canvas.drawOval(skia.Rect(x - spread, GROUND - 3.2, x + spread, GROUND + 4.0), self._shadow)


def render_frames(scene: Scene, num_frames: int, only: range | None = None) -> NDArray[np.uint8]:
    """The pictures of a scene of ``num_frames`` frames, or ``only`` some of them: uint8 RGB (T, 160, 256, 3)."""
    shown = range(num_frames) if only is None else only
    stage = stage_of(scene, num_frames)
    buffer = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(WIDTH, HEIGHT), buffer, WIDTH * 4)
    canvas = surface.getCanvas()
    sprite = _Sprite(stage)
    views = [stage.camera.view(layer.depth) for layer in stage.layers]
    fire = [part.under(stage.camera.view(NEAR)) for part in stage.fire]
    haze_view = stage.camera.view(1.6)
    frames = np.empty((len(shown), HEIGHT, WIDTH, 3), np.uint8)
    for index, frame in enumerate(shown):
        for layer, view in zip(stage.layers, views, strict=True):
            layer.draw(canvas, view[frame])
            if layer.depth == NEAR:
                _draw_parts(canvas, fire, frame)
                if stage.haze is not None:
                    draw_haze(
                        canvas,
                        stage.haze,
                        haze_view[frame],
                        float(stage.motion.times[frame]),
                        stage.haze_start,
                    )
        sprite.draw(canvas, frame)
        for veil in stage.veils:
            draw_veil(canvas, veil, stage.camera, frame, float(stage.motion.times[frame]))
        cv2.cvtColor(buffer, cv2.COLOR_BGRA2RGB, dst=frames[index])
    return frames


def _draw_parts(canvas: skia.Canvas, parts: list[Part], frame: int) -> None:
    for part in parts:
        canvas.setMatrix(skia_matrix(part.placement[frame]))
        for shape in part.shapes:
            canvas.drawPath(shape.path, shape.paint())
