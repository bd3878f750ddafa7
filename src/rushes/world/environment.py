"""The eight places. Each is a fixed layout of few prototypes on four to five parallax layers."""

from collections.abc import Callable

import numpy as np

from rushes.world.layer import Layer, LayerPainter
from rushes.world.motif import battlement, house, lamp_post, pine, ridge, roof, round_tree, tower_block, trunk
from rushes.world.outline import box, curve, ellipse, joined, polygon
from rushes.world.palette import Palette, Rgb, mix, rgb
from rushes.world.scene import Scene

FAR, MIDDLE, NEAR, BACK_GROUND, GROUND_DEPTH, FRONT = 7.0, 3.5, 1.9, 1.3, 1.0, 0.72
_DISTANCE = {FAR: 1.0, MIDDLE: 0.6, NEAR: 0.3, BACK_GROUND: 0.16, GROUND_DEPTH: 0.03, FRONT: 0.0}
_SNOW_GROUND = rgb(0xEEF2F8)


class Site:
    """Paints the layers of one place in turn, from far to near."""

    def __init__(self, palette: Palette, offsets: dict[float, float]) -> None:
        self.palette = palette
        self.layers: list[Layer] = []
        self._offsets = offsets

    def painter(self, depth: float) -> LayerPainter:
        """A painter for the layer at ``depth``."""
        return LayerPainter(self.palette, depth, _DISTANCE[depth], self._offsets.get(depth, 0.0))

    def add(
        self, painter: LayerPainter, top: float, bottom: float, mist: float = 0.0, cap: float = 1.0
    ) -> None:
        """Finish a painter's layer."""
        self.layers.append(painter.finish(top, bottom, mist, cap))

    @property
    def lamps(self) -> float:
        """How much artificial light shows: 1 at night, little by day."""
        return {"day": 0.12, "dusk": 0.65, "night": 1.0}[self.palette.time]

    def window(self, on: Rgb, off: Rgb) -> Rgb:
        """A lit window at this hour, under the style's grade."""
        share = max(self.lamps, 0.35 if self.palette.style == "cyberpunk" else 0.0)
        shone = mix(self.palette.material(off, 0.3), on, share)
        if self.palette.style == "noir":
            grey = sum(shone) / 3
            return (grey, grey, grey)
        return mix(shone, self.palette.material(on, 0.3), 0.5) if self.palette.style == "ink" else shone

    def ground(self, far: Rgb, near: Rgb, details: Callable[[LayerPainter], None] | None = None) -> None:
        """Two strips of ground; snow and sand cover them in their weathers."""
        weather = self.palette.weather
        if weather == "snow":
            far, near = mix(far, _SNOW_GROUND, 0.8), mix(near, _SNOW_GROUND, 0.75)
        elif weather == "sandstorm":
            far, near = mix(far, rgb(0xC99A5A), 0.6), mix(near, rgb(0xC99A5A), 0.5)
        elif weather == "rain":
            far, near = mix(far, rgb(0x4A5058), 0.35), mix(near, rgb(0x3A4048), 0.4)
        middle = mix(far, near, 0.45)
        back = self.painter(BACK_GROUND)
        material = self.palette.material
        back.slope(108, 126, (material(far, 0.34), material(middle, 0.1)))
        self.add(back, 108, 150, cap=0.0)
        front = self.painter(GROUND_DEPTH)
        front.slope(122, 160, (material(middle, 0.08), material(near, 0.0)))
        if details is not None:
            details(front)
        self.add(front, 122, 222, cap=0.0)


def _wall(site: Site) -> None:
    stone, dark, tile, red = rgb(0x8E8578), rgb(0x6A6258), rgb(0x4A4C54), rgb(0xA03428)
    far = site.painter(FAR)
    far.fill(ridge(96, ((3, 14, 0.4), (7, 6, 1.0))), rgb(0x6E7C88))
    site.add(far, 60, 150, 0.5)
    middle = site.painter(MIDDLE)
    for x in (-190, 66):
        middle.fill(box(x - 34, 46, x + 34, 76), red)
        middle.fill(joined(*(box(x - 30 + 12 * k, 50, x - 27 + 12 * k, 76) for k in range(6))), rgb(0x5A2420))
        middle.fill(joined(roof(x, 48, 50, 24), roof(x, 24, 36, 20), box(x - 22, 24, x + 22, 36)), tile)
    middle.fill(battlement(76, 160, -260, 260, 9), dark)
    site.add(middle, -4, 150, 0.35)
    near = site.painter(NEAR)
    near.fill(battlement(98, 170, -256, 256, 16), stone)
    for row, y in enumerate((104, 114)):
        near.fill(
            joined(
                *(
                    box(-256 + 32 * k + 16 * (row % 2), y, -228 + 32 * k + 16 * (row % 2), y + 1.6)
                    for k in range(16)
                )
            ),
            dark,
        )
    for x in (-140, 116):
        near.fill(box(x - 1.5, 38, x + 1.5, 100), rgb(0x3A3430))
        near.fill(curve([(x + 1, 40), (x + 26, 44), (x + 24, 58), (x + 30, 72), (x + 1, 70)]), red)
    site.add(near, 30, 150, 0.15)
    site.ground(rgb(0x9A9182), rgb(0x7C7468), _slabs)


def _slabs(front: LayerPainter) -> None:
    lines = [box(-256, y, 256, y + 1.2) for y in (129, 139, 152)]
    lines += [
        polygon([(x, 122), (x + 2, 122), (x * 1.0 + 1, 200), (x - 2, 200)]) for x in range(-240, 256, 64)
    ]
    front.fill(joined(*lines), rgb(0x54504A), 0.55)


def _snowfield(site: Site) -> None:
    white, shade = rgb(0xF2F6FA), rgb(0xB4C4D8)
    far = site.painter(FAR)
    far.fill(ridge(84, ((2, 26, 0.9), (5, 12, 0.2)), sharp=True), rgb(0x8A9CB4))
    far.fill(ridge(72, ((2, 26, 0.9), (5, 12, 0.2)), sharp=True), white, 0.0)
    for x, y in ((-174, 46), (-60, 50), (82, 46), (196, 50)):
        far.fill(
            polygon(
                [
                    (x - 22, y + 22),
                    (x - 8, y + 16),
                    (x, y + 24),
                    (x + 10, y + 15),
                    (x + 22, y + 22),
                    (x, y - 6),
                ]
            ),
            white,
        )
    site.add(far, 20, 150, 0.4)
    middle = site.painter(MIDDLE)
    for x, size in ((-210, 0.7), (-176, 0.9), (-30, 0.75), (40, 0.6), (150, 0.9), (186, 0.7)):
        pine(middle, x, 108, size, rgb(0x3E5560))
    middle.fill(ridge(106, ((2, 5, 0.0), (5, 2, 1.0))), shade)
    site.add(middle, 40, 150, 0.3)
    near = site.painter(NEAR)
    near.fill(ridge(112, ((1, 5, 2.0), (3, 4, 0.5))), white)
    pine(near, -116, 116, 1.15, rgb(0x2C4650))
    pine(near, 140, 117, 1.3, rgb(0x2C4650))
    site.add(near, 20, 150, 0.1)

    def drifts(front: LayerPainter) -> None:
        for x, y in ((-190, 132), (-70, 150), (40, 130), (150, 146)):
            front.fill(ellipse(x, y, 46, 3.5), shade, 0.8)

    site.ground(rgb(0xE8EEF6), rgb(0xF6F9FC), drifts)


def _platform(site: Site) -> None:
    steel, rust, roof_color = rgb(0x5E666E), rgb(0x8A5A3C), rgb(0x4C5258)
    far = site.painter(FAR)
    for x in range(-256, 256, 64):
        far.fill(box(x, 74 - (x % 3) * 6, x + 44, 130), rgb(0x77828C))
    far.fill(joined(*(box(x + 20, 40, x + 28, 80) for x in (-240, 16))), rgb(0x77828C))
    site.add(far, 30, 150, 0.45)
    middle = site.painter(MIDDLE)
    middle.fill(joined(*(box(-250 + 128 * k, 62, -130 + 128 * k, 118, 5) for k in range(4))), rust)
    windows = joined(
        *(
            box(-240 + 128 * k + 22 * j, 72, -226 + 128 * k + 22 * j, 90, 2)
            for k in range(4)
            for j in range(5)
        )
    )
    middle.flat(windows, site.window(rgb(0xFFD890), rgb(0x30363C)))
    middle.fill(box(-256, 96, 256, 100), rgb(0xC8B48C))
    site.add(middle, 50, 150, 0.2)
    near = site.painter(NEAR)
    near.fill(polygon([(-256, 10), (256, 10), (256, 22), (-256, 22)]), roof_color)
    for x in (-192, -64, 64, 192):
        near.fill(
            joined(
                box(x - 4, 20, x + 4, 124), polygon([(x - 30, 22), (x + 30, 22), (x + 4, 44), (x - 4, 44)])
            ),
            steel,
        )
    near.fill(box(-156, 44, -100, 62, 2), rgb(0x24466E))
    near.fill(box(-150, 50, -106, 56), rgb(0xE8ECF0))
    near.fill(joined(box(126, 20, 130, 34), ellipse(128, 44, 13)), rgb(0x2C3036))
    near.flat(ellipse(128, 44, 10), site.window(rgb(0xFFF4D0), rgb(0xE8E8E0)))
    near.fill(joined(box(127, 36, 129, 45), box(127, 43, 134, 45)), rgb(0x202020))
    site.add(near, 8, 150, 0.1)

    def edge(front: LayerPainter) -> None:
        front.fill(box(-256, 124, 256, 128.5), rgb(0xE2B830))
        front.fill(joined(*(box(x, 128.5, x + 1.6, 200) for x in range(-256, 256, 32))), rgb(0x565A60), 0.6)

    site.ground(rgb(0x74787C), rgb(0x8A8E92), edge)


def _desert(site: Site) -> None:
    sand, shade = rgb(0xE0AE68), rgb(0xB07A44)
    far = site.painter(FAR)
    for x, half in ((-170, 50), (70, 38), (150, 26)):
        far.fill(
            polygon(
                [
                    (x - half - 12, 120),
                    (x - half, 66),
                    (x - half * 0.5, 58),
                    (x + half * 0.6, 58),
                    (x + half, 68),
                    (x + half + 14, 120),
                ]
            ),
            rgb(0xB4704C),
        )
    site.add(far, 40, 150, 0.4)
    middle = site.painter(MIDDLE)
    middle.fill(ridge(96, ((2, 12, 0.5), (3, 6, 1.4))), sand)
    for x in (-180, 60):
        middle.fill(curve([(x - 70, 122), (x - 20, 94), (x + 6, 82), (x + 2, 100), (x + 40, 124)]), shade)
    site.add(middle, 60, 150, 0.25)
    near = site.painter(NEAR)
    near.fill(ridge(112, ((1, 8, 3.0), (3, 3, 0.2))), mix(sand, shade, 0.25))
    for x, size in ((-112, 1.0), (134, 1.2)):
        arms = joined(
            box(x - 5 * size, 66, x + 5 * size, 122, 5),
            box(x - 18 * size, 80, x - 11 * size, 98, 3),
            box(x - 18 * size, 92, x, 98, 3),
            box(x + 11 * size, 74, x + 18 * size, 92, 3),
            box(x, 86, x + 18 * size, 92, 3),
        )
        near.fill(arms, rgb(0x4E6B3C))
    site.add(near, 56, 150, 0.1)

    def ripples(front: LayerPainter) -> None:
        for x, y in ((-200, 130), (-110, 148), (-10, 131), (70, 152), (170, 138)):
            front.fill(curve([(x - 44, y), (x, y - 3), (x + 44, y), (x, y + 1)]), shade, 0.75)

    site.ground(rgb(0xD8A662), rgb(0xE6BA78), ripples)


def _street(site: Site) -> None:
    window, off = rgb(0xFFE6A0), rgb(0x3A4252)
    far = site.painter(FAR)
    for x, top in (
        (-250, 20),
        (-196, 44),
        (-150, 8),
        (-92, 36),
        (-40, 16),
        (20, 40),
        (70, 4),
        (128, 30),
        (184, 12),
        (226, 40),
    ):
        far.fill(box(x, top, x + 42, 150), rgb(0x6C7688))
    site.add(far, -10, 150, 0.45)
    middle = site.painter(MIDDLE)
    lit = site.window(window, off)
    for left, top, right in (
        (-256, 30, -196),
        (-184, -6, -128),
        (-112, 24, -60),
        (14, -2, 66),
        (76, 34, 128),
        (176, 6, 236),
    ):
        tower_block(middle, (left, top, right, 150), rgb(0x4A5264), lit, 5)
    site.add(middle, -14, 150, 0.25)
    near = site.painter(NEAR)
    signs = (
        (-132, 30, rgb(0xFF3FA4)),
        (-96, 54, rgb(0x34E4F4)),
        (104, 26, rgb(0x34E4F4)),
        (144, 48, rgb(0xFF5A3C)),
    )
    for left, right, top in ((-256, -76, 64), (92, 256, 58)):
        near.fill(box(left, top, right, 150), rgb(0x353C4C))
        near.flat(
            joined(*(box(x, 92, x + 22, 116) for x in range(left + 14, right - 24, 34))),
            site.window(rgb(0xFFC870), rgb(0x222834)),
        )
    for x, y, color in signs:
        near.fill(box(x - 10, y - 3, x + 10, y + 47, 2), rgb(0x181C26))
        shone = site.window(color, mix(color, (0.3, 0.3, 0.3), 0.35))
        near.flat(joined(*(box(x - 6, y + 2 + 11 * k, x + 6, y + 9 + 11 * k, 2) for k in range(4))), shone)
        near.glow(x, y + 22, 42, shone, 0.4 * site.lamps)
    lamp_post(near, -30, 122, 78, site.window(rgb(0xFFE9B8), rgb(0xC8CCD0)), 0.55 * site.lamps)
    site.add(near, 10, 150, 0.1)

    def markings(front: LayerPainter) -> None:
        front.fill(box(-256, 122, 256, 126), rgb(0x8A8E98))
        front.fill(
            joined(
                *(
                    polygon([(x, 143), (x + 40, 143), (x + 42, 148), (x - 2, 148)])
                    for x in range(-250, 256, 86)
                )
            ),
            rgb(0xDCDCD4),
            0.85,
        )

    site.ground(rgb(0x555B68), rgb(0x464B57), markings)


def _meadow(site: Site) -> None:
    grass, deep = rgb(0x7DB84A), rgb(0x4E8C3C)
    far = site.painter(FAR)
    far.fill(ridge(92, ((2, 12, 1.0), (3, 6, 0.0))), rgb(0x6C9A78))
    site.add(far, 66, 150, 0.4)
    middle = site.painter(MIDDLE)
    middle.fill(ridge(104, ((2, 7, 3.4), (5, 2, 0.0))), rgb(0x72AC52))
    for x, size in ((-206, 0.7), (-92, 0.6), (84, 0.7), (118, 0.5)):
        round_tree(middle, x, 106, size, rgb(0x4C8848))
    site.add(middle, 46, 150, 0.25)
    near = site.painter(NEAR)
    near.fill(ridge(114, ((1, 5, 0.0), (3, 3, 2.0))), deep)
    round_tree(near, -128, 120, 1.25, rgb(0x3F7A3A))
    posts = [box(x, 98, x + 4, 122) for x in range(20, 256, 30)] + [
        box(16, 102, 256, 105),
        box(16, 110, 256, 113),
    ]
    near.fill(joined(*posts), rgb(0xD8CCB4))
    site.add(near, 34, 150, 0.1)

    def flowers(front: LayerPainter) -> None:
        front.fill(
            joined(*(ellipse(x, 126 + (x * 7) % 28, 2.2) for x in range(-250, 256, 46))), rgb(0xFFF0F0)
        )
        front.fill(
            joined(*(ellipse(x, 128 + (x * 5) % 27, 2.4) for x in range(-230, 256, 58))), rgb(0xF8D040)
        )

    site.ground(rgb(0x70AC46), grass, flowers)


def _forest(site: Site) -> None:
    far = site.painter(FAR)
    far.fill(ridge(64, ((5, 10, 0.0), (13, 5, 0.4))), rgb(0x7A9A84))
    site.add(far, 36, 150, 0.5)
    middle = site.painter(MIDDLE)
    for x in (-236, -190, -128, -84, -20, 30, 92, 142, 214):
        trunk(middle, x, 116, 6, rgb(0x5A5E4C))
    site.add(middle, -60, 150, 0.35)
    near = site.painter(NEAR)
    for x, half in ((-214, 12), (-104, 13), (112, 14), (196, 10)):
        trunk(near, x, 124, half, rgb(0x4A3C30))
    crown = joined(*(ellipse(x, -6 + (x % 5) * 3, 48, 22) for x in range(-256, 257, 64)))
    near.fill(crown, rgb(0x35603A))
    near.fill(joined(*(ellipse(x, 122, 26, 9) for x in (-240, -158, -60, 62, 158))), rgb(0x3E6B38))
    site.add(near, -60, 150, 0.1)

    def litter(front: LayerPainter) -> None:
        for x, y in ((-210, 132), (-96, 150), (20, 130), (120, 148)):
            front.fill(ellipse(x, y, 34, 3.4), rgb(0x6E8A44), 0.8)

    site.ground(rgb(0x5C7042), rgb(0x4E5E36), litter)


def _village(site: Site) -> None:
    far = site.painter(FAR)
    far.fill(ridge(92, ((2, 12, 2.0), (5, 5, 0.4))), rgb(0x6A7484))
    site.add(far, 66, 150, 0.4)
    middle = site.painter(MIDDLE)
    lit = site.window(rgb(0xFFC060), rgb(0x3C2A24))
    for x, size in ((-222, 0.7), (-60, 0.75), (30, 0.65), (200, 0.75)):
        house(middle, x, 118, size, lit)
    site.add(middle, 50, 150, 0.3)
    near = site.painter(NEAR)
    for x, burning in ((-110, True), (126, False)):
        house(near, x, 126, 1.15, fire_color(site.palette, rgb(0xFFB040)) if burning else lit)
    near.fill(joined(*(box(x, 106, x + 4, 128) for x in (-30, -10, 10, 30, 50))), rgb(0x4A3A30))
    near.fill(box(-36, 111, 60, 114), rgb(0x4A3A30))
    near.glow(-110, 60, 92, fire_color(site.palette, rgb(0xFF8A30)), 0.6)
    site.add(near, -36, 150, 0.1)

    def path(front: LayerPainter) -> None:
        front.fill(
            joined(*(ellipse(x, 130 + (x * 3) % 22, 12, 2.2) for x in range(-240, 256, 60))),
            rgb(0x5C4C3C),
            0.7,
        )

    site.ground(rgb(0x8C7A60), rgb(0x78684E), path)


def fire_color(palette: Palette, color: Rgb) -> Rgb:
    """Fire keeps its own light in every weather; noir and ink take most of its hue."""
    grey = 0.3 + 0.7 * sum(color) / 3
    share = {"noir": 0.9, "ink": 0.35}.get(palette.style, 0.0)
    return mix(color, (grey, grey, grey), share)


_PLACES: dict[str, Callable[[Site], None]] = {
    "wall": _wall,
    "snowfield": _snowfield,
    "platform": _platform,
    "desert": _desert,
    "street": _street,
    "meadow": _meadow,
    "forest": _forest,
    "village": _village,
}


def environment_layers(scene: Scene, palette: Palette) -> list[Layer]:
    """The layers of a scene's place, from far to near; the seed shifts each by a few pixels."""
    shifts = scene.random("layers").uniform(-1.0, 1.0, 5)
    widths = np.array([14.0, 14.0, 12.0, 16.0, 16.0]) * shifts
    depths = (FAR, MIDDLE, NEAR, BACK_GROUND, GROUND_DEPTH)
    site = Site(palette, dict(zip(depths, widths.tolist(), strict=True)))
    _PLACES[scene.environment](site)
    return site.layers
