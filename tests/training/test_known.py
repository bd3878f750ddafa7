"""Known tokens are drawn in their shares, whole, and never all of a clip."""

import numpy as np
import pytest
import torch

from rushes.diffusion.conditioning import known_tokens
from rushes.training.known import draw_known

CELLS, PATCH = (6, 10, 16), (1, 2, 2)


@pytest.fixture(scope="module")
def known():
    return draw_known(4000, CELLS, PATCH, np.random.default_rng(0))


def kind(clip):
    """What the clip of (T, H, W) gives away."""
    frames = clip.flatten(1)
    whole, some = frames.all(1).tolist(), frames.any(1).tolist()
    if not any(some):
        return "nothing"
    if whole != some:
        return "box"
    count = sum(whole)
    if whole == [True] + [False] * 4 + [True]:
        return "both ends"
    assert whole == [True] * count + [False] * (6 - count)
    return "first" if count == 1 else "first few"


def test_the_shares_are_those_of_the_recipe(known):
    kinds = [kind(clip) for clip in known[:, 0]]
    shares = {name: kinds.count(name) / len(kinds) for name in set(kinds)}
    wanted = {"nothing": 0.15, "first": 0.55, "first few": 0.12, "both ends": 0.08, "box": 0.1}
    assert shares == pytest.approx(wanted, abs=0.03)


def test_tokens_are_known_whole_and_never_all(known):
    tokens = known_tokens(known, PATCH)
    assert torch.equal(tokens.any(-1), tokens.all(-1))
    assert not tokens.all(-1).all(-1).any()


def test_a_still_gives_all_but_a_box_or_nothing():
    known = draw_known(500, (1, 10, 16), PATCH, np.random.default_rng(1))[:, 0]
    given = known.flatten(1).any(1)
    assert given.float().mean() == pytest.approx(0.1, abs=0.05)
    for clip in known[given]:
        hidden = (~clip[0]).nonzero()
        box = hidden.max(0).values - hidden.min(0).values + 1
        assert int(box.prod()) == len(hidden)
        assert (box % 2 == 0).all()
