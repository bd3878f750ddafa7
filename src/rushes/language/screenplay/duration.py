"""How long the words of a script last on screen, by the length of the line and its language.

Speech at the pace of acted dialogue: 4.5 Chinese characters a second, 2.6 English words, 6.5 Japanese morae
(a kanji counts as 1.8), 4.8 Korean syllables. Action at a page a minute. These are rules of thumb to plan by;
a reading aloud replaces them.
"""

import re
from functools import lru_cache

from rushes.language.screenplay.form import language_of

_SPEECH_RATE = {"zh": 4.5, "en": 2.6, "ja": 6.5, "ko": 4.8}
_ACTION_RATE = {"zh": 5.0, "en": 3.2, "ja": 7.0, "ko": 5.2}
_BREATH_S = 0.4
_PAUSE_S = 1.0
_SHORTEST_ACTION_S = 1.5

# Words of every script that puts spaces between them.
_WORD = re.compile(
    r"[^\W_\u1100-\u11ff\u3041-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f]+"
    r"(?:['’][A-Za-z]+)?"
)
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z]+)?")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_REMARK = re.compile(r"[（(][^（）()]{1,60}[）)]")
_PAUSE = re.compile(r"\b(?:beat|pause|silence)\b|停顿|沉默|良久|間|沈黙|사이|침묵|……|\.\.\.|—", re.IGNORECASE)


# A scene, its shots and the cutting into shots all ask for the same words.
@lru_cache(maxsize=1024)
def speech_seconds(words: str) -> float:
    """Seconds it takes to say ``words``, to a tenth; a remark in brackets is not said: `（笑）行こう`."""
    language, units = _units(_REMARK.sub(" ", words))
    return round(units / _SPEECH_RATE[language] + _BREATH_S + _pauses(words), 1)


@lru_cache(maxsize=1024)
def action_seconds(words: str) -> float:
    """Seconds that what ``words`` tell takes to see, to a tenth."""
    language, units = _units(words)
    return round(max(units / _ACTION_RATE[language] + _pauses(words), _SHORTEST_ACTION_S), 1)


def aside_seconds(words: str) -> float:
    """Seconds a remark in brackets adds: a pause for `(beat)`, nothing for `(softly)`."""
    return _pauses(words)


def _pauses(words: str) -> float:
    return _PAUSE_S * len(_PAUSE.findall(words))


def _units(words: str) -> tuple[str, float]:
    """The language of ``words`` and how much of what it is paced by: words, characters, morae, syllables."""
    if words.isascii():
        return "en", len(_ASCII_WORD.findall(words))
    latin = len(_WORD.findall(words))
    han, kana, hangul = len(_HAN.findall(words)), len(_KANA.findall(words)), len(_HANGUL.findall(words))
    language = language_of(words)
    if language == "en":
        return "en", latin + 0.6 * (han + hangul) + 0.4 * kana
    # A foreign word takes about as long as two characters.
    per_han = 1.8 if language == "ja" else 1.0
    return language, per_han * han + kana + hangul + 2 * latin
