"""English verbs by the words around them: particles apart, participles, nouns of events, passives."""

import pytest

from rushes.language.parse import parse


def beats(text: str) -> list[str]:
    return [beat.action.concept for beat in parse(text).beats]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The wind slams the old door shut", ["close"]),
        ("She blows the candle out", ["blow_out"]),
        ("The nurse turns the lamp off and smiles", ["put_out", "smile"]),
        ("He throws the ball over the fence", ["throw"]),
    ],
)
def test_a_particle_behind_the_object_belongs_to_the_verb(text, expected):
    assert beats(text) == expected


def test_a_participle_of_the_past_before_its_noun_is_no_event():
    assert beats("Servants carry a roasted pig over crushed ice") == ["carry"]
    assert "burn" in beats("A man walks into a burning house")


def test_only_some_nouns_tell_of_an_event():
    assert beats("The sniper waits for a clear shot and the rest of the crew") == ["wait"]
    assert beats("The king sits down with a slow nod") == ["sit", "bow"]
    assert beats("A fox in a storm") == []


def test_who_does_it_tells_what_a_verb_means():
    assert beats("The train pulls out") == ["drive"]
    assert beats("The crowd freezes") == ["stop"]
    assert beats("The lake freezes") == ["freeze"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The hostage is dragged onto the roof", [((), ("hostage",))]),
        (
            "A boy is chased by a dog and climbs a ladder",
            [(("dog",), ("boy",)), (("boy",), ("ladder",))],
        ),
        ("A man is seated at a table", [(("man",), ())]),
    ],
)
def test_passives(text, expected):
    assert [(beat.who, beat.whom) for beat in parse(text).beats] == expected


def test_his_in_a_phrase_of_a_verb_stands_for_anybody():
    assert beats("The robot rises to its feet") == beats("The boys rise to their feet") == ["stand_up"]


def test_a_verb_without_a_meaning_of_its_own_has_the_one_it_has_with_an_object():
    assert beats("A waiter sets it on the table") == beats("A waiter sets two cups on the table") == ["put"]
    assert beats("A set of keys lies on the floor") == ["lie"]


def test_no_phrase_of_a_verb_begins_behind_an_article():
    assert beats("A sailor throws a rope to the captain") == ["throw"]


def test_an_unknown_word_that_ends_as_adjectives_do_belongs_to_the_noun():
    assert beats("A man stands in a ferocious blast") == ["stand"]


def test_a_landscape_does_nothing():
    assert beats("The road stretches to the horizon") == []
    assert beats("A runner stretches on the road") == ["exercise"]
