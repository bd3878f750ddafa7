"""The subject on screen: drawn once a frame, shown as shadow, reflection, edge light and body."""

import skia

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.canvas.marks import SMOOTH, PartPainter, skia_matrix, skia_paint
from rushes.world.motion import GROUND
from rushes.world.palette import mix
from rushes.world.part import drawing_order
from rushes.world.stage import Stage


class Sprite:
    """Draws the subject of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        parts = [part.under(stage.placement) for part in stage.figure.parts]
        self._parts = [PartPainter(part) for part in parts]
        self._order = drawing_order(parts, len(stage.motion.times))
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
        self._shadow = skia_paint((0.03, 0.03, 0.06))

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
        for x, y in self._edge_offsets:
            canvas.drawImage(silhouette, bounds.left() + x, bounds.top() + y)
        canvas.drawImage(image, bounds.left(), bounds.top())

    def _paint_body(self, own: skia.Canvas, frame: int) -> skia.IRect:
        """Draw the parts from back to front; returns the pixels they may have touched."""
        view = skia_matrix(self._view[frame])
        touched = skia.Rect.MakeEmpty()
        for index in self._order[frame].tolist():
            touched.join(self._parts[index].draw(own, frame, view))
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
            canvas.drawImage(image, bounds.left(), bounds.top(), SMOOTH, self._mirror)
        scale = self._stage.motion.scale
        height = float(figure.lifted[frame]) * scale
        spread = figure.shadow * scale * (1.15 - 0.007 * height)
        self._shadow.setAlphaf(max(0.16, 0.42 - 0.007 * height))
        canvas.setMatrix(skia_matrix(view))
        x = float(self._stage.motion.x[frame])
        canvas.drawOval(skia.Rect(x - spread, GROUND - 3.2, x + spread, GROUND + 4.0), self._shadow)
