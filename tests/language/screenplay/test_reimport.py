"""A changed script brought into a shot list: what is recognised, what turns stale, that nothing is lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.language.screenplay.annotated import load

from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.fountain import parse_fountain
from rushes.language.screenplay.reimport import reimport
from rushes.language.screenplay.shot import Coverage, Shot, ShotStatus
from rushes.language.screenplay.text_script import parse_text

HARBOUR = """INT. HARBOUR OFFICE - NIGHT

Mara counts coins into a tin box while the rain falls.

JONAS
The bridge was up again tonight.

MARA
Then swim the next time.
"""
PIER = """EXT. PIER - NIGHT

The parcel lies on the wet planks and ticks.

MARA
Everything ticks if you listen long enough.

She throws the tin box at it and misses by a hand.
"""
BOAT = """EXT. FERRY - DAWN

The coast is a grey line behind the sleeping passengers.

JONAS
We never found out who had sent it to us.
"""


def play(*scenes):
    source = "\n\n".join(scenes)
    return Screenplay(source, parse_fountain(source))


def fates(result):
    return [(str(change.fate), change.before, change.after) for change in result.scenes]


def by_text(breakdown):
    return {shot.text: shot for shot in breakdown.shots}


BASE = break_down(play(HARBOUR, PIER, BOAT))


def test_the_same_script_changes_nothing_but_new():
    result = reimport(BASE, play(HARBOUR, PIER, BOAT))
    assert result.breakdown.shots == tuple(replace(shot, status=ShotStatus.KEPT) for shot in BASE.shots)
    assert result.breakdown.scenes == BASE.scenes
    assert {change.fate for change in result.scenes} == {"same"}


def test_a_changed_line_makes_its_own_shots_stale_and_no_other():
    result = reimport(BASE, play(HARBOUR, PIER.replace("ticks if you listen", "ticks when you listen"), BOAT))
    stale = [shot for shot in result.breakdown.shots if shot.status is ShotStatus.STALE]
    assert [shot.text for shot in stale] == ["MARA: Everything ticks when you listen long enough."]
    assert stale[0].id == by_text(BASE)["MARA: Everything ticks if you listen long enough."].id
    assert result.count(ShotStatus.KEPT) == len(BASE.shots) - 1


def test_people_and_things_point_at_scenes_of_the_list():
    result = reimport(BASE, play(HARBOUR.replace("OFFICE", "HALL"), PIER, BOAT)).breakdown
    scenes = {scene.id for scene in result.scenes}
    assert scenes == {scene.id for scene in BASE.scenes}
    pointed_at = {scene for each in (*result.characters, *result.props) for scene in each.scenes}
    assert pointed_at == scenes


def test_a_master_and_its_singles_turn_stale_together():
    result = reimport(BASE, play(HARBOUR.replace("bridge was up", "bridge was down"), PIER, BOAT))
    stale = {shot.coverage for shot in result.breakdown.shots if shot.status is ShotStatus.STALE}
    assert stale == {Coverage.MASTER, Coverage.SINGLE}


NIGHT_WATCH = """INT. ATTIC - NIGHT

REED (30) waits.

REED
Who is it?

MARA (40)
Me.

INT. HALL - LATER

Reed sits.
"""


def test_a_light_that_the_scene_before_tells_turns_shots_stale():
    before = break_down(play(NIGHT_WATCH))
    after = reimport(before, play(NIGHT_WATCH.replace("NIGHT", "DAY"))).breakdown
    assert {shot.status for shot in after.shots} == {ShotStatus.STALE}
    assert {shot.reason for shot in after.shots} == {"its scene's place or light changed"}


def test_who_stands_in_the_same_shots_under_a_new_name_was_renamed():
    before = break_down(play(NIGHT_WATCH))
    renamed = NIGHT_WATCH.replace("REED", "BRANT").replace("Reed", "Brant")
    assert reimport(before, play(renamed)).renames == {"REED": "BRANT"}
    left = "INT. ATTIC - NIGHT\n\nMARA (40)\nMe.\n\nBOB (20) sleeps.\n"
    assert reimport(before, play(left)).renames == {}


def test_a_sentence_added_to_a_paragraph_leaves_the_other_sentences_alone():
    longer = HARBOUR.replace(
        "rain falls.", "rain falls. A gull screams behind the window, then another one further away."
    )
    result = reimport(BASE, play(longer, PIER, BOAT))
    assert result.count(ShotStatus.STALE) == 0
    new = [shot.text for shot in result.breakdown.shots if shot.status is ShotStatus.NEW]
    assert "".join(new).startswith("A gull screams")


def test_words_a_person_wrote_stay():
    target = by_text(BASE)["MARA: Then swim the next time."]
    ours = replace(target, text="Mara, tired, almost kind")
    shots = tuple(ours if shot is target else shot for shot in BASE.shots)
    changed = HARBOUR.replace("Then swim the next time.", "Then swim the next time, boy.")
    result = reimport(replace(BASE, shots=shots), play(changed, PIER, BOAT))
    after = next(shot for shot in result.breakdown.shots if shot.id == target.id)
    assert (after.text, after.script_text) == (
        "Mara, tired, almost kind",
        "MARA: Then swim the next time, boy.",
    )
    assert "and so had the shot's text" in after.reason


def test_a_moved_scene_keeps_its_shots():
    result = reimport(BASE, play(PIER, BOAT, HARBOUR))
    assert sorted(fates(result)) == [
        ("moved", "1", ("1",)),
        ("same", "2", ("2",)),
        ("same", "3", ("3",)),
    ]
    assert result.count(ShotStatus.STALE) == 0
    assert [shot.scene_id for shot in result.breakdown.shots][-1] == BASE.scenes[0].id


def test_a_split_scene_shares_its_shots_out():
    first, second = PIER.split("MARA\n")
    result = reimport(BASE, play(HARBOUR, first, "EXT. BEACH - NIGHT\n\nMARA\n" + second, BOAT))
    assert ("split", "2", ("2", "2A")) in fates(result)
    beach = next(scene for scene in result.breakdown.scenes if scene.location == "BEACH")
    there = [shot.text for shot in result.breakdown.shots if shot.scene_id == beach.id]
    assert any(text.startswith("MARA: Everything") for text in there)
    assert result.count(ShotStatus.ORPHAN) == 0


def test_merged_scenes_bring_their_shots_together():
    merged = PIER + "\n" + BOAT.split("\n\n", 1)[1]
    result = reimport(BASE, play(HARBOUR, merged))
    assert [fate[0] for fate in fates(result)] == ["same", "merged", "merged"]
    assert {shot.id for shot in BASE.shots} <= {shot.id for shot in result.breakdown.shots}
    assert result.count(ShotStatus.ORPHAN) == 0


def test_an_omitted_scene_leaves_orphans_that_come_back_with_it():
    without = reimport(BASE, play(HARBOUR, BOAT))
    assert ("omitted", "2", ()) in fates(without)
    orphans = [shot for shot in without.breakdown.shots if shot.status is ShotStatus.ORPHAN]
    assert {shot.scene_id for shot in orphans} == {BASE.scenes[1].id}
    assert [scene.number for scene in without.breakdown.scenes if scene.is_omitted] == ["2"]
    again = reimport(without.breakdown, play(HARBOUR, PIER, BOAT))
    assert again.count(ShotStatus.ORPHAN) == 0
    assert {shot.id for shot in again.breakdown.shots} == {shot.id for shot in BASE.shots}


def test_an_added_scene_gets_a_letter_and_new_shots():
    added = "INT. CELLAR - NIGHT\n\nA candle goes out in the draught.\n"
    result = reimport(BASE, play(HARBOUR, added, PIER, BOAT))
    assert ("added", "", ("1A",)) in fates(result)
    new = [shot for shot in result.breakdown.shots if shot.status is ShotStatus.NEW]
    assert [shot.code for shot in new] == ["SC001A_SH0010"]


def test_scenes_added_in_a_row_get_letters_in_a_row():
    cellar = "INT. CELLAR - NIGHT\n\nA candle goes out in the draught.\n"
    attic = "INT. ATTIC - NIGHT\n\nSomebody walks over the old boards above.\n"
    result = reimport(BASE, play(HARBOUR, cellar, attic, PIER, BOAT))
    assert [scene.number for scene in result.breakdown.scenes] == ["1", "1A", "1B", "2", "3"]
    first = reimport(BASE, play(attic, HARBOUR, PIER, BOAT))
    assert [scene.number for scene in first.breakdown.scenes] == ["A1", "1", "2", "3"]


def test_a_new_line_gets_a_code_between_its_neighbours():
    result = reimport(
        BASE, play(HARBOUR.replace("MARA\n", "He sneezes twice into his sleeve.\n\nMARA\n"), PIER, BOAT)
    )
    codes = [shot.code for shot in result.breakdown.shots if shot.scene_id == BASE.scenes[0].id]
    new = [shot for shot in result.breakdown.shots if shot.status is ShotStatus.NEW]
    assert [shot.text for shot in new] == ["He sneezes twice into his sleeve."]
    assert codes == sorted(codes)
    assert new[0].code == "SC001_SH0035"


def test_a_heading_that_changes_the_light_touches_every_shot_of_its_scene_and_no_other():
    result = reimport(BASE, play(HARBOUR, PIER.replace("NIGHT", "DAWN"), BOAT))
    stale = [shot for shot in result.breakdown.shots if shot.status is ShotStatus.STALE]
    assert stale == [shot for shot in result.breakdown.shots if shot.scene_id == BASE.scenes[1].id]
    assert {shot.reason for shot in stale} == {"its scene's place or light changed"}


TWO_SHOTS = """INT. SHED - DAY

NELL OKORO (38) puts the cardboard box on the bench. Dust turns in one long blade of light from the door.

She waits.

The lamp on the wall swings without any wind at all, slowly. {second} It is the last lamp of the house.
"""


def test_a_sentence_that_changed_keeps_its_own_shot():
    before = break_down(play(TWO_SHOTS.format(second="Nell looks up at the lamp and says nothing.")))
    after = reimport(before, play(TWO_SHOTS.format(second="Nell looks up at the lamp and laughs."))).breakdown
    texts = [shot.text for shot in after.shots]
    assert len(set(texts)) == len(texts) == len(before.shots)
    stale = {shot.id: shot.text for shot in after.shots if shot.status is ShotStatus.STALE}
    was = {shot.id: shot.text for shot in before.shots if "says nothing" in shot.text}
    assert stale.keys() == was.keys()
    assert "laughs" in next(iter(stale.values()))


def test_a_person_with_a_new_name_has_it_where_only_she_is_said():
    before = break_down(play(TWO_SHOTS.format(second="")))
    after = reimport(before, play(TWO_SHOTS.format(second="").replace("NELL", "NORA"))).breakdown
    kept = by_text(after)["She waits."]
    assert (kept.status, kept.characters) == (ShotStatus.KEPT, ("NORA OKORO",))


def test_the_second_half_of_a_scene_in_another_place_is_stale():
    whole = break_down(play(TWO_SHOTS.format(second="")))
    split = TWO_SHOTS.format(second="").replace("She waits.", "INT. KITCHEN - NIGHT\n\nShe waits.")
    after = reimport(whole, play(split)).breakdown
    stale = [shot.text for shot in after.shots if shot.status is ShotStatus.STALE]
    assert stale == [shot.text for shot in after.shots if shot.scene_id == after.scenes[1].id]


@pytest.mark.parametrize("line", ["OMITTED #2#", ".OMITTED #2#"])
def test_a_line_that_says_omitted_is_no_scene_and_no_shot(line):
    scenes = (
        "INT. A - DAY #1#\n\nRain falls.",
        "INT. B - DAY #2#\n\nA dog barks.",
        "INT. C - DAY #3#\n\nSnow.",
    )
    before = break_down(play(*scenes))
    after = reimport(before, play(scenes[0], line, scenes[2]))
    assert [(shot.text, shot.status) for shot in after.breakdown.shots] == [
        ("Rain falls.", ShotStatus.KEPT),
        ("Snow.", ShotStatus.KEPT),
        ("A dog barks.", ShotStatus.ORPHAN),
    ]
    assert [scene.number for scene in after.breakdown.scenes if scene.is_omitted] == ["2"]


def test_inserts_without_words_follow_their_scene():
    advert = Shot(
        "sh-x", "SC002_SH0900", BASE.scenes[1].id, Coverage.INSERT, "close_up", "the brand", (), 2.0, (), ""
    )
    ours = replace(BASE, shots=(*BASE.shots, advert))
    kept = by_text(reimport(ours, play(PIER, HARBOUR, BOAT)).breakdown)["the brand"]
    assert (kept.status, kept.scene_id) == (ShotStatus.KEPT, BASE.scenes[1].id)
    lost = by_text(reimport(ours, play(HARBOUR, BOAT)).breakdown)["the brand"]
    assert (lost.status, lost.reason) == (ShotStatus.ORPHAN, "its scene left the script")


def test_a_shot_that_people_took_out_is_not_proposed_again():
    words = "She throws the tin box at it and misses by a hand."
    ours = replace(BASE, shots=tuple(shot for shot in BASE.shots if shot.text != words))
    result = reimport(ours, play(HARBOUR.replace("all the time", "again"), PIER, BOAT))
    assert words not in by_text(result.breakdown)
    changed = reimport(ours, play(HARBOUR, PIER.replace("by a hand", "by a mile"), BOAT))
    assert words.replace("hand", "mile") in by_text(changed.breakdown)


LINES = [
    "Rain falls on the harbour.",
    "MARA\nNo. Never again, I said.",
    "JONAS\nYes.",
    "A dog barks.",
    "[[insert: a key]]",
    "> END <",
]
HEADINGS = ["INT. A - DAY", "EXT. B - NIGHT", "INT. C - DAY #7#", "1-1 客厅 日 内"]
SCENES = st.lists(
    st.tuples(st.sampled_from(HEADINGS), st.lists(st.sampled_from(LINES), max_size=4)), max_size=4
).map(lambda scenes: "\n\n".join("\n\n".join([heading, *lines]) for heading, lines in scenes))


@given(st.lists(SCENES, min_size=2, max_size=4))
def test_no_shot_is_ever_dropped(versions):
    breakdown = break_down(play(versions[0]))
    for version in versions[1:]:
        before = breakdown
        breakdown = reimport(before, play(version)).breakdown
        ids = [shot.id for shot in breakdown.shots]
        assert len(set(ids)) == len(ids)
        assert {shot.id for shot in before.shots} <= set(ids)
        codes = [shot.code for shot in breakdown.shots]
        assert len(set(codes)) == len(codes)
        assert {shot.scene_id for shot in breakdown.shots} <= {scene.id for scene in breakdown.scenes}
        assert all(
            0 <= span.start <= span.end <= len(version) for shot in breakdown.shots for span in shot.spans
        )
        shown = bytearray(len(version))
        for span in (span for shot in breakdown.shots for span in shot.spans):
            shown[span.start : span.end] = b"\1" * (span.end - span.start)
        for element in breakdown.elements:
            if element.kind in (ElementKind.ACTION, ElementKind.DIALOGUE):
                assert any(shown[element.start : element.end]), element
        kept = [shot for shot in breakdown.shots if shot.status is ShotStatus.KEPT and shot.script_text]
        assert all(words_of(breakdown.source, shot) for shot in kept)


def words_of(source, shot):
    """Whether a kept shot still points at words that are its own."""
    shown = "".join(source[span.start : span.end] for span in shot.spans)
    return not shot.spans or any(word in shown for word in shot.script_text.split())


@pytest.mark.parametrize("name", ["zh_rainnight", "ja_station", "ko_rooftop", "en_harbour.fountain"])
def test_one_changed_speech_in_each_language(name):
    text = load(name).text
    read = parse_text(text, is_fountain=name.endswith(".fountain"))
    before = break_down(read)
    speech = [shot for shot in before.shots if shot.coverage is Coverage.SINGLE][-1]
    words = speech.script_text.partition(": ")[2]
    after = parse_text(text.replace(words, words + "X"), is_fountain=name.endswith(".fountain"))
    result = reimport(before, after)
    stale = {shot.id for shot in result.breakdown.shots if shot.status is ShotStatus.STALE}
    assert speech.id in stale
    assert stale <= {shot.id for shot in before.shots if set(shot.spans) & set(speech.spans)}
    assert result.count(ShotStatus.ORPHAN) == 0
