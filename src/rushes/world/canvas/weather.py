"""Particle sheets and haze as skia pictures that slide over the frame."""

from functools import cache
from itertools import product

import skia

from rushes.world.affine import Array
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.marks import SMOOTH, skia_paint, skia_path
from rushes.world.outline import shifted
from rushes.world.palette import Rgb
from rushes.world.weather import HAZE_BLOBS, HAZE_HEIGHT, HAZE_PERIOD, HAZE_SHARES, HAZE_TOP, TILE, Tile


@cache
def tile_image(tile: Tile, scale: int = 1) -> skia.Image:
    """The sheet drawn once, ``scale`` pixels a pixel of the usual picture."""
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(TILE * scale, TILE * scale))
    canvas = surface.getCanvas()
    canvas.scale(scale, scale)
    paint = skia_paint(tile.color, tile.opacity)
    outline = tile.outline
    for x, y in tile.places.tolist():
        for wrapped_x, wrapped_y in product((x - TILE, x, x + TILE), (y - TILE, y, y + TILE)):
            canvas.drawPath(skia_path(shifted(outline, wrapped_x, wrapped_y)), paint)
    return surface.makeImageSnapshot()


def draw_tile(canvas: skia.Canvas, image: skia.Image, place: Array) -> None:
    """Cover the frame with copies of a sheet, one of whose corners is at ``place`` (2,)."""
    fine = image.width() / TILE
    canvas.resetMatrix()
    canvas.scale(1.0 / fine, 1.0 / fine)
    row = float(place[1]) - TILE
    while row < HEIGHT:
        column = float(place[0]) - TILE
        while column < WIDTH:
            canvas.drawImage(image, column * fine, row * fine, SMOOTH, None)
            column += TILE
        row += TILE


@cache
def haze_image(color: Rgb) -> skia.Image:
    """The soft band, drawn once."""
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(HAZE_PERIOD, HAZE_HEIGHT))
    canvas = surface.getCanvas()
    ends = [skia.Color4f(*color, share).toColor() for share in HAZE_SHARES]
    paint = skia.Paint(Shader=skia.GradientShader.MakeRadial(skia.Point(0, 0), 1.0, ends))
    for x, y, half_x, half_y in HAZE_BLOBS:
        for shift in (-HAZE_PERIOD, 0, HAZE_PERIOD):
            canvas.save()
            canvas.translate(x + shift, y)
            canvas.scale(half_x, half_y)
            canvas.drawCircle(0, 0, 1, paint)
            canvas.restore()
    return surface.makeImageSnapshot()


def draw_haze(canvas: skia.Canvas, image: skia.Image, view: Array, place: float) -> None:
    """Draw the band at the depth whose ``view`` (2, 3) is given; ``place`` as ``Haze.places``."""
    scale = float(view[0, 0])
    canvas.resetMatrix()
    canvas.translate(0.0, float(view[1, 2]))
    canvas.scale(scale, scale)
    x = place - HAZE_PERIOD
    while x < WIDTH / scale:
        canvas.drawImage(image, x, HAZE_TOP, SMOOTH, None)
        x += HAZE_PERIOD
