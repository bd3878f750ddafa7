"""Emphasis of Fountain: what is marked, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.language.screenplay.emphasis import Run, plain, runs


def styled(words):
    return [(run.text, *run.styles) for run in runs(words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("*soft* and **loud**", [("soft", "italic"), (" and ",), ("loud", "bold")]),
        ("***both*** _under_", [("both", "bold", "italic"), (" ",), ("under", "underline")]),
        ("a **b *c* d**", [("a ",), ("b ", "bold"), ("c", "bold", "italic"), (" d", "bold")]),
        ("**b *c***", [("b ", "bold"), ("c", "bold", "italic")]),
        ("*b **c***", [("b ", "italic"), ("c", "bold", "italic")]),
        ("_the *scope*_", [("the ", "underline"), ("scope", "italic", "underline")]),
        ("He dialed *69 and then *23, and hung up.", [("He dialed *69 and then *23, and hung up.",)]),
        ("a * b * c", [("a * b * c",)]),
        (r"\*not\* *so*", [("*not* ",), ("so", "italic")]),
        ("*over\nlines*", [("*over\nlines*",)]),
        ("", []),
        ("**", [("**",)]),
        ("红*伞*", [("红",), ("伞", "italic")]),
    ],
)
def test_marks_become_styles(words, expected):
    assert styled(words) == expected


@given(st.text(alphabet="ab *_\\\n", max_size=60))
def test_only_marks_are_ever_taken_away(words):
    def letters(text):
        return [character for character in text if character in "ab \n"]

    assert letters(plain(words)) == letters(words)


@given(st.text(alphabet="ab c", max_size=60))
def test_words_without_marks_stay(words):
    assert runs(words) == ((Run(words, ()),) if words else ())
