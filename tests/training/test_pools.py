import numpy as np
import torch

from rushes.core.vocabulary import MOMENT
from rushes.training.pools import LatentBatch, LatentPool


def test_a_pool_draws_clips_with_their_own_attributes():
    parts = tuple(
        np.full((2, 1, 1, 1, 1), part, np.float16) + np.arange(2).reshape(2, 1, 1, 1, 1) / 10
        for part in (0, 1)
    )
    presence = tuple(part[:, 0] / 2 for part in parts)
    shown = tuple({"subject": name} for name in ("a", "b", "c", "d"))
    sliders = tuple({"speed": float(number)} for number in range(4))
    pool = LatentPool(parts, presence, parts, shown, sliders)
    clips, drawn_presence, motion, attributes, drawn_sliders = pool.draw(64, np.random.default_rng(0))
    assert torch.allclose(drawn_presence, clips / 2, atol=1e-3)
    assert torch.equal(motion, clips)
    assert [values["speed"] for values in drawn_sliders] == ["abcd".index(x["subject"]) for x in attributes]
    assert LatentPool(parts, presence, (), shown, sliders).draw(1, np.random.default_rng(0)).motion is None
    names = {0.0: "a", 0.1: "b", 1.0: "c", 1.1: "d"}
    assert [values["subject"] for values in attributes] == [
        names[round(float(clip), 1)] for clip in clips.flatten()
    ]
    assert {values["subject"] for values in attributes} == set("abcd")


def test_clips_begin_with_stills_of_their_first_moment():
    clean, presence = torch.rand(2, 3, 5, 1, 1), torch.rand(2, 1, 5, 1, 1)
    shown, sliders = [{"subject": "fox"}, {"subject": "dog"}], [{"speed": 0.5}, {"speed": 1.0}]
    stills = LatentBatch(clean, presence, torch.ones(2, 3, 5, 1, 1), shown, sliders).first_frames()
    assert torch.equal(stills.clean, clean[:, :, :1])
    assert torch.equal(stills.presence, presence[:, :, :1])
    assert torch.equal(stills.motion, torch.zeros(2, 3, 1, 1, 1))
    assert stills.attributes == shown
    assert stills.sliders == [{"speed": 0.5, MOMENT: 0.0}, {"speed": 1.0, MOMENT: 0.0}]
    assert LatentBatch(clean, presence, None, shown, sliders).first_frames().motion is None
