"""The recipe: canonical JSON is stable, and a stage's key covers it and all before it, nothing else."""

import hashlib
import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.recipe import Recipe, Stage, canonical_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
settings = st.dictionaries(st.text(max_size=8), values, max_size=4)


def chain(*named_settings):
    stages = tuple(Stage(name, 1, settings) for name, settings in named_settings)
    return Recipe(stages, {"torch": "2.13.0"})


@given(settings)
def test_order_of_keys_does_not_matter(document):
    backwards = dict(reversed(list(document.items())))
    assert canonical_json(document) == canonical_json(backwards)


@given(values)
def test_canonical_json_reads_back(value):
    assert json.loads(canonical_json(value)) == value


def test_canonical_form_is_what_the_files_on_disk_hash():
    document = {"words": "一位红斗篷女战士", "rate": Fraction(24000, 1001), "a": [1, 2.5, None]}
    assert canonical_json(document) == '{"a":[1,2.5,null],"rate":"24000/1001","words":"一位红斗篷女战士"}'


def test_a_key_is_the_hash_of_the_canonical_stages():
    recipe = chain(("encode", {"text": "a fox"}), ("denoise", {"seed": 7}))
    stages = b'["encode",1,{"text":"a fox"}]["denoise",1,{"seed":7}]'
    assert recipe.key("denoise") == hashlib.sha256(stages).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_json_cannot_hold_are_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": [1.0, value]})
    with pytest.raises(ValueError, match="not JSON compliant"):
        Recipe((), {"seconds": value}).to_json()


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="set has no place in a recipe"):
        canonical_json({"seeds": {1, 2}})


@given(settings, settings, settings)
def test_a_key_covers_its_stage_and_those_before(first, second, other):
    recipe = chain(("encode", first), ("denoise", second))
    upstream = chain(("encode", other), ("denoise", second))
    downstream = chain(("encode", first), ("denoise", other))
    assert (recipe.key("denoise") == upstream.key("denoise")) == (
        canonical_json(first) == canonical_json(other)
    )
    assert (recipe.key("denoise") == downstream.key("denoise")) == (
        canonical_json(second) == canonical_json(other)
    )
    assert recipe.key("encode") == downstream.key("encode")


def test_the_revision_enters_the_key_and_the_machine_does_not():
    recipe = chain(("encode", {}))
    revised = replace(recipe, stages=(Stage("encode", 2, {}),))
    elsewhere = replace(recipe, recorded={"torch": "2.14.0"})
    assert revised.key("encode") != recipe.key("encode")
    assert elsewhere.key("encode") == recipe.key("encode")


def test_an_unknown_stage_is_named_with_the_known_ones():
    with pytest.raises(KeyError, match="no stage 'finish'; stages: encode, denoise"):
        chain(("encode", {}), ("denoise", {})).key("finish")


def test_the_file_holds_settings_keys_and_what_was_recorded():
    recipe = chain(("encode", {"text": "雨"}), ("denoise", {"frame_rate": Fraction(12)}))
    document = json.loads(recipe.to_json())
    assert [stage["name"] for stage in document["stages"]] == ["encode", "denoise"]
    assert document["stages"][1]["key"] == recipe.key("denoise")
    assert document["stages"][1]["settings"] == {"frame_rate": "12"}
    assert document["recorded"] == {"torch": "2.13.0"}
    assert "雨" in recipe.to_json()
