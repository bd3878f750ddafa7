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
            "woman",
        ),
        "color": ("red", "blue", "green", "yellow", "white", "purple"),
        "action": ("stand", "walk", "run", "leap", "spin", "fly", "carry"),
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
            "orbit",
        ),
        "sky": ("plain", "lightning", "aurora", "rainbow"),
    }
)

PLAIN_SKY = "plain"
"""The sky of a caption that says nothing of it."""

SKIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        PLAIN_SKY: (SLOTS["weather"], SLOTS["time"]),
        "lightning": (("rain", "sandstorm"), SLOTS["time"]),
        "aurora": (("clear", "snow"), ("night",)),
        "rainbow": (("clear", "rain"), ("day", "dusk")),
    }
)
"""Sky -> the weathers and the times of day it can stand over."""

DEGREES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"strength": ("slight", "fierce"), "speed": ("slow", "fast")}
)
"""Words for the ends of the two sliders: of the weather, and of the action."""

TOLD: Mapping[str, tuple[str, ...]] = MappingProxyType({**SLOTS, **DEGREES})
"""All that a caption can tell."""

CAMERA_SLIDERS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "pan_left": ("pan_x", -1.0),
        "pan_right": ("pan_x", 1.0),
        "tilt_up": ("pan_y", -1.0),
        "tilt_down": ("pan_y", 1.0),
        "push_in": ("zoom", 1.0),
        "pull_out": ("zoom", -1.0),
        "orbit": ("orbit", 1.0),
    }
)
"""Camera move -> the slider that tells how far it goes, and its sign."""

CAMERA_MOVES = ("pan_x", "pan_y", "zoom", "orbit", "track")
"""The sliders of the camera: right, down, in, round to the right and along to the right are positive."""

MOMENT = "moment"
"""The slider of a single picture: when in its shot it is taken, 0 at the first frame, 1 three seconds on."""

SEEN_IN_STILLS = ("strength", MOMENT)
"""The sliders that a single picture shows."""

PACES: Mapping[str, float] = MappingProxyType(
    {"walk": 0.25, "carry": 0.22, "run": 0.5, "leap": 0.22, "fly": 0.35}
)
"""How fast a subject travels, and a camera that keeps up with it: 1 is twice a run's usual pace."""


def camera_sliders(shown: Mapping[str, str], amount: float, pace: float) -> dict[str, float]:
    """All sliders of the camera for what a shot shows (slot -> id); 0 where it does not move so.

    ``amount`` 1 is a whole move; ``pace`` of the action, 1 its usual one.
    """
    sliders, move = dict.fromkeys(CAMERA_MOVES, 0.0), shown.get("camera", "")
    if move in CAMERA_SLIDERS:
        name, sign = CAMERA_SLIDERS[move]
        sliders[name] = sign * amount
    if move == "track":
        along = PACES.get(shown.get("action", ""), 0.0) * pace
        sliders["track"] = -along if shown.get("direction") == "left" else along
    return sliders


_PERSON = ("stand", "walk", "run", "leap", "spin")
_GROWN = (*_PERSON, "carry")
_ANIMAL = ("stand", "walk", "run", "leap")

VALID_ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "warrior": _GROWN,
        "detective": _GROWN,
        "robot": _GROWN,
        "child": _PERSON,
        "fox": _ANIMAL,
        "dog": _ANIMAL,
        "horse": _ANIMAL,
        "alien": ("stand", "walk", "leap", "fly"),
        "can": ("stand", "spin", "fly"),
        "car": ("stand", "run", "leap"),
        "woman": _GROWN,
    }
)
