import pytest

from rushes.core.errors import UsageError
from rushes.language.captions import caption
from rushes.world.captions import world_caption
from rushes.world.scene import sample_scene


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_full_captions_name_everything_and_short_ones_the_subject(language):
    scene = sample_scene(3)
    assert world_caption(scene, language, 5) == caption(scene.attributes(), language, 5)
    assert world_caption(scene, language, 5, share=0.0) == caption({"subject": scene.subject}, language, 5)


def test_a_share_lies_between():
    scene = sample_scene(3)
    lengths = {len(world_caption(scene, "en", seed, share=0.5)) for seed in range(20)}
    assert len(lengths) > 5
    assert max(lengths) < len(world_caption(scene, "en", 0)) * 1.3


@pytest.mark.parametrize(("language", "share"), [("en", 1.5), ("xx", 1.0)])
def test_bad_requests_are_refused(language, share):
    with pytest.raises(UsageError):
        world_caption(sample_scene(0), language, 0, share)
