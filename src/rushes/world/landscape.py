"""Open country: snowfield, desert, meadow, forest."""

from rushes.world.layer import LayerPainter
from rushes.world.motif import fern, outpost, pine, ridge, round_tree, trunk
from rushes.world.outline import box, curve, ellipse, joined, polygon
from rushes.world.palette import mix, rgb
from rushes.world.site import FAR, MIDDLE, NEAR, Site, fire_color


def snowfield(site: Site) -> None:
    """Peaks, pines, drifts."""
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
    site.add(far, 20, 0.4)
    middle = site.painter(MIDDLE)
    for x, size in ((-210, 0.7), (-176, 0.9), (-30, 0.75), (40, 0.6), (150, 0.9), (186, 0.7)):
        pine(middle, x, 108, size, rgb(0x3E5560))
    middle.fill(ridge(106, ((2, 5, 0.0), (5, 2, 1.0))), shade)
    site.add(middle, 40, 0.3)
    near = site.painter(NEAR)
    near.fill(ridge(112, ((1, 5, 2.0), (3, 4, 0.5))), white)
    pine(near, -116, 116, 1.15, rgb(0x2C4650))
    pine(near, 140, 117, 1.3, rgb(0x2C4650))
    site.add(near, 20, 0.1)

    def drifts(front: LayerPainter) -> None:
        for x, y in ((-190, 132), (-70, 150), (40, 130), (150, 146)):
            front.fill(ellipse(x, y, 46, 3.5), shade, 0.8)

    site.ground(rgb(0xE8EEF6), rgb(0xF6F9FC), drifts)


def desert(site: Site) -> None:
    """Mesas, dunes, two cacti, and on the horizon the domes of a base."""
    sand, shade = rgb(0xE0AE68), rgb(0xB07A44)
    far = site.painter(FAR)
    for x, half in ((-150, 50), (98, 40), (176, 26)):
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
    site.add(far, 40, 0.4)
    middle = site.painter(MIDDLE)
    middle.fill(ridge(96, ((2, 12, 0.5), (3, 6, 1.4))), sand)
    for x in (-180, 60):
        middle.fill(curve([(x - 70, 122), (x - 20, 94), (x + 6, 82), (x + 2, 100), (x + 40, 124)]), shade)
    lit = site.window(rgb(0xFFE9A0), rgb(0x4A5A6A))
    outpost(middle, lit, fire_color(site.palette, rgb(0xFF5038)))
    middle.fill(ridge(104, ((2, 7, 2.5), (3, 3, 0.4))), mix(sand, shade, 0.15))
    site.add(middle, 40, 0.25)
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
    site.add(near, 56, 0.1)

    def ripples(front: LayerPainter) -> None:
        for x, y in ((-200, 130), (-110, 148), (-10, 131), (70, 152), (170, 138)):
            front.fill(curve([(x - 44, y), (x, y - 3), (x + 44, y), (x, y + 1)]), shade, 0.75)

    site.ground(rgb(0xD8A662), rgb(0xE6BA78), ripples)


def meadow(site: Site) -> None:
    """Hills, round trees, a fence, flowers."""
    grass, deep = rgb(0x7DB84A), rgb(0x4E8C3C)
    far = site.painter(FAR)
    far.fill(ridge(92, ((2, 12, 1.0), (3, 6, 0.0))), rgb(0x6C9A78))
    site.add(far, 66, 0.4)
    middle = site.painter(MIDDLE)
    middle.fill(ridge(104, ((2, 7, 3.4), (5, 2, 0.0))), rgb(0x72AC52))
    for x, size in ((-206, 0.7), (-92, 0.6), (84, 0.7), (118, 0.5)):
        round_tree(middle, x, 106, size, rgb(0x4C8848))
    site.add(middle, 46, 0.25)
    near = site.painter(NEAR)
    near.fill(ridge(114, ((1, 5, 0.0), (3, 3, 2.0))), deep)
    round_tree(near, -128, 120, 1.25, rgb(0x3F7A3A))
    posts = [box(x, 98, x + 4, 122) for x in range(20, 256, 30)] + [
        box(16, 102, 256, 105),
        box(16, 110, 256, 113),
    ]
    near.fill(joined(*posts), rgb(0xD8CCB4))
    site.add(near, 34, 0.1)

    def flowers(front: LayerPainter) -> None:
        front.fill(
            joined(*(ellipse(x, 126 + (x * 7) % 28, 2.2) for x in range(-250, 256, 46))), rgb(0xFFF0F0)
        )
        front.fill(
            joined(*(ellipse(x, 128 + (x * 5) % 27, 2.4) for x in range(-230, 256, 58))), rgb(0xF8D040)
        )

    site.ground(rgb(0x70AC46), grass, flowers)


def forest(site: Site) -> None:
    """Trunks, crowns, ferns, shafts of light."""
    far = site.painter(FAR)
    far.fill(joined(*(ellipse(x, 96 - (x * 5) % 22, 34, 42) for x in range(-256, 256, 32))), rgb(0x6E9A74))
    site.add(far, 26, 0.5)
    middle = site.painter(MIDDLE)
    for x in (-236, -188, -128, -84, -32, 38, 92, 142, 206):
        trunk(middle, x, 116, 6, rgb(0x54604A))
    middle.fill(joined(*(ellipse(x, 8 - (x * 3) % 14, 40, 20) for x in range(-256, 256, 64))), rgb(0x4E8050))
    middle.fill(joined(*(ellipse(x, 112, 34, 14) for x in range(-240, 256, 80))), rgb(0x558250))
    site.add(middle, -60, 0.3)
    near = site.painter(NEAR)
    for x, half in ((-206, 13), (-98, 14), (106, 15), (188, 11)):
        trunk(near, x, 124, half, rgb(0x5A4332))
    near.fill(joined(*(ellipse(x, -8 + (x % 5) * 3, 48, 22) for x in range(-256, 256, 64))), rgb(0x2F6236))
    for x in (-232, -150, -62, 64, 150):
        fern(near, x, 126, rgb(0x3C7A3A))
    if site.palette.weather == "clear":
        side = site.palette.sun_side
        shafts = [
            polygon([(x, -60), (x + 24, -60), (x - 40 * side, 130), (x - 84 * side, 130)]) for x in (-60, 30)
        ]
        near.flat(joined(*shafts), site.palette.sun, 0.16)
    site.add(near, -60, 0.1)

    def litter(front: LayerPainter) -> None:
        for x, y in ((-210, 132), (-96, 150), (20, 130), (120, 148)):
            front.fill(ellipse(x, y, 34, 3.4), rgb(0x7C9A4C), 0.8)

    site.ground(rgb(0x5E7C46), rgb(0x4F6638), litter)
