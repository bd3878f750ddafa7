"""The letters a PDF means: browsers and office programs write 第⼀场 with radicals, and ﬁ as one letter.

The font draws a radical and the ideograph alike, and the table that leads back to letters names the radical.
U+2F00 to U+2FD5 and the ligatures are equal to their letters by NFKC; for U+2E80 to U+2EF3 the pairs are
those that the Noto CJK fonts draw with one glyph.
"""

import re
import unicodedata

_COMPATIBLE = re.compile("[\u2f00-\u2fd5\ufb00-\ufb06\uf900-\ufad9]")
_RADICALS = (
    "⺂⺃⺅⺉⺋⺎⺏⺐⺒⺓⺔⺕⺖⺘⺙⺛⺞⺟⺠⺡⺣⺤⺦⺨⺫⺭⺯⺰⺱⺲⺳⺹⺺⺾⺿⻂⻃⻄⻅"
    "⻆⻈⻉⻋⻌⻍⻎⻐⻑⻒⻓⻔⻖⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
)
_IDEOGRAPHS = (
    "乛乚亻刂㔾兀尣尢巳幺彑彐忄扌攵旡歺母民氵灬爫丬犭罒礻糹纟罓罒㓁耂肀艹艹衤覀西见"
    "角讠贝车辶辶辶钅長镸长门阝青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)
_SUPPLEMENT = str.maketrans(_RADICALS, _IDEOGRAPHS)
_KANA = re.compile("[\u3041-\u30fa]")
# The door of Unicode's table is the Korean one.
_JAPANESE = str.maketrans("⼾", "戸")


def as_letters(text: str) -> str:
    """Return the text with radicals as ideographs and ligatures as their letters."""
    if _KANA.search(text):
        text = text.translate(_JAPANESE)
    plain = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return plain.translate(_SUPPLEMENT)
