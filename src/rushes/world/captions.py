"""Captions of a scene: all of its attributes or a share of them, in one of the four languages."""

from rushes.core.errors import UsageError
from rushes.language.captions import caption
from rushes.world.scene import Scene


def world_caption(scene: Scene, language: str, seed: int, share: float = 1.0) -> str:
    """A caption that always names the subject and each other attribute with probability ``share`` (0..1).

    Raises ``UsageError`` for a share outside 0..1 or a language that has no captions.
    """
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"share is {share}; give a number from 0 to 1")
    draws = scene.random(f"caption {seed}").uniform(size=len(scene.attributes()))
    named = {
        slot: value
        for (slot, value), draw in zip(scene.attributes().items(), draws, strict=True)
        if slot == "subject" or draw < share
    }
    return caption(named, language, seed)
