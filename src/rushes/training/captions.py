"""Captions as training sees them: full, partial and short ones in four languages, some left out."""

from collections.abc import Mapping

import numpy as np

from rushes.core.vocabulary import SLOTS
from rushes.language.captions import LANGUAGES, caption

FULL_SHARE = 0.6
SHORT_SHARE = 0.1
SHORT_SLOTS = ("subject", "action", "environment")
# What can be said alone: degrees tell of something else, and captions pass over a plain sky.
ALONE = SLOTS.keys() - {"sky"}


def training_caption(attributes: Mapping[str, str], random: np.random.Generator, null_share: float) -> str:
    """A caption of a scene: 60 % name everything, 30 % a random subset, 10 % only who, what and where.

    A share ``null_share`` of all captions is empty, which teaches the unconditional velocity for guidance.
    """
    if random.random() < null_share:
        return ""
    language = LANGUAGES[random.integers(len(LANGUAGES))]
    return caption(told_attributes(attributes, random), language, int(random.integers(2**31)))


def told_attributes(attributes: Mapping[str, str], random: np.random.Generator) -> Mapping[str, str]:
    """What a caption names: everything, a random subset, or only who does what where."""
    draw = random.random()
    if draw < FULL_SHARE:
        return attributes
    if draw < FULL_SHARE + SHORT_SHARE:
        return {slot: attributes[slot] for slot in SHORT_SLOTS}
    kept = [slot for slot in attributes if random.random() < 0.6]
    if not ALONE & set(kept):
        kept.append("subject")
    return {slot: attributes[slot] for slot in kept}
