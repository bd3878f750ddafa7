"""Codes: tens, letters, and room between two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.language.screenplay.numbering import code_between, next_letter, shot_code, shot_number


@pytest.mark.parametrize(
    ("scene", "number", "code"),
    [
        ("12A", 30, "SC012A_SH0030"),
        ("1-3", 10, "SC001-003_SH0010"),
        ("十二", 20, "SC012_SH0020"),
        ("一百零五", 10, "SC105_SH0010"),
        ("", 10, "SC000_SH0010"),
    ],
)
def test_codes_are_ascii(scene, number, code):
    assert shot_code(scene, number) == code
    assert shot_number(code) == number


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (0, None, "0010"),
        (30, None, "0040"),
        (35, None, "0040"),
        (10, 20, "0015"),
        (10, 12, "0011"),
        (0, 10, "0005"),
    ],
)
def test_a_code_stands_between_its_neighbours(before, after, code):
    assert code_between("1", before, after, set()) == f"SC001_SH{code}"


def test_letters_where_there_is_no_room():
    assert code_between("1", 10, 11, set()) == "SC001_SH0010A"
    assert code_between("1", 10, 11, {"SC001_SH0010A"}) == "SC001_SH0010B"
    assert next_letter("12", {"12", "12A"}) == "12B"
    assert next_letter("12", {f"12{chr(65 + i)}" for i in range(26)}) == "12AA"


@given(st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60)), max_size=40))
def test_no_code_is_given_twice(gaps):
    taken = set()
    for before, after in gaps:
        code = code_between("7", before, after, taken)
        assert code not in taken
        taken.add(code)
