"""Id pictures: which rigid thing is on top of every pixel centre."""

import numpy as np
import skia
from numpy.typing import NDArray

from rushes.world.affine import Array
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.layers import LayerPicture
from rushes.world.canvas.marks import NEAREST, skia_matrix, skia_path
from rushes.world.flow import Movers
from rushes.world.part import drawing_order


def id_pictures(movers: Movers, pictures: list[LayerPicture]) -> NDArray[np.uint8]:
    """(T, 160, 256): the id on top of every pixel centre. Shapes that are not opaque are left out."""
    buffer = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(skia.ImageInfo.MakeN32Premul(WIDTH, HEIGHT), buffer, WIDTH * 4)
    canvas = surface.getCanvas()
    num_frames = movers.to_screen.shape[1]
    layers = [picture.stencil(index) for index, picture in enumerate(pictures)]
    paths = [[skia_path(outline) for outline in part.solid] for part in (*movers.props, *movers.subject)]
    first_prop, first_subject = len(layers), len(layers) + len(movers.props)
    order = drawing_order(movers.subject, num_frames) + first_subject
    ids = np.empty((num_frames, HEIGHT, WIDTH), np.uint8)
    for frame in range(num_frames):
        for index, layer in enumerate(layers):
            layer.draw(canvas, movers.to_screen[index, frame], NEAREST)
            for number, over in enumerate(movers.over):
                if over == index:
                    _stamp(
                        canvas,
                        paths[number],
                        movers.to_screen[first_prop + number, frame],
                        first_prop + number,
                    )
        for number in order[frame].tolist():
            _stamp(canvas, paths[number - first_prop], movers.to_screen[number, frame], number)
        ids[frame] = buffer[..., 2]
    return ids


def _stamp(canvas: skia.Canvas, paths: list[skia.Path], to_screen: Array, number: int) -> None:
    canvas.setMatrix(skia_matrix(to_screen))
    paint = skia.Paint(Color=skia.Color(number, 0, 0), AntiAlias=False)
    for path in paths:
        canvas.drawPath(path, paint)
