import numpy as np

from rushes.core.vocabulary import SLOTS
from rushes.language.captions import caption
from rushes.training.captions import SHORT_SLOTS, told_attributes, training_caption

ATTRIBUTES = {slot: values[0] for slot, values in SLOTS.items()}


def test_captions_are_dropped_at_the_asked_share_and_written_in_four_scripts():
    random = np.random.default_rng(1)
    captions = [training_caption(ATTRIBUTES, random, null_share=0.25) for _ in range(800)]
    assert 0.2 < captions.count("") / len(captions) < 0.3
    hangul = any("\uac00" <= letter <= "\ud7a3" for text in captions for letter in text)
    kana = any("\u3041" <= letter <= "\u30ff" for text in captions for letter in text)
    latin = any(text.isascii() and text for text in captions)
    assert hangul
    assert kana
    assert latin


def test_what_is_told_is_true_and_of_all_lengths():
    random = np.random.default_rng(2)
    told = [told_attributes(ATTRIBUTES, random) for _ in range(400)]
    assert all(values.items() <= ATTRIBUTES.items() and values for values in told)
    full = sum(len(values) == len(SLOTS) for values in told) / len(told)
    assert 0.5 < full < 0.72
    assert any(tuple(values) == SHORT_SLOTS for values in told)


def test_every_part_of_a_scene_with_degrees_can_be_written():
    random = np.random.default_rng(3)
    told = {slot: ATTRIBUTES[slot] for slot in SHORT_SLOTS} | {"speed": "fast", "sky": "plain"}
    for _ in range(1000):
        part = dict(told_attributes(told, random))
        part.pop("sky", None)  # as in the warm start of the text encoder
        assert caption(part, "en", 1)
