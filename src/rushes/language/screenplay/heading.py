"""Scene headings in four languages: number, inside or outside, place, time of day.

English `INT. HOUSE - DAY`; Chinese `1-1 客厅 日 内` and `第一场 内景 客厅 夜`; Japanese `○公園（夜）`; Korean
`S#1. 거실 - 밤`.
A heading of numbers and fields alone needs a word for time or for inside and outside: `3. 他走了` is a list.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from rushes.language.screenplay.emphasis import plain
from rushes.language.screenplay.words import fold, trade_words

_DIGITS = r"[0-9０-９]{1,4}[A-Za-z]{0,2}"
_HAN_NUMBER = r"[0-9０-９一二三四五六七八九十百零〇两]{1,7}"
# The letter of 1-5A, a scene that was put in behind 1-5.
_INSERTED = r"(?:[A-Za-z]{1,2}(?![A-Za-z]))?"
_SLUG = re.compile(r"(INT\.?/EXT|EXT\.?/INT|I/E|INT|EXT|EST)[. ]\s*", re.IGNORECASE)

# A sign that only headings have.
_SURE = re.compile(
    rf"第{_HAN_NUMBER}[集幕][ \u3000]{{0,4}}第{_HAN_NUMBER}[A-Za-z]{{0,2}}[场場]"
    rf"|第{_HAN_NUMBER}[A-Za-z]{{0,2}}[场場]"
    rf"|(?:场次|場次|场景|場景|场|場)[ \u3000]?[:：]?[ \u3000]?{_HAN_NUMBER}(?![0-9一二三四五六七八九十])"
    rf"|[○〇◯●◎■□◇◆][ \u3000]?(?:{_DIGITS}(?=[ \u3000.．、]))?"
    rf"|(?:シーン|柱|Ｓ|S)[ \u3000]?[#＃\-－]?[ \u3000]?{_DIGITS}(?=[ \u3000.．、:：]|$)"
    rf"|(?:S[ ]?#|Scene|씬|신|장면|#)[ ]?{_DIGITS}(?:-[0-9]{{1,3}}{_INSERTED})?"
    # `#플래시백. 시골 마당 (밤)`
    r"|(?:S ?)?#[ ]?(?=[가-힣])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    rf"{_DIGITS}[-－—–.][0-9０-９]{{1,3}}{_INSERTED}(?![0-9０-９])"
    rf"|{_DIGITS}(?=[.．、场場 \u3000])[.．、场場]?"
)
_SEPARATORS = re.compile(r"[\s,，、.．。·・/／|｜\-－–—―()（）【】\[\]:：;；]+")
_TIME_THEN_SETTING = re.compile(r"(.{1,24}?)[/／]?(内外景?|外内|[内外內]景?)$")
_SETTING_THEN_TIME = re.compile(r"(内外|[内外內])[景]?[/／]?(.+)$")
# `N / I`, as Korean scripts say it; elsewhere the letters are names of rooms.
_LETTER_SETTINGS = {"I": "interior", "E": "exterior", "O": "exterior"}
_LETTER_TIMES = {"N": "밤", "D": "낮"}
_EPISODE = re.compile(rf"第({_HAN_NUMBER})[集幕][ \u3000]{{0,4}}第({_HAN_NUMBER}[A-Za-z]{{0,2}})")
_NUMBER_IN = re.compile(rf"{_HAN_NUMBER}(?:[-－—–.]{_HAN_NUMBER})?[A-Za-z]{{0,2}}")
_FOLDED_NUMBERS = str.maketrans("０１２３４５６７８９－—–．", "0123456789---.")
_MOST_CHARACTERS = 90
_MOST_WITHOUT_NUMBER = 40
_MOST_SCENES_BACK = 100
# British scripts put full stops: `INT. KITCHEN. DAY`.
_SLUG_GAP = re.compile(r"\s[-–—]{1,2}\s|(?<=\S)\s?--\s?|[,.]\s(?![-–—])")
_BRACKETED = re.compile(r"(\s?[（(][^（）()]{1,40}[）)])")
_SENTENCE = re.compile(r"[！？!?「」『』“”…]|。.")
# 豆腐屋「豆寛」・店先: the name of a shop within a place; what is said ends its line.
_SIGN = re.compile(
    r"(?<=[\w \u3000])(?:「[^「」！？!?…。]{1,20}」|『[^『』！？!?…。]{1,20}』|“[^“”！？!?…。]{1,20}”)(?=.)"
)

_INSIDE = re.compile(r"・(?:店|室|屋|車|館|家|社|院|校|園|船|機)?(?:内|中|内部)$")
# 道（雨の: its bracket closes where the place ends.
_OPEN_BRACKET = re.compile(r"[（(][^（）()]*$")
_CLOSING = re.compile(r"[）)]")


@dataclass(frozen=True, slots=True)
class Heading:
    """`setting` is interior, exterior, both or empty; `number` is as written, folded to plain digits."""

    number: str = ""
    setting: str = ""
    location: str = ""
    time: str = ""
    cast: tuple[str, ...] = ()
    props: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fields:
    setting: str
    location: str
    time: str


def parse_heading(words: str, key: str = "") -> Heading:
    """Read a heading's words; `key` is the scene number that stood apart from them."""
    lines = [line.strip() for line in plain(words).split("\n") if line.strip()]
    if not lines:
        return Heading(number=key)
    named: dict[str, str] = {}
    parts = [_read_first(lines[0])]
    for line in lines[1:]:
        field = heading_field(line)
        if field and field[0] in ("cast", "props"):
            named[field[0]] = field[1]
        elif field:
            parts.append(_named_field(*field))
        else:
            parts.append(_with_number("", _fields(line)))
    return Heading(
        number=key or _first(part.number for part in parts),
        setting=_first(part.setting for part in parts),
        location=_first(part.location for part in parts),
        time=_first(part.time for part in parts),
        cast=_names(named.get("cast", "")),
        props=_names(named.get("props", "")),
    )


def is_omitted(heading: Heading) -> bool:
    """Whether it only says that a scene stood here: `12 OMITTED`, `○ 欠番`."""
    return fold(heading.location) in trade_words().omitted


def same_place(location: str, before: Sequence[str], setting: str = "") -> str:
    """A place as it is called, by those of the scenes before it: `同・居間` below `水野家・台所` is
    `水野家・居間`, and `もとの台所` is `水野家・台所` again; outside `喫茶店・店内` is `喫茶店`."""
    if _is_same_place(location):
        _, mark, rest = location.partition("・")
        last = before[-1] if before else ""
        if not mark and setting == "exterior":
            return _INSIDE.sub("", last)
        return last.partition("・")[0] + mark + rest if mark else last
    again = next((word for word in trade_words().place_again if location.startswith(word)), "")
    place = location.removeprefix(again)
    if not again or not place:
        return location
    recent = islice(reversed(before), _MOST_SCENES_BACK)
    return next((seen for seen in recent if seen.endswith(place)), place)


def _is_same_place(location: str) -> bool:
    return fold(location.partition("・")[0]) in trade_words().same_place


def is_foreign_heading(line: str) -> bool:
    """Whether one line is a Chinese, Japanese or Korean heading that needs no other line."""
    return len(line) <= _MOST_CHARACTERS and _is_foreign_heading(line)


@lru_cache(maxsize=4096)
def _is_foreign_heading(line: str) -> bool:
    line = line.strip().strip("【】[]").strip()
    sure = _SURE.match(line)
    if sure:
        rest = line[sure.end() :]
        fields = _fields(rest)
        has_fields = bool(fields.time or fields.setting)
        apart = not rest or bool(_SEPARATORS.match(rest)) or line[0] in "○〇◯●◎■□◇◆"
        return has_fields or (apart and not _is_sentence(rest) and not rest.endswith("。"))
    numbered = _NUMBERED.match(line)
    rest = line[numbered.end() :] if numbered else line
    if not numbered and not _starts_with_setting(rest):
        return _ends_with_time_and_setting(line)
    fields = _fields(rest)
    known = bool(fields.time or fields.setting or fold(rest) in trade_words().omitted)
    # `内景。客厅。日` has full stops between its fields.
    return (known or _is_same_place(fields.location)) and not (numbered and _is_sentence(rest))


def _is_sentence(words: str) -> bool:
    return _SENTENCE.search(_SIGN.sub("", words)) is not None


def _ends_with_time_and_setting(line: str) -> bool:
    """`门前土路，日，外`: a place, and then when and whether inside or outside, without a number."""
    pieces = [piece for piece in _SEPARATORS.split(line) if piece]
    if len(pieces) < 2 or len(line) > _MOST_WITHOUT_NUMBER or _time_and_setting(fold(pieces[0])):
        return False
    last = _time_and_setting(fold(pieces[-1]))
    before = _time_and_setting(fold(pieces[-2])) if len(pieces) > 2 else None
    if last is None:
        return False
    found = last if before is None else (last[0] or before[0], last[1] or before[1])
    return bool(found[0] and found[1])


def is_bare_number(line: str) -> bool:
    """A scene number alone on its line: place and time may follow on lines of their own."""
    if len(line) > _MOST_CHARACTERS:
        return False
    line = line.strip().strip("【】[]").strip()
    found = _SURE.match(line) or _NUMBERED.match(line)
    if not found or line.isdigit():
        return False
    return not line[found.end() :].strip(" \u3000.．、:：")


def heading_field(line: str) -> tuple[str, str] | None:
    """``地点：客厅`` -> ("location", "客厅"), or None."""
    name, colon, value = line.replace("：", ":", 1).partition(":")
    kind = trade_words().fields.get(fold(name)) if colon and len(name) <= 12 else None
    return (kind, value.strip()) if kind else None


def is_time_and_setting(line: str) -> bool:
    """Whether a line says when and whether inside or outside, and nothing else: `日 内`, `（夜）`."""
    fields = _fields(line)
    return bool(fields.time or fields.setting) and not fields.location


def _read_first(line: str) -> Heading:
    bare = line.strip("【】[]").strip()
    slug = _SLUG.match(bare)
    if slug:
        return _read_slug(bare, slug)
    found = _SURE.match(bare) or _NUMBERED.match(bare)
    if not found:
        # `.THE COVE - NIGHT`, marked as a heading without INT or EXT.
        return _read_place(bare, "") if bare.isascii() else _with_number("", _fields(bare))
    number = _NUMBER_IN.search(found.group())
    text = number.group().translate(_FOLDED_NUMBERS) if number and found.group() not in "〇" else ""
    episode = _EPISODE.match(found.group())
    if episode:
        text = f"{episode.group(1)}-{episode.group(2)}".translate(_FOLDED_NUMBERS)
    return _with_number(text.strip("〇") or text, _fields(bare[found.end() :]))


def _read_slug(line: str, slug: re.Match[str]) -> Heading:
    kind = slug.group(1).upper().replace(".", "")
    setting = {"INT": "interior", "EXT": "exterior", "EST": "exterior"}.get(kind, "both")
    return _read_place(line[slug.end() :], setting)


def _read_place(rest: str, setting: str) -> Heading:
    """`KITCHEN - SUNNY'S HOUSE - DAY`: what stands after the last dash is the time, if it is one."""
    words = trade_words()
    rest = "".join(part for part in _BRACKETED.split(rest) if fold(part) not in words.asides)
    gaps = [*_SLUG_GAP.finditer(rest)]
    while gaps and fold(rest[gaps[-1].end() :]) in words.asides:
        rest = rest[: gaps.pop().start()]
    if gaps and _is_time(rest[gaps[-1].end() :], words.times):
        time = rest[gaps[-1].end() :].strip()
        return Heading(setting=setting, location=rest[: gaps[-1].start()].strip(" -–—,"), time=time)
    fields = _fields(rest)
    if fields.time and not rest.isascii():
        return Heading(setting=setting, location=fields.location, time=fields.time)
    location = rest.strip(" -–—,")
    return Heading(setting=setting, location="" if fold(location) in words.asides else location)


def _is_time(piece: str, times: frozenset[str]) -> bool:
    folded = fold(piece)
    return folded in times or any(word in times for word in folded.split())


def _starts_with_setting(line: str) -> bool:
    first = _SEPARATORS.split(line, maxsplit=1)
    return len(first) > 1 and fold(first[0]) in trade_words().settings


def _fields(text: str) -> _Fields:
    """Take times and settings from the fields of ``text``; what lies between the others is the place."""
    time = ""
    settings: list[str] = []
    place: tuple[int, int] | None = None
    position = 0
    follows_time = is_behind = is_bracketed = False
    for gap in [*_SEPARATORS.finditer(text), None]:
        end = gap.start() if gap else len(text)
        piece = fold(text[position:end]) if end - position <= 24 else text[position:end]
        letter = _LETTER_SETTINGS.get(piece) if follows_time else None
        found = ("", letter) if letter else _time_and_setting(piece)
        follows_time = bool(found and found[0])
        is_part = place is not None and piece in ("안", "밖") and text[place[1] : position] == " "
        # `차 안 / N / I (비)`: brackets behind time and setting say what is no place.
        is_remark = is_bracketed and is_behind
        if piece and (found is None or is_part) and not is_remark:
            place = (place[0] if place else position, end)
        if found:
            time = time or _LETTER_TIMES.get(found[0], found[0])
            settings += filter(None, [found[1]])
            is_behind = place is not None
        if gap:
            position = gap.end()
            is_bracketed = _OPEN_BRACKET.search(gap.group()) is not None or (
                is_bracketed and not _CLOSING.search(gap.group())
            )
    location = text[place[0] : place[1]] if place else ""
    if place and _OPEN_BRACKET.search(location):
        location += text[place[1] : place[1] + 1]
    setting = "both" if {"interior", "exterior"} <= set(settings) else _first(settings)
    return _Fields(setting, location, time)


@lru_cache(maxsize=4096)
def _time_and_setting(piece: str) -> tuple[str, str] | None:
    words = trade_words()
    if piece in words.asides:
        return "", ""
    if piece in words.times:
        return piece, ""
    if piece in words.settings:
        return "", words.settings[piece]
    for pattern, time_group, setting_group in ((_TIME_THEN_SETTING, 1, 2), (_SETTING_THEN_TIME, 2, 1)):
        found = pattern.match(piece)
        if found and found.group(time_group) in words.times:
            return found.group(time_group), words.settings.get(found.group(setting_group), "")
    return None


def _named_field(kind: str, value: str) -> Heading:
    """One `name：value` line; a time line often says inside or outside too."""
    if kind == "location":
        fields = _fields(value)
        return Heading(setting=fields.setting, location=fields.location or value, time=fields.time)
    fields = _fields(value)
    if kind == "time":
        return Heading(setting=fields.setting, time=fields.time or value)
    return Heading(setting=fields.setting or value, time=fields.time)


def _with_number(number: str, fields: _Fields) -> Heading:
    return Heading(number=number, setting=fields.setting, location=fields.location, time=fields.time)


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _names(text: str) -> tuple[str, ...]:
    """`沈青、海生（电话声）`: the brackets say how somebody is there."""
    return tuple(name for name in re.split(r"[、，,;；/／\s]+", _BRACKETED.sub("", text)) if name)
