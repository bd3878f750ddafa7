"""Where people built: city wall, railway platform, neon street, burning village."""

from rushes.world.layer import LayerPainter
from rushes.world.motif import battlement, house, lamp_post, mirrored_light, ridge, roof, tower_block
from rushes.world.outline import box, curve, ellipse, joined, polygon
from rushes.world.palette import mix, rgb
from rushes.world.site import FAR, MIDDLE, NEAR, Site, fire_color


def wall(site: Site) -> None:
    """Gate towers and battlements with banners."""
    stone, dark, tile, red = rgb(0x8E8578), rgb(0x6A6258), rgb(0x4A4C54), rgb(0xA03428)
    far = site.painter(FAR)
    far.fill(ridge(96, ((3, 14, 0.4), (7, 6, 1.0))), rgb(0x6E7C88))
    site.add(far, 60, 0.5)
    middle = site.painter(MIDDLE)
    for x in (-186, 92):
        middle.fill(box(x - 34, 46, x + 34, 76), red)
        middle.fill(joined(*(box(x - 30 + 12 * k, 50, x - 27 + 12 * k, 76) for k in range(6))), rgb(0x5A2420))
        middle.fill(joined(roof(x, 48, 50, 24), roof(x, 24, 36, 20), box(x - 22, 24, x + 22, 36)), tile)
    middle.fill(battlement(76, 160, -260, 260, 9), dark)
    site.add(middle, -4, 0.35)
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
    site.add(near, 30, 0.15)
    site.ground(rgb(0x9A9182), rgb(0x7C7468), _slabs)


def _slabs(front: LayerPainter) -> None:
    lines = [box(-256, y, 256, y + 1.2) for y in (129, 139, 152)]
    lines += [
        polygon([(x, 122), (x + 2, 122), (x * 1.0 + 1, 200), (x - 2, 200)]) for x in range(-240, 256, 64)
    ]
    front.fill(joined(*lines), rgb(0x54504A), 0.55)


def platform(site: Site) -> None:
    """Canopy on columns, a forgotten train, clock and sign."""
    steel, rust, roof_color = rgb(0x5E666E), rgb(0x8A5A3C), rgb(0x4C5258)
    far = site.painter(FAR)
    for x in range(-256, 256, 64):
        far.fill(box(x, 74 - (x % 3) * 6, x + 44, 130), rgb(0x77828C))
    far.fill(joined(*(box(x + 20, 40, x + 28, 80) for x in (-240, 16))), rgb(0x77828C))
    site.add(far, 30, 0.45)
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
    site.add(middle, 50, 0.2)
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
    site.add(near, 8, 0.1)

    def edge(front: LayerPainter) -> None:
        front.fill(box(-256, 124, 256, 128.5), rgb(0xE2B830))
        front.fill(joined(*(box(x, 128.5, x + 1.6, 200) for x in range(-256, 256, 32))), rgb(0x565A60), 0.6)

    site.ground(rgb(0x74787C), rgb(0x8A8E92), edge)


# fmt: off
_FAR_BLOCKS = (
    (-250, 20), (-196, 44), (-150, 8), (-92, 36), (-40, 16), (20, 40),
    (70, 4), (128, 30), (184, 12), (226, 40),
)
_BLOCKS = ((-256, 30, -196), (-184, -6, -128), (-112, 24, -60), (14, -2, 66), (76, 34, 128), (176, 6, 236))
_SIGNS = (
    (-132, 30, 0x34E4F4), (-88, 54, 0xFF3FA4), (40, 40, 0xFFC63C), (104, 26, 0x34E4F4), (144, 48, 0xFF3FA4),
)
# fmt: on


def street(site: Site) -> None:
    """Blocks with lit windows, neon signs, a lamp."""
    window, off = rgb(0xFFE6A0), rgb(0x3A4252)
    far = site.painter(FAR)
    for x, top in _FAR_BLOCKS:
        far.fill(box(x, top, x + 42, 150), rgb(0x6C7688))
    site.add(far, -10, 0.45)
    middle = site.painter(MIDDLE)
    lit = site.window(window, off)
    for left, top, right in _BLOCKS:
        tower_block(middle, (left, top, right, 150), rgb(0x4A5264), lit, 5)
    site.add(middle, -14, 0.25)
    near = site.painter(NEAR)
    for left, right, top in ((-256, -76, 64), (92, 256, 58)):
        near.fill(box(left, top, right, 150), rgb(0x353C4C))
        near.flat(
            joined(*(box(x, 92, x + 22, 116) for x in range(left + 14, right - 24, 34))),
            site.window(rgb(0xFFC870), rgb(0x222834)),
        )
    for x, y, code in _SIGNS:
        color = rgb(code)
        near.fill(box(x - 10, y - 3, x + 10, y + 47, 2), rgb(0x181C26))
        shone = site.window(color, mix(color, (0.3, 0.3, 0.3), 0.35))
        near.flat(joined(*(box(x - 6, y + 2 + 11 * k, x + 6, y + 9 + 11 * k, 2) for k in range(4))), shone)
        near.glow(x, y + 22, 42, shone, 0.4 * site.lamps)
    lamp = site.window(rgb(0xFFE9B8), rgb(0xC8CCD0))
    lamp_post(near, -30, 122, 78, lamp, 0.55 * site.lamps)
    site.add(near, 10, 0.1)

    wet = site.palette.weather == "rain"

    def markings(front: LayerPainter) -> None:
        front.fill(box(-256, 122, 256, 126), rgb(0x8A8E98))
        stripes = [
            polygon([(x, 143), (x + 40, 143), (x + 42, 148), (x - 2, 148)]) for x in range(-250, 256, 86)
        ]
        front.fill(joined(*stripes), rgb(0xDCDCD4), 0.85)
        for x, _, code in _SIGNS:
            shone = site.window(rgb(code), mix(rgb(code), (0.3, 0.3, 0.3), 0.35))
            mirrored_light(front, x, shone, 33.0 if wet else 16.0, (0.75 if wet else 0.22) * site.lamps)
        mirrored_light(front, -15.0, lamp, 30.0 if wet else 14.0, (0.6 if wet else 0.2) * site.lamps)

    site.ground(rgb(0x555B68), rgb(0x464B57), markings)


def village(site: Site) -> None:
    """Gabled houses, one of them on fire (the flames are in fire.py)."""
    far = site.painter(FAR)
    far.fill(ridge(92, ((2, 12, 2.0), (5, 5, 0.4))), rgb(0x6A7484))
    site.add(far, 66, 0.4)
    middle = site.painter(MIDDLE)
    lit = site.window(rgb(0xFFC060), rgb(0x3C2A24))
    for x, size in ((-222, 0.7), (-60, 0.75), (30, 0.65), (200, 0.75)):
        house(middle, x, 118, size, lit)
    site.add(middle, 50, 0.3)
    near = site.painter(NEAR)
    for x, burning in ((-84, True), (118, False)):
        house(near, x, 126, 1.15, fire_color(site.palette, rgb(0xFFB040)) if burning else lit)
    near.fill(joined(*(box(x, 106, x + 4, 128) for x in (-26, -6, 14, 34, 54))), rgb(0x4A3A30))
    near.fill(box(-30, 111, 62, 114), rgb(0x4A3A30))
    near.glow(-84, 60, 92, fire_color(site.palette, rgb(0xFF8A30)), 0.6)
    site.add(near, -36, 0.1)

    def path(front: LayerPainter) -> None:
        front.fill(
            joined(*(ellipse(x, 130 + (x * 3) % 22, 12, 2.2) for x in range(-240, 256, 60))),
            rgb(0x5C4C3C),
            0.7,
        )

    site.ground(rgb(0x8C7A60), rgb(0x78684E), path)
