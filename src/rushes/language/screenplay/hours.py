"""When scenes are, where a heading leaves it to the scene before."""

from collections.abc import Iterable

from rushes.language.screenplay.scene import Scene
from rushes.language.screenplay.words import fold, trade_words


def times(scenes: Iterable[Scene], language: str) -> dict[str, str]:
    """Id of each scene -> when it is, for a model: CONTINUOUS and LATER are the time of the scene before."""
    found: dict[str, str] = {}
    last = ""
    for scene in scenes:
        written = scene.time.lower() if language == "en" else scene.time
        last = found[scene.id] = last if fold(scene.time) in trade_words().same_time else written
    return found
