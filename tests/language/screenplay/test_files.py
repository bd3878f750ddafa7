"""Scripts out of files: Final Draft, Word, PDF, text; and files that are broken or hostile."""

import io
import re
import zipfile
import zlib
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.language.screenplay.annotated import load

from rushes.core.errors import UsageError
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.reading import parse_script, read_script

FDX = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="5"><Content>
<Paragraph Number="12A" Type="Scene Heading"><Text>INT. KITCHEN - DAY</Text></Paragraph>
<Paragraph Type="Action"><Text>Ruth puts a </Text><Text Style="Bold+Italic">key</Text>
<Text> on the desk.</Text></Paragraph>
<Paragraph Type="Shot"><Text>CLOSE ON THE KEY</Text></Paragraph>
<Paragraph Type="Character"><Text>RUTH</Text></Paragraph>
<Paragraph Type="Parenthetical"><Text>(low)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Take it.</Text></Paragraph>
<Paragraph><DualDialogue>
<Paragraph Type="Character"><Text>TOM</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>No.</Text></Paragraph>
<Paragraph Type="Character"><Text>刘星</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>不。</Text></Paragraph>
</DualDialogue></Paragraph>
<Paragraph Type="Transition"><Text>CUT TO:</Text></Paragraph>
<Paragraph Type="General"><Text></Text></Paragraph>
</Content><TitlePage/></FinalDraft>"""


def seen(play):
    return [(str(e.kind), e.words) for e in play.elements if e.kind is not ElementKind.BLANK]


def tiles(play):
    return "".join(play.text(element) for element in play.elements) == play.source


def test_final_draft_says_what_each_paragraph_is():
    play = parse_script(FDX.encode(), "script.fdx")
    assert seen(play) == [
        ("scene_heading", "INT. KITCHEN - DAY"),
        ("action", "Ruth puts a ***key*** on the desk."),
        ("shot", "CLOSE ON THE KEY"),
        ("character", "RUTH"),
        ("parenthetical", "low"),
        ("dialogue", "Take it."),
        ("character", "TOM"),
        ("dialogue", "No."),
        ("character", "刘星"),
        ("dialogue", "不。"),
        ("transition", "CUT TO:"),
    ]
    assert tiles(play)
    assert play.elements[0].key == "12A"
    assert [e.words for e in play.elements if e.is_dual] == ["刘星"]


def test_a_transition_typed_as_action_is_one_and_begins_no_scene():
    page = '<Paragraph Type="Action"><Text>FADE IN:</Text></Paragraph>'
    play = parse_script(FDX.replace("<Content>", f"<Content>{page}", 1).encode(), "script.fdx")
    assert seen(play)[0] == ("transition", "FADE IN:")
    assert len(break_down(play).scenes) == 1


FDX_TITLES = """<TitlePage><HeaderAndFooter/><Content>
<Paragraph Alignment="Center"><Text></Text></Paragraph>
<Paragraph Alignment="Center"><Text Style="Underline">THE LAST FERRY</Text></Paragraph>
{lines}</Content></TitlePage>"""


@pytest.mark.parametrize(
    ("lines", "entries"),
    [
        (
            ("Written by", "Ada Quist", "Third draft"),
            [("Credit", "Written by"), ("Author", "Ada Quist"), ("", "Third draft")],
        ),
        (("by Ada Quist",), [("Credit", "by"), ("Author", "Ada Quist")]),
        (("编剧：周平", "脚本　森下由美"), [("编剧", "周平"), ("脚本", "森下由美")]),
        (("Byron Bay, 2019",), [("", "Byron Bay, 2019")]),
    ],
)
def test_final_drafts_title_page_is_read_and_is_fountains_in_the_source(lines, entries):
    body = "".join(f'<Paragraph Alignment="Center"><Text>{line}</Text></Paragraph>' for line in lines)
    page = FDX_TITLES.format(lines=body)
    play = parse_script(FDX.replace("<TitlePage/>", page).encode(), "script.fdx")
    titles = [element for element in play.elements if element.kind is ElementKind.TITLE_ENTRY]
    assert [(e.key, e.words) for e in titles] == [("Title", "_THE LAST FERRY_"), *entries]
    assert tiles(play)
    if all(key for key, _ in entries):
        again = parse_script(play.source.encode(), "script.fountain")
        assert [(e.key, e.words) for e in again.elements[: len(titles)]] == [(e.key, e.words) for e in titles]
    without = break_down(parse_script(FDX.encode(), "script.fdx"))
    assert [shot.id for shot in break_down(play).shots] == [shot.id for shot in without.shots]


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<FinalDraft><Content><Paragraph><Text>&c;</Text></Paragraph></Content></FinalDraft>"""
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><FinalDraft><Content>&a;</Content></FinalDraft>'
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BOMB, "defines entities of its own"),
        (OUTSIDE, "defines entities of its own"),
        ("<FinalDraft><Content>", "no Final Draft script"),
        ("<html/>", "it has no content"),
        ("", "no Final Draft script"),
    ],
)
def test_final_draft_that_is_none_or_attacks_is_refused(content, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_script(content.encode(), "script.fdx")


def docx(body, name="word/document.xml"):
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><w:document '
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"{body}</w:body></w:document>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, xml)
    return out.getvalue()


def paragraphs(text):
    return "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{line}</w:t></w:r></w:p>' for line in text.splitlines()
    )


@pytest.mark.parametrize("name", ["zh_rainnight", "ja_kitchen", "ko_rooftop", "en_attic.fountain"])
def test_word_keeps_what_plain_text_says(name):
    text = load(name).text.replace("*", "")
    expected = seen(parse_script(text.encode(), "script.txt"))
    assert seen(parse_script(docx(paragraphs(text)), "script.docx")) == expected


def test_word_reads_inserted_text_and_leaves_deleted_text_out():
    body = (
        "<w:p><w:r><w:t>INT. A - DAY</w:t></w:r></w:p><w:p/>"
        "<w:p><w:r><w:t>She </w:t></w:r><w:del><w:r><w:delText>walks</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>runs</w:t></w:r></w:ins><w:r><w:tab/><w:t>away.</w:t></w:r></w:p>"
    )
    assert seen(parse_script(docx(body), "script.docx"))[1] == ("action", "She runs\taway.")


def test_what_word_puts_in_the_middle_is_a_title():
    lines = [("center", "THE KEY"), ("center", "by A. Nobody"), ("left", "INT. A - DAY"), ("left", "Rain.")]
    body = "".join(
        f'<w:p><w:pPr><w:jc w:val="{side}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p><w:p/>'
        for side, text in lines
    )
    for written in (body, body.replace("<w:p/>", "", 1)):
        play = parse_script(docx(written), "script.docx")
        assert [kind for kind, _ in seen(play)][:3] == ["title_entry", "title_entry", "scene_heading"]
        assert len(break_down(play).scenes) == 1


def test_styles_of_a_script_template_say_what_a_paragraph_is():
    styled = [
        ("SceneHeading", "INT. A - DAY"),
        ("Action", "Rain. NO NAME HERE"),
        ("Character", "Bo"),
        ("Parenthetical1", "(low)"),
        ("Dialogue", "It is raining."),
        ("Normal", "A door."),
    ]
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in styled
    )
    play = parse_script(docx(body), "script.docx")
    kinds = ["scene_heading", "action", "character", "parenthetical", "dialogue", "action"]
    assert [kind for kind, _ in seen(play)] == kinds
    assert tiles(play)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04broken", "no Word document"),
        (docx("", name="other.xml"), "no Word document"),
        (docx("<w:p>"), "no Word document"),
        (b"", "no Word document"),
    ],
)
def test_word_files_that_are_none_are_refused(content, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_script(content, "script.docx")


def test_word_with_entities_or_without_end_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", BOMB)
    with pytest.raises(UsageError, match="defines entities"):
        parse_script(out.getvalue(), "script.docx")
    deep = "<w:sdt>" * 20000 + "</w:sdt>" * 20000
    with pytest.raises(UsageError, match="is empty"):
        parse_script(docx(f"<w:p>{deep}</w:p>"), "script.docx")


def pdf(pages, piece=r"\S.*"):
    """A small PDF in Courier, 7.2 points a column; ``piece`` says what of a line is drawn at once."""
    font = [b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"]
    return pdf_file(pages, font, 7.2, lambda text: "(" + re.sub(r"([()])", r"\\\1", text) + ")", piece)


def pdf_of_two_byte_codes(pages):
    """The same with codes that only a /ToUnicode table turns into letters, as word processors write CJK."""
    letters = sorted({character for page in pages for character in page} - {"\n"})
    table = "\n".join(f"<{ord(letter):04x}> <{ord(letter):04x}>" for letter in letters)
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapName /A def /CMapType 2 def "
        f"1 begincodespacerange\n<0000> <ffff>\n"
        f"endcodespacerange {len(letters)} beginbfchar\n{table}\nendbfchar endcmap end"
    ).encode()
    font = [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [%d 0 R] "
        b"/ToUnicode %d 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /DW 1000 /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        b"<< /Length %d >>\nstream\n" % len(cmap) + cmap + b"\nendstream",
    ]
    return pdf_file(pages, font, 12, lambda text: f"<{text.encode('utf-16-be').hex()}>")


def pdf_file(pages, font, column, shown, piece=r"\S.*"):
    first_page = 3 + len(font)
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(len(pages)))
    font[0] = font[0].replace(b"[%d 0 R]", b"[4 0 R]").replace(b"ToUnicode %d", b"ToUnicode 5")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *font,
    ]
    for index, page in enumerate(pages):
        words = []
        for row, line in enumerate(page.split("\n")):
            for part in re.finditer(piece, line):
                place = f"{72 + column * part.start():.1f} {720 - 14 * row}"
                words.append(f"BT /F1 12 Tf 1 0 0 1 {place} Tm {shown(part.group().rstrip())} Tj ET")
        stream = zlib.compress("\n".join(words).encode("latin-1"))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Contents {first_page + 1 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(stream) + stream + b"\nendstream"
        )
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


@pytest.mark.parametrize("name", ["zh_rainnight", "ja_station", "ko_rooftop"])
def test_three_more_languages_come_out_of_a_pdf(name):
    lines = load(name).text.split("\n")[:50]
    play = parse_script(pdf_of_two_byte_codes(["\n".join(lines)]), "script.pdf")
    expected = seen(parse_script("\n".join(lines).encode(), "script.txt"))
    assert len(expected) > 20
    assert seen(play) == expected


def test_a_typed_page_comes_out_of_a_pdf_as_it_went_in():
    text = load("en_typed").text
    first, second = text.split("                                                           2.\n")
    play = parse_script(pdf([first, second]), "script.pdf")
    expected = [pair for pair in seen(parse_script(text.encode(), "script.txt")) if pair[0] != "page_break"]
    assert [pair for pair in seen(play) if pair[0] != "page_break"] == expected
    assert tiles(play)


@pytest.mark.parametrize("piece", [r"\S+", r"\S"])
def test_a_page_drawn_word_by_word_or_letter_by_letter_reads_the_same(piece):
    text = load("en_typed").text
    assert seen(parse_script(pdf([text], piece), "a.pdf")) == seen(parse_script(pdf([text]), "a.pdf"))


TITLE_PAGE = (
    "\n" * 10 + " " * 30 + "THE NINTH FLOOR\n\n" + " " * 32 + "Written by\n\n" + " " * 32 + "An Author"
)
NUMBERED = """1        INT. ELEVATOR - NIGHT                                     1

         A man in a black suit presses the button. Nothing.

                               COLE
                    Nine. It says nine."""
SIDE_BY_SIDE = """INT. CAR - NIGHT

The road is gone.

      ANNA                               BO (V.O.)
  (braking)                          Left! Go left, the
Hold on to something!                bridge is that way!

They stop."""


def test_dual_dialogue_side_by_side_is_two_speeches():
    play = parse_script(pdf([SIDE_BY_SIDE]), "script.pdf")
    assert seen(play)[2:] == [
        ("character", "ANNA"),
        ("parenthetical", "braking"),
        ("dialogue", "Hold on to something!"),
        ("character", "BO (V.O.)"),
        ("dialogue", "Left! Go left, the\nbridge is that way!"),
        ("action", "They stop."),
    ]
    names = [element for element in play.elements if element.kind is ElementKind.CHARACTER]
    assert [name.is_dual for name in names] == [False, True]


def test_a_typed_title_page_needs_no_page_of_its_own():
    play = parse_script((TITLE_PAGE + "\n\n3 March 2026\n\n" + NUMBERED).encode(), "script.txt")
    assert [kind for kind, _ in seen(play)[:5]] == [*["title_entry"] * 4, "scene_heading"]
    told = TITLE_PAGE.replace("An Author", "THE END") + "\n\nWaves roll in the dark.\n\n" + NUMBERED
    assert [kind for kind, _ in seen(parse_script(told.encode(), "script.txt"))][:4] != ["title_entry"] * 4


UNNUMBERED = """         He presses it again. The light goes out.

                               COLE
                    (to the panel)
                    Then what is this?"""


def test_pages_without_scene_numbers_have_the_same_columns_as_those_with():
    play = parse_script(pdf([TITLE_PAGE, NUMBERED, UNNUMBERED]), "script.pdf")
    assert [pair for pair in seen(play) if pair[0] != "page_break"] == [
        ("title_entry", "THE NINTH FLOOR"),
        ("title_entry", "Written by"),
        ("title_entry", "An Author"),
        ("scene_heading", "INT. ELEVATOR - NIGHT"),
        ("action", "A man in a black suit presses the button. Nothing."),
        ("character", "COLE"),
        ("dialogue", "Nine. It says nine."),
        ("action", "He presses it again. The light goes out."),
        ("character", "COLE"),
        ("parenthetical", "to the panel"),
        ("dialogue", "Then what is this?"),
    ]


# A bar is where the right margin breaks a paragraph.
WRAPPED = {
    "zh": """1-1 古城茶馆 夜 内

△门被推开，刘星站在门口，红色风衣湿透，手里提着|一只木箱。
△老周擦着柜台。
老周：那一年我学会了一件事，就是不要在雨夜里熄灯|，也不要开门。
△刘星把木箱放在桌上，坐下。老周看了一眼木箱，箱|子上有一把铜锁。""",
    "ja": """○終着駅・ホーム（夜）

　　最終電車が止まり、水野美咲が一人でゆっくりと降|りる。白いコート。
　　改札の奥から駅員の佐伯健一が赤い傘を持って出て|くる。
　　佐伯、湯呑みを二つ並べる。美咲は濡れたコートの|まま。""",
    "ko": """S#1. 낡은 건물 옥상 - 밤

별이 쏟아질 듯한 아주 캄캄한 밤하늘 아래 큰| 망원경이 있다.
민수가 손전등을 들고 천천히 옥상으로 나오는| 문을 연다.
망원경 뒤에서 지은이 고개를 들고 물끄러미 그| 쪽을 본다.""",
}


@pytest.mark.parametrize("language", WRAPPED)
def test_paragraphs_broken_at_the_margin_are_whole_again(language):
    play = parse_script(pdf_of_two_byte_codes([WRAPPED[language].replace("|", "\n")]), "script.pdf")
    assert seen(play) == seen(parse_script(WRAPPED[language].replace("|", "").encode(), "script.txt"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pdf([""]), "no text layer"),
        (b"%PDF-1.4\nnothing", "damaged"),
        (b"not one", "is no PDF"),
        (b"", "is no PDF"),
    ],
)
def test_a_pdf_without_words_says_so(content, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_script(content, "script.pdf")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.fountain", b"", "is empty"),
        ("a.txt", b"\x89PNG\r\n", "PNG picture"),
        ("a.doc", b"x", "ends in .doc"),
        ("a.mp4", b"x", "ends in .mp4"),
    ],
)
def test_what_is_no_script_is_named(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        read_script(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none.fountain cannot be read"):
        read_script(tmp_path / "none.fountain")


@given(st.binary(max_size=300), st.sampled_from([".fdx", ".docx", ".pdf", ".txt", ".fountain"]))
def test_any_bytes_are_a_script_or_a_clear_error(content, suffix):
    for head in (b"", b"<FinalDraft><Content>", b"%PDF-1.4\n"):
        try:
            play = parse_script(head + content, f"script{suffix}")
        except UsageError:
            continue
        assert tiles(play)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), max_size=8))
def test_any_paragraphs_of_final_draft_tile_their_text(words):
    body = "".join(f'<Paragraph Type="Action"><Text>{escape(text)}</Text></Paragraph>' for text in words)
    try:
        play = parse_script(f"<FinalDraft><Content>{body}</Content></FinalDraft>".encode(), "a.fdx")
    except UsageError:
        return
    assert tiles(play)


PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=24)


@given(st.lists(PRINTABLE, max_size=10), st.integers(0, 4000))
def test_any_paragraphs_of_word_tile_their_text(words, indent):
    body = "".join(
        f'<w:p><w:pPr><w:ind w:left="{indent}"/></w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>'
        for text in words
    )
    try:
        play = parse_script(docx(body), "script.docx")
    except UsageError as error:
        assert "is empty" in str(error)  # noqa: PT017
        return
    assert tiles(play)


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30), max_size=8))
def test_any_lines_of_a_pdf_tile_their_text(lines):
    try:
        play = parse_script(pdf(["\n".join(lines).replace("\\", "/"), "INT. A - DAY"]), "script.pdf")
    except UsageError:
        return
    assert tiles(play)
