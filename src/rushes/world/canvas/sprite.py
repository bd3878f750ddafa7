"""The subject on screen: drawn once a frame, shown as shadow, reflection, edge light and body."""

import skia

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.marks import SMOOTH, PartPainter, skia_matrix, skia_paint
from rushes.world.footing import MIRRORED, SHADOW, footing_of
from rushes.world.part import drawing_order
from rushes.world.stage import Stage


class Sprite:
    """Draws the subject of a stage."""

    def __init__(self, stage: Stage, scale: int = 1) -> None:
        """``scale`` pixels of its own a pixel of the usual picture."""
        self._scale = scale
        parts = [part.under(stage.placement) for part in stage.figure.parts]
        self._parts = [PartPainter(part) for part in parts]
        self._order = drawing_order(parts, len(stage.motion.times))
        self._surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(WIDTH * scale, HEIGHT * scale))
        self._view = stage.camera.view(1.0)
        self._footing = footing_of(stage)
        self._edge = skia.Color4f(*self._footing.edge, 1.0).toColor()
        self._mirror = skia.Paint(Alphaf=MIRRORED)
        self._shadow = skia_paint(SHADOW)

    def draw(self, canvas: skia.Canvas, frame: int) -> None:
        """Draw the subject as it is at ``frame``."""
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
        canvas.scale(1.0 / self._scale, 1.0 / self._scale)
        for x, y in self._footing.edge_offsets:
            canvas.drawImage(silhouette, bounds.left() + x * self._scale, bounds.top() + y * self._scale)
        canvas.drawImage(image, bounds.left(), bounds.top())

    def _paint_body(self, own: skia.Canvas, frame: int) -> skia.IRect:
        """Draw the parts from back to front; returns the pixels they may have touched."""
        view = skia_matrix(self._scale * self._view[frame])
        touched = skia.Rect.MakeEmpty()
        for index in self._order[frame].tolist():
            touched.join(self._parts[index].draw(own, frame, view))
        bounds = touched.makeOutset(2.0, 2.0).roundOut()
        if not bounds.intersect(skia.IRect.MakeWH(WIDTH * self._scale, HEIGHT * self._scale)):
            return skia.IRect.MakeEmpty()
        return bounds

    def _ground(self, canvas: skia.Canvas, frame: int, image: skia.Image, bounds: skia.IRect) -> None:
        """Contact shadow, and in rain the mirror image on the wet ground."""
        if self._footing.mirror is not None:
            canvas.setMatrix(skia_matrix(self._footing.mirror[frame]))
            canvas.scale(1.0 / self._scale, 1.0 / self._scale)
            canvas.drawImage(image, bounds.left(), bounds.top(), SMOOTH, self._mirror)
        self._shadow.setAlphaf(float(self._footing.shadow_opacity[frame]))
        canvas.setMatrix(skia_matrix(self._footing.shadow[frame]))
        canvas.drawCircle(0.0, 0.0, 1.0, self._shadow)
