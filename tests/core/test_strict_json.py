"""Documents become dataclasses or name the place that is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import pytest

from rushes.core.strict_json import parse


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    share: float
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    sizes: tuple[tuple[int, int], ...]
    rate: Fraction
    digests: Mapping[str, str]
    whole: bool = False


RIGHT = {
    "name": "a",
    "inner": {"share": 1, "colour": "red"},
    "sizes": [[1, 2], [3, 4]],
    "rate": "24000/1001",
    "digests": {"file": "00"},
    "whole": True,
}


def test_a_whole_document_is_read():
    assert parse(Outer, RIGHT, "model") == Outer(
        "a", Inner(1.0, Colour.RED), ((1, 2), (3, 4)), Fraction(24000, 1001), {"file": "00"}, True
    )


def test_what_has_a_default_may_be_missing():
    document = {key: value for key, value in RIGHT.items() if key != "whole"} | {"inner": {"share": 0.5}}
    assert parse(Outer, document, "model").inner == Inner(0.5, Colour.RED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "model.colour is unknown"),
        ({"name": 3}, "model.name is 3"),
        ({"whole": 1}, "model.whole is 1"),
        ({"rate": 24}, "model.rate is 24"),
        ({"rate": "1/0"}, "model.rate is '1/0'"),
        ({"sizes": [[1, 2, 3]]}, r"model.sizes\[0\] is \[1, 2, 3\]"),
        ({"sizes": [[1, True]]}, r"model.sizes\[0\]\[1\] is True"),
        ({"digests": {"file": 1}}, "model.digests.file is"),
        ({"inner": {"share": "half"}}, "model.inner.share is 'half'"),
        ({"inner": {"share": 1, "colour": "blue"}}, "model.inner.colour is 'blue'"),
        ({"inner": {}}, "model.inner.share is missing"),
        ({"inner": []}, r"model.inner is \[\]"),
    ],
)
def test_what_is_wrong_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        parse(Outer, RIGHT | change, "model")


@dataclass(frozen=True)
class Spare:
    """May be left out, or be null."""

    inner: Inner | None = None


def test_what_may_be_null_is_null_absent_or_whole():
    assert parse(Spare, {}, "model") == parse(Spare, {"inner": None}, "model") == Spare()
    assert parse(Spare, {"inner": {"share": 1}}, "model") == Spare(Inner(1.0))
    with pytest.raises(ValueError, match=r"model\.inner\.share is missing"):
        parse(Spare, {"inner": {}}, "model")
