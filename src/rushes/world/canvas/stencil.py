"""Id pictures: which rigid thing is on top of every pixel centre."""

import numpy as np
import skia
from numpy.typing import NDArray

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.layers import LayerPicture
from rushes.world.canvas.marks import NEAREST, skia_matrix, skia_path
from rushes.world.flow import Movers
from rushes.world.part import Part, drawing_order
from rushes.world.site import NEAR


def id_pictures(movers: Movers, pictures: list[LayerPicture]) -> NDArray[np.uint8]:
    """(T, 160, 256): the id on top of every pixel centre. Shapes that are not opaque are left out."""
    buffer = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(WIDTH, HEIGHT), buffer, WIDTH * 4)
    canvas = surface.getCanvas()
    num_frames = movers.to_screen.shape[1]
    layers = [picture.stencil(index) for index, picture in enumerate(pictures)]
    parts = (*movers.fire, *movers.subject)
    paths = [_opaque(part) for part in parts]
    first_fire, first_subject = len(layers), len(layers) + len(movers.fire)
    order = drawing_order(movers.subject, num_frames) + first_subject
    ids = np.empty((num_frames, HEIGHT, WIDTH), np.uint8)
    for frame in range(num_frames):
        for index, layer in enumerate(layers):
            layer.draw(canvas, movers.to_screen[index, frame], NEAREST)
            if layer.layer.depth == NEAR:
                for number in range(first_fire, first_subject):
                    _stamp(canvas, paths[number - first_fire], movers, number, frame)
        for number in order[frame].tolist():
            _stamp(canvas, paths[number - first_fire], movers, number, frame)
        ids[frame] = buffer[..., 2]
    return ids


def _opaque(part: Part) -> list[skia.Path]:
    return [skia_path(shape.path) for shape in part.shapes if shape.opacity == 1.0]


def _stamp(canvas: skia.Canvas, paths: list[skia.Path], movers: Movers, number: int, frame: int) -> None:
    canvas.setMatrix(skia_matrix(movers.to_screen[number, frame]))
    paint = skia.Paint(Color=skia.Color(number, 0, 0), AntiAlias=False)
    for path in paths:
        canvas.drawPath(path, paint)
