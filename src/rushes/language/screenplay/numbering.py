"""Codes people say aloud: shots in tens, so that a shot fits between two; scenes with letters, 12A after 12.

A code is a label. What a shot *is* hangs on its id, which never changes.
"""

import re
from collections.abc import Collection
from functools import lru_cache

_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
}
_HAN_UNITS = {"十": 10, "百": 100}
_LAST_FREE = 10**6


def shot_code(scene_number: str, number: int, letters: str = "") -> str:
    """`SC012A_SH0030`: plain ASCII, so that it survives any file system and edit list."""
    return f"SC{_ascii_number(scene_number)}_SH{number:04d}{letters}"


def next_letter(number: str, taken: Collection[str], first: int = 1) -> str:
    """`12A` after `12`, `12B` where that is taken, `12AA` after `12Z`; letters before the ``first`` are known
    to be taken.
    """
    count = first
    while (candidate := number + _letters(count)) in taken:
        count += 1
    return candidate


def code_between(scene_number: str, before: int, after: int | None, taken: Collection[str]) -> str:
    """A free code after shot number ``before`` and, where there is room, before ``after`` (None: the end).

    The next ten at the end, the middle of a gap, a letter where there is no gap.
    """
    if after is None:
        number = (before // 10 + 1) * 10
        while shot_code(scene_number, number) in taken and number < _LAST_FREE:
            number += 10
        return shot_code(scene_number, number)
    for number in sorted(range(before + 1, after), key=lambda n: (abs(2 * n - before - after), n)):
        if shot_code(scene_number, number) not in taken:
            return shot_code(scene_number, number)
    count = 1
    while (code := shot_code(scene_number, before, _letters(count))) in taken:
        count += 1
    return code


def shot_number(code: str) -> int:
    """The number in a code of `shot_code`: 30 of `SC012A_SH0030B`."""
    found = re.search(r"_SH(\d+)[A-Z]*$", code)
    return int(found.group(1)) if found else 0


def _letters(count: int) -> str:
    """A, B, ... Z, AA, AB ..."""
    text = ""
    while count:
        count, digit = divmod(count - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


@lru_cache(maxsize=1024)  # every shot of a scene asks for the same number
def _ascii_number(number: str) -> str:
    """`12A` -> `012A`, `1-3` -> `001-003`, `十二` -> `012`."""
    parts = [
        _ascii_part(part) for part in re.split(r"[^0-9A-Za-z零〇一二两三四五六七八九十百]+", number) if part
    ]
    return "-".join(parts) or "000"


def _ascii_part(part: str) -> str:
    if re.fullmatch(r"[零〇一二两三四五六七八九十百]+", part):
        part = str(_han_value(part))
    digits = re.match(r"\d*", part)
    head = digits.group() if digits else ""
    return (head.zfill(3) if head else "") + part[len(head) :].upper()


def _han_value(text: str) -> int:
    """`二十三` -> 23, `一百零五` -> 105."""
    total = digit = 0
    for character in text:
        if character in _HAN_UNITS:
            total += max(digit, 1) * _HAN_UNITS[character]
            digit = 0
        else:
            digit = digit * 10 + _HAN_DIGITS[character] if digit else _HAN_DIGITS[character]
    return total + digit
