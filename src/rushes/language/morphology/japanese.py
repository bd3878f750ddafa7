"""Japanese predicates as the stems that endings attach to: 走る gives 走ら, 走り, 走っ, 走れ, 走ろ.

Which of the two classes a verb in る belongs to cannot be told from a kanji stem (見る, 走る), so the forms
of both are made; what does not exist never occurs in a text.
"""

from collections.abc import Iterator, Mapping, Sequence

_GODAN = {
    "う": "わいっえお",
    "く": "かきいけこ",
    "ぐ": "がぎいげご",
    "す": "さしせそ",
    "つ": "たちってと",
    "ぬ": "なにんねの",
    "ぶ": "ばびんべぼ",
    "む": "まみんめも",
    "る": "らりっれろ",
}
_I_OR_E_ROW = frozenset("いきしちにひみりぎじびぴえけせてねへめれげぜでべぺ")
_AFTER_ICHIDAN = "るてたなまよれらずつそき"
# Second parts of compound verbs, which are written in Kanji or in Hiragana: 飛び込む, 飛びこむ.
_SECOND_PARTS = (
    ("込む", "こむ"),
    ("上がる", "あがる"),
    ("上げる", "あげる"),
    ("出す", "だす"),
    ("出る", "でる"),
    ("回る", "まわる"),
    ("回す", "まわす"),
    ("付く", "つく"),
    ("付ける", "つける"),
    ("掛かる", "かかる"),
    ("掛ける", "かける"),
    ("合う", "あう"),
    ("合わせる", "あわせる"),
    ("落ちる", "おちる"),
    ("落とす", "おとす"),
    ("去る", "さる"),
    ("寄る", "よる"),
    ("寄せる", "よせる"),
    ("降りる", "おりる"),
    ("下りる", "おりる"),
    ("下ろす", "おろす"),
    ("抜ける", "ぬける"),
    ("抜く", "ぬく"),
    ("立つ", "たつ"),
    ("立てる", "たてる"),
    ("返す", "かえす"),
    ("返る", "かえる"),
    ("向く", "むく"),
    ("越える", "こえる"),
    ("越す", "こす"),
    ("入れる", "いれる"),
    ("取る", "とる"),
    ("飛ばす", "とばす"),
    ("倒す", "たおす"),
    ("直す", "なおす"),
    ("払う", "はらう"),
    ("伏せる", "ふせる"),
    ("起こす", "おこす"),
    ("起きる", "おきる"),
    ("裂く", "さく"),
    ("巡る", "めぐる"),
    ("移る", "うつる"),
    ("乗る", "のる"),
    ("戻る", "もどる"),
    ("破る", "やぶる"),
    ("刺す", "さす"),
    ("散らす", "ちらす"),
    ("登る", "のぼる"),
    ("昇る", "のぼる"),
    ("進む", "すすむ"),
    ("渡す", "わたす"),
)


def _spellings() -> Mapping[str, Sequence[str]]:
    """Return each second part -> how else it is written."""
    found: dict[str, list[str]] = {}
    for kanji, kana in _SECOND_PARTS:
        found.setdefault(kanji, []).append(kana)
        found.setdefault(kana, []).append(kanji)
    return found


_SPELLINGS = _spellings()
_SIZES_OF_SECOND_PARTS = sorted({len(part) for part in _SPELLINGS})


def predicate_forms(word: str) -> Iterator[tuple[str, str]]:
    """Yield the stems of a verb or adjective in each spelling; any other word only itself."""
    for written in (word, *_other_spellings(word)):
        yield from _forms(written)


def _other_spellings(word: str) -> Iterator[str]:
    for size in _SIZES_OF_SECOND_PARTS:
        first = word[:-size]
        if first and first[-1] in _I_OR_E_ROW and not "ぁ" <= first[0] <= "ん":
            yield from (first + other for other in _SPELLINGS.get(word[-size:], ()))


def _forms(word: str) -> Iterator[tuple[str, str]]:
    last = word[-1]
    if word.endswith("する") and len(word) > 2:
        yield from _suru(word[:-2])
    elif word.endswith("来る"):
        yield from ((word[:-1] + ending, "verb") for ending in _AFTER_ICHIDAN)
    elif last == "る" and len(word) > 1:
        yield from _ru(word[:-1])
    elif last in _GODAN and len(word) > 1:
        stem = word[:-1]
        yield word, "verb"
        yield from ((stem + ending, "verb") for ending in _GODAN[last])
        if word.endswith(("行く", "いく")):
            yield stem + "っ", "verb"
    elif last == "い" and len(word) > 1:
        yield from (
            (word[:-1] + ending, "other") for ending in ("い", "く", "かった", "かっ", "さ", "げ", "そう")
        )
    else:
        yield word, "other"


def _suru(stem: str) -> Iterator[tuple[str, str]]:
    yield from ((stem + ending, "verb") for ending in ("する", "し", "さ", "せ", "すれ"))
    # 爆発 and スピン stand alone as well; a native noun such as 噂 would be listed as one.
    if len(stem) > 1 and not "ぁ" <= stem[-1] <= "ん":
        yield stem, "verb"


def _ru(stem: str) -> Iterator[tuple[str, str]]:
    yield stem + "る", "verb"
    yield from ((stem + ending, "verb") for ending in _GODAN["る"])
    if "ぁ" <= stem[-1] <= "ん":
        if stem[-1] not in _I_OR_E_ROW:
            return
        if len(stem) > 1:
            yield stem, "verb"
    yield from ((stem + ending, "verb") for ending in _AFTER_ICHIDAN)


# る-verbs of the other class than their kanji stem suggests, and than the vowel before る suggests.
_ICHIDAN_KANJI = frozenset("見寝出着煮経得似観居")
_GODAN_AFTER_I_OR_E = (
    "しゃべる",
    "すべる",
    "はしる",
    "まいる",
    "ちる",
    "いじる",
    "ねじる",
    "かじる",
    "くつがえる",
    "よみがえる",
)
_TE_STEMS = {
    "う": "っ",
    "つ": "っ",
    "る": "っ",
    "く": "い",
    "ぐ": "い",
    "す": "し",
    "ぬ": "ん",
    "ぶ": "ん",
    "む": "ん",
}
# て and た after a verb, plain and voiced.
_TE = ("て", "た", "で", "だ")
_PLAIN = {"て": "て", "た": "た", "で": "て", "だ": "た"}
_VOICED = {"て": "で", "た": "だ", "で": "で", "だ": "だ"}
SHAPES = ("dictionary", "negative", "continuative", "te", "conditional", "volitional")


def shape_of(verb: str, surface: str, after: str) -> str | None:
    """Return which shape of `verb` stands in a text as `surface` before `after`, or None for no verb form."""
    fitting = [shape for shape in SHAPES if shaped(verb, shape) == surface]
    if "te" in fitting and after[:1] in _TE:
        return "te"
    if "negative" in fitting and after.startswith(("な", "ず", "ぬ", "せ", "れ", "ら")):
        return "negative"
    preferred = [shape for shape in fitting if shape not in ("te", "negative")]
    return next(iter(preferred or fitting), None)


def shaped(verb: str, shape: str) -> str:
    """Return one shape of a verb in dictionary form; endings such as て and ない attach to it."""
    last, stem = verb[-1], verb[:-1]
    if verb.endswith("する"):
        return {"dictionary": verb, "conditional": stem[:-1] + "すれ", "volitional": stem[:-1] + "しよ"}.get(
            shape, stem[:-1] + "し"
        )
    if shape == "dictionary":
        return verb
    if _is_ichidan(verb):
        return {"conditional": stem + "れ", "volitional": stem + "よ"}.get(shape, stem)
    row = _GODAN[last]
    if shape == "te":
        return stem + ("っ" if verb.endswith("行く") else _TE_STEMS[last])
    places = {"negative": row[0], "continuative": row[1], "conditional": row[-2], "volitional": row[-1]}
    return stem + places[shape]


def in_place(verb: str, shape: str, after: str) -> str:
    """Return one shape of a verb with the ending that stood behind another: 走っ+て is 泳い+で of 泳ぐ."""
    if shape == "te" and after[:1] in _TE:
        after = (_VOICED if voices_te(verb) else _PLAIN)[after[0]] + after[1:]
    return shaped(verb, shape) + after


def voices_te(verb: str) -> bool:
    """Whether て and た become で and だ after the verb: 泳いで, 飛んだ."""
    return verb[-1] in "ぐぬぶむ"


def is_verb(word: str) -> bool:
    """Whether a lexicon word is a verb in dictionary form."""
    return len(word) > 1 and word[-1] in _GODAN


def _is_ichidan(verb: str) -> bool:
    if verb[-1] != "る" or verb in _GODAN_AFTER_I_OR_E:
        return False
    before = verb[-2]
    return before in _ICHIDAN_KANJI if not "ぁ" <= before <= "ん" else before in _I_OR_E_ROW
