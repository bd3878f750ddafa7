"""Where a full stop ends a sentence, and where it does not."""

import pytest

from rushes.language.screenplay.sentence import goes_on


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DR.", " IYER waits."),
        ("Beside Mr.", " Hale"),
        ("At St.", " Brendan's"),
        ("MRS.", "\nHALE"),
        ("6...", " 7... 8..."),
        ("６……", "７……"),
        ("그는 6...", " 7... 센다."),
        ("He waits...", " and falls."),
        ("3.", "5 metres"),
        ("Washington D.", "C."),
    ],
)
def test_a_sentence_goes_on(before, after):
    assert goes_on(before + after, len(before))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("He waits.", " She goes."),
        ("He says no.", " Nobody moves."),
        ("It lights up: 9.", " 10 men run."),
        ("She calls the dr.", " He comes."),
        ("He falls...", " She runs."),
        ("看見？", "走。"),
        ("간다.", "온다."),
        ("谁……", "谁动我的猫"),
        ("Mr.", ""),
        ("", "a"),
    ],
)
def test_a_sentence_ends(before, after):
    assert not goes_on(before + after, len(before))
