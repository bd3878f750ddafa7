"""In which order beats happen: "before leaping, she looks back"."""

from rushes.language.beats.sentence import sentence_around
from rushes.language.reading import Reading


def in_time(reading: Reading, beats: list[int]) -> list[int]:
    """Return the beats in the order in which they happen: "before leaping, she looks back"."""
    ordered = list(beats)
    for index in range(len(reading.tokens)):
        roles = reading.roles(index)
        if "before" in roles and _follows_nominal(reading, index):
            _swap(reading, ordered, index, is_before=True)
        elif "after" in roles and reading.language == "en":
            _swap(reading, ordered, index, is_before=False)
    return ordered


def _follows_nominal(reading: Reading, index: int) -> bool:
    """전에 means "before" after a verb in 기; elsewhere it may be "at the front"."""
    return reading.language != "ko" or (index > 0 and reading.tokens[index - 1].tail.endswith("기"))


def _swap(reading: Reading, beats: list[int], marker: int, is_before: bool) -> None:
    """Put the beats on both sides of a marker into the order of time, within its sentence."""
    start, end = sentence_around(reading, marker)
    places = [place for place, beat in enumerate(beats) if start <= beat < end]
    here = [beats[place] for place in places]
    if reading.language == "en":
        leads = all(beat > marker for beat in here)
        comma = next(
            (i for i in range(marker, min(end, len(reading.tokens))) if reading.tokens[i].text == ","), end
        )
        inside = [beat for beat in here if marker < beat < comma]
        other = [beat for beat in here if beat not in inside]
        # "Before X, Y" and "Y after X" are told in the other order than they happen.
        if leads == is_before and inside and other:
            here = other + inside if is_before else inside + other
    else:
        earlier = [beat for beat in here if beat < marker]
        later = [beat for beat in here if beat > marker]
        if earlier and later:
            here = [*earlier[:-1], *later, earlier[-1]]
    for place, beat in zip(places, here, strict=True):
        beats[place] = beat
