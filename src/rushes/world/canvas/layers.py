"""Layers as skia pictures: drawn once, then moved by one map a frame."""

import math
from dataclasses import dataclass, replace

import numpy as np
import skia

from rushes.world.affine import Array
from rushes.world.canvas.marks import SMOOTH, draw_mark, skia_matrix, slope_shader
from rushes.world.layer import PERIOD, RASTER, Edge, Layer
from rushes.world.palette import Rgb


@dataclass(frozen=True)
class LayerPicture:
    """A layer drawn, ``raster`` pixels a world pixel."""

    layer: Layer
    image: skia.Image
    raster: float

    def draw(self, canvas: skia.Canvas, view: Array, sampling: skia.SamplingOptions = SMOOTH) -> None:
        """Draw the copies that a screen of 256 pixels can show; ``view`` is (2, 3), world -> screen."""
        canvas.setMatrix(skia_matrix(view))
        canvas.translate(self.layer.left, self.layer.top)
        canvas.scale(1.0 / self.raster, 1.0 / self.raster)
        if not self.layer.repeats:
            canvas.drawImage(self.image, 0.0, 0.0, sampling, None)
            return
        scale = float(view[0, 0])
        start = (-float(view[0, 2]) - 16.0) / scale - self.layer.left
        end = (256.0 + 16.0 - float(view[0, 2])) / scale - self.layer.left
        for copy in range(math.floor(start / PERIOD), math.ceil(end / PERIOD)):
            canvas.drawImage(self.image, copy * PERIOD * self.raster, 0.0, sampling, None)

    def stencil(self, number: int) -> "LayerPicture":
        """The picture with every opaque pixel replaced by ``number`` in red."""
        pixels = self.image.toarray(colorType=skia.ColorType.kBGRA_8888_ColorType)
        marked = np.zeros_like(pixels)
        marked[pixels[..., 3] > 127] = (0, 0, number, 255)
        return replace(self, image=skia.Image.fromarray(marked, skia.ColorType.kBGRA_8888_ColorType))


def draw_layer(layer: Layer, scale: int = 1) -> LayerPicture:
    """Rasterise a layer for pictures ``scale`` times as large as usual."""
    width, height = layer.size
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(width * scale, height * scale))
    raster = RASTER * scale
    canvas = surface.getCanvas()
    canvas.scale(raster, raster)
    canvas.translate(-layer.left, -layer.top)
    recorder = skia.PictureRecorder()
    recording = recorder.beginRecording(skia.Rect(-2000, -200, 2000, 400))
    for mark in layer.marks:
        draw_mark(recording, mark)
    picture = recorder.finishRecordingAsPicture()
    for index, edge in enumerate(layer.edges):
        _play(canvas, picture, layer, layer.edges[:index], edge.color)
    _play(canvas, picture, layer, layer.edges, None)
    if layer.mist is not None:
        canvas.drawPaint(skia.Paint(Shader=slope_shader(layer.mist), BlendMode=skia.BlendMode.kSrcATop))
    return LayerPicture(layer, surface.makeImageSnapshot(), raster)


def _play(
    canvas: skia.Canvas, picture: skia.Picture, layer: Layer, edges: tuple[Edge, ...], color: Rgb | None
) -> None:
    """Draw the copies of the art pushed in by ``edges``; flat in ``color`` if given."""
    paint = skia.Paint()
    if color is not None:
        paint.setColorFilter(
            skia.ColorFilters.Blend(skia.Color4f(*color, 1.0).toColor(), skia.BlendMode.kSrcIn)
        )
    if edges:
        paint.setBlendMode(skia.BlendMode.kSrcATop)
    layered = color is not None or bool(edges)
    if layered:
        canvas.saveLayer(None, paint)
    shift_x, shift_y = sum(edge.x for edge in edges), sum(edge.y for edge in edges)
    for copy in layer.copies:
        canvas.save()
        canvas.translate(copy * PERIOD + layer.offset + shift_x, shift_y)
        canvas.drawPicture(picture)
        canvas.restore()
    if layered:
        canvas.restore()
