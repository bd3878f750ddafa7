import pytest

from rushes.core.prompt_text import clean_text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a\tfox \n leaps　now ", "a fox leaps now"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("cafe\u0301 \uac00 \u1100\u1161", "caf\u00e9 \uac00 \uac00"),
        ("fo\u200bx\ufeff\x00 runs", "fox runs"),
        ("family 👨‍👩‍👧", "family 👨‍👩‍👧"),
        ("", ""),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
    assert clean_text(cleaned) == cleaned
