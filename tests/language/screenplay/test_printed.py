"""PDFs as programs print them: fonts embedded in part, radicals for ideographs, running heads."""

from pathlib import Path

import pytest

from rushes.language.screenplay.pdf_letters import as_letters
from rushes.language.screenplay.pdf_lines import Page, pages_text, without_drawn_gaps
from rushes.language.screenplay.reading import read_script

PRINTED = Path(__file__).parent / "printed"


def seen(path):
    return [(each.kind, each.words) for each in read_script(path).elements if each.words.strip()]


@pytest.mark.parametrize("language", ["zh", "ja", "ko"])
def test_a_printed_script_reads_as_its_text(language):
    assert seen(PRINTED / f"{language}.pdf") == seen(PRINTED / f"{language}.txt")


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        ("第⼀场 ⽇ ⻔上的⾬⽔", "第一场 日 门上的雨水"),
        ("⼾口に⽴つ", "戸口に立つ"),
        ("the ﬁnal oﬃce", "the final office"),
        ("１／２ ～", "１／２ ～"),
    ],
)
def test_radicals_and_ligatures_are_the_letters_they_mean(drawn, meant):
    assert as_letters(drawn) == meant


def test_a_gap_that_was_not_drawn_goes_and_one_that_was_stays():
    assert without_drawn_gaps("一只布  包。第一场 内景", "一只布包。\n第一场 内景") == "一只布包。第一场 内景"


def page(text):
    return Page(text, 0.0, ((0.0, text.split("\n")[0]),))


def test_what_runs_at_the_head_and_foot_of_every_page_is_not_the_script():
    pages = [page(f"我的剧本 第三稿  {number}\n\n第{number}句话。\n\n{number}/4") for number in range(1, 5)]
    assert [text.strip() for text in pages_text(pages)] == [f"第{number}句话。" for number in range(1, 5)]


def test_two_pages_that_begin_alike_keep_their_first_line():
    pages = [page("INT. ROOM - DAY\n\nShe sits."), page("INT. ROOM - DAY\n\nShe stands.")]
    assert all(text.startswith("INT. ROOM - DAY") for text in pages_text(pages))


def test_a_korean_line_broken_before_a_particle_is_one_word_again():
    line = "창밖에는 비가 그치지 않고 밤새도록 내리는데 유리"
    text = "\n".join([line, "를 타고 흐른다.", line, "를 타고 흐른다.", line, "를 타고 흐른다."])
    assert f"{line}를 타고" in pages_text([page(text)])[0]
