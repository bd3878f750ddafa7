"""The concepts mini's world is made of: slot -> ids, the same ids in lexicon, captions, scenes and judges."""

from collections.abc import Mapping
from types import MappingProxyType

SLOTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "subject": (
            "warrior",
            "detective",
            "robot",
            "child",
            "fox",
            "dog",
            "horse",
            "alien",
            "can",
            "car",
        ),
        "color": ("red", "blue", "green", "yellow", "white", "purple"),
        "action": ("stand", "walk", "run", "leap", "spin", "fly"),
        "direction": ("left", "right"),
        "environment": (
            "wall",
            "snowfield",
            "platform",
            "desert",
            "street",
            "meadow",
            "forest",
            "village",
        ),
        "weather": ("clear", "rain", "snow", "sandstorm", "fog"),
        "time": ("day", "dusk", "night"),
        "style": ("realistic", "cyberpunk", "noir", "ink", "animation"),
        "camera": (
            "static",
            "pan_left",
            "pan_right",
            "tilt_up",
            "tilt_down",
            "push_in",
            "pull_out",
            "track",
            "handheld",
        ),
    }
)

_PERSON = ("stand", "walk", "run", "leap", "spin")
_ANIMAL = ("stand", "walk", "run", "leap")

VALID_ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "warrior": _PERSON,
        "detective": _PERSON,
        "robot": _PERSON,
        "child": _PERSON,
        "fox": _ANIMAL,
        "dog": _ANIMAL,
        "horse": _ANIMAL,
        "alien": ("stand", "walk", "leap", "fly"),
        "can": ("stand", "spin", "fly"),
        "car": ("stand", "run", "leap"),
    }
)
