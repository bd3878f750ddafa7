"""Scripts far larger than any: the time of every reader grows with the text, and what unpacks is bounded."""

import zlib
from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from tests.growth import assert_linear
from tests.language.screenplay.annotated import load
from tests.language.screenplay.test_files import docx, paragraphs, pdf, tiles

from rushes.core.errors import UsageError
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.reading import parse_script

SIZE = 60_000


def long_script(name: str) -> str:
    text = load(name).text
    return "\n\n".join([text] * (SIZE // len(text) + 1))


def read_as(name: str) -> Callable[[str], object]:
    return lambda text: break_down(parse_script(text.encode(), name))


def as_final_draft(text: str) -> object:
    kinds = ("Scene Heading", "Action", "Character", "Dialogue")
    body = "".join(
        f'<Paragraph Type="{kinds[number % 4]}"><Text>{escape(line)}</Text></Paragraph>'
        for number, line in enumerate(text.splitlines())
    )
    content = f"<FinalDraft><Content>{body}</Content></FinalDraft>"
    return break_down(parse_script(content.encode(), "script.fdx"))


def as_word(text: str) -> object:
    escaped = "\n".join(escape(line) for line in text.splitlines())
    return break_down(parse_script(docx(paragraphs(escaped)), "script.docx"))


def as_pdf(text: str) -> object:
    lines = [line[:80] for line in text.splitlines()]
    pages = ["\n".join(lines[at : at + 50]) for at in range(0, len(lines), 50)]
    return break_down(parse_script(pdf(pages), "script.pdf"))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("en_harbour.fountain", read_as("script.fountain")),
        ("en_typed", read_as("script.txt")),
        ("zh_rainnight", read_as("script.txt")),
        ("ja_station", read_as("script.txt")),
        ("ko_market", read_as("script.txt")),
        ("en_harbour.fountain", as_final_draft),
        ("zh_rainnight", as_word),
        ("en_attic.fountain", as_pdf),
    ],
)
def test_long_scripts_take_linear_time(name, read):
    text = long_script(name)
    assert_linear(read, text.replace("\\", "/"))


@pytest.mark.parametrize(
    ("name", "head", "unit"),
    [
        # Everybody speaks once: who is there is not looked through for each speech.
        ("script.fountain", "INT. A - DAY\n\n", "NAME{}\nHello.\n\n"),
        ("script.fountain", "INT. A - DAY\n\n", "NAME{} (V.O.)\nHello.\n\n"),
        ("script.fountain", "", "INT. ROOM {} - DAY\n\nANNA walks.\n\n"),
        # Names that begin alike are not tried one by one.
        ("script.txt", "", "○公園{0}（夜）\n美咲{0}「行こう」\n　　美咲、歩く。\n"),
        ("script.txt", "", "S#{0}. 거실 - 밤\n태오{0}: 가자\n태오가 걷는다.\n"),
        ("script.txt", "1-1 客厅 日 内\n", "刘星{}：走吧\n△刘星走。\n"),
        ("script.fountain", "INT. A - DAY\n\nANNA\nHi.\n\n", "She runs {}, "),
        ("script.fountain", "INT. A - DAY\n\n", "/* {} [[ "),
        ("script.fountain", "INT. A - DAY\n\n", "**_*{}("),
    ],
)
def test_hostile_scripts_take_linear_time(name, head, unit):
    text = head + "".join(unit.format(number) for number in range(1600))
    assert_linear(read_as(name), text)


def test_a_pdf_that_unpacks_without_end_is_refused():
    drawing = zlib.compress(b"BT /F1 12 Tf 72 720 Td (A) Tj\n" + b"(aaaaaaaa) Tj T*\n" * 2_200_000 + b"ET")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        b"/Resources << /Font << /F1 3 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(drawing) + drawing + b"\nendstream",
    )
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    out += b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % out.index(b"xref")
    assert len(out) < 200_000
    with pytest.raises(UsageError, match="unpacks to more than"):
        parse_script(out, "script.pdf")


def test_both_directions_and_invisible_characters_stay_where_they_are():
    source = (
        "INT. CAFE - DAY\n\n\u200fליאור\u200f sits by the window. Anna reads a le\u200btter.\n\n"
        "@ליאור\n\u202bשלום\u202c, where is the key?\n\nANNA\n(whispering)\n\u202eNothing\u202c here.\n\n"
        "مرحبا, says Ali.\n"
    )
    play = parse_script(source.encode(), "script.fountain")
    assert tiles(play)
    assert play.source == source
    breakdown = break_down(play)
    assert {character.name for character in breakdown.characters} == {"ליאור", "ANNA"}
    assert [prop.words[0] for prop in breakdown.props] == ["letter"]
    # One with the mark inside its name is the same person.
    (first, *_) = breakdown.shots
    assert first.characters == ("ליאור", "ANNA")
