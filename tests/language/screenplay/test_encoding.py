"""Scripts as bytes: what is found, what comes back, what is refused."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.language.screenplay.encoding import decode_script

CHINESE = "1-1 刘家客厅 日 内\n△刘星推门进来，浑身湿透。\n刘星：妈，我回来了。\n"
JAPANESE = "○公園（夜）\r\n　太郎、ベンチに座っている。\r\n太郎「もう帰ろうか」\r\n"
KOREAN = "S#1. 거실 - 밤\n민수, 소파에 앉아 있다.\n민수: 이제 집에 가자.\n"
TRADITIONAL = "1-1 客廳 日 內\n劉星推門進來，渾身濕透。\n劉星：媽，我回來了。\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (CHINESE * 40, "gb18030"),
        (JAPANESE, "cp932"),
        (JAPANESE, "iso2022_jp"),
        (JAPANESE * 40, "shift_jis"),
        (KOREAN, "euc_kr"),
        (KOREAN * 40, "cp949"),
        (TRADITIONAL, "big5"),
        (CHINESE, "utf-8"),
        (KOREAN, "utf-8-sig"),
        (JAPANESE, "utf-16"),
        ("INT. CAFÉ - DAY\n\nZoë waits at the bar, déjà vu.\n", "cp1252"),
    ],
)
def test_text_and_bytes_come_back(text, encoding):
    content = text.encode(encoding)
    decoded = decode_script(content, "script.txt")
    assert decoded.text == text
    assert decoded.encode(text) == content


def test_big_endian_and_marks_are_kept():
    content = codecs.BOM_UTF16_BE + KOREAN.encode("utf-16-be")
    decoded = decode_script(content, "script.txt")
    assert decoded.text == KOREAN
    assert decoded.encode(decoded.text) == content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n....", "PNG picture"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0....", r"save it as .docx"),
        (b"{\\rtf1}", "RTF"),
        (b"abc\0def", "zero bytes"),
        (b"n\0\1\0g\0h\0", "zero bytes"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x41\x00", "reads as utf-16-le up to byte 0"),
        (bytes(range(128, 256)) * 9, "save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_with_a_remedy(content, sentence):
    with pytest.raises(UsageError, match=sentence):
        decode_script(content, "script.txt")


def test_a_letter_the_encoding_lacks_is_named():
    decoded = decode_script(KOREAN.encode("euc_kr"), "script.txt")
    with pytest.raises(UsageError, match="'🦊' does not exist in the script's encoding cp949"):
        decoded.encode("🦊")


@given(st.binary(max_size=200))
def test_any_bytes_come_back_or_are_refused(content):
    try:
        decoded = decode_script(content, "script.txt")
    except UsageError:
        return
    assert decoded.encode(decoded.text) == content


@given(st.text(max_size=100), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_unicode_comes_back(text, encoding):
    text = text.replace("\0", "").lstrip("\ufeff")
    content = text.encode(encoding)
    if content.startswith((b"PK", b"%PDF", b"{\\rtf")):
        return
    assert decode_script(content, "script.txt").text == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "○公園（夜）\n\n　美咲が傘を差して立っている。\n"),
        ("euc_jp", "○駅前（朝）\n\n　美咲、走り出す。\n"),
        ("gb18030", "第一场 内景 客厅 夜\n\n△她推开门。\n"),
        ("cp949", "S#1. 거실 - 밤\n\n민수가 달린다.\n"),
        ("utf-16-le", "INT. ATTIC - NIGHT\n\n安娜 opens the trunk.\n"),
        ("utf-16-be", "第一场 内景 客厅 夜\n\n△她推开门。\n"),
    ],
)
def test_a_few_lines_are_enough(encoding, text):
    found = decode_script(text.encode(encoding), "few.txt")
    assert found.text == text
    assert found.encode(text) == text.encode(encoding)
