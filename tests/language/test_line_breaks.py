import pytest

from rushes.language.line_breaks import breaks_in_words, is_one_word
from rushes.language.parse import parse


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("그는 유리", "를 깬다"),
        ("검은 고양", "이가 뛴다"),
        ("자동", "차가 달린다"),
        ("바", "다에서"),
        ("강가", "에서"),
    ],
)
def test_a_word_that_a_line_break_parts_is_one(before, behind):
    assert is_one_word(before, behind)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("골목에", "서 있다"),
        ("소녀가", "달린다"),
        ("비가 온다", "이 아이는"),
        ("붉은", "여우"),
        ("민수가", "지혜를 본다"),
        ("비가 온다.", "여우"),
        ("a fox", "여우"),
    ],
)
def test_two_words_stay_two(before, behind):
    assert not is_one_word(before, behind)


def test_a_prompt_broken_inside_a_word_reads_as_if_whole():
    broken = "붉은 여우가 골목에\n서 달리고 검은 고양 \n 이가 잔다"
    assert [broken[slice(*span)] for span in breaks_in_words(broken)] == [" \n "]
    spec = parse(broken)
    assert [found.concept for found in spec.found("subjects")] == ["fox", "cat"]
    assert broken[slice(*spec.found("subjects")[1].span)] == "고양 \n 이"
    assert spec.unknown == ()
