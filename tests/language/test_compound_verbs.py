"""What a Japanese verb is together with the one beside it."""

import pytest

from rushes.language.parse import parse


@pytest.mark.parametrize(
    ("text", "deeds"),
    [
        ("兵士が叩き落とす。", ["hit"]),
        ("男が走り続ける。", ["run"]),
        ("鳥が飛んで来る。", ["fly"]),
        ("母が本を読んであげる。", ["read"]),
        ("彼女はくるくると踊る。", ["dance"]),
        ("少年が飛びこむ。", ["dive"]),
        ("少女が振り返り微笑む。", ["look_back", "smile"]),
    ],
)
def test_deeds_of_verbs_side_by_side(text: str, deeds: list[str]) -> None:
    assert [beat.action.concept for beat in parse(text, "ja").beats] == deeds


def test_the_end_of_an_unknown_word_is_no_verb() -> None:
    assert not parse("門番が槍を交差させる。", "ja").beats
