"""What a pixel shows, and how far away it is."""

import numpy as np
from numpy.typing import NDArray

from rushes.world.affine import Array
from rushes.world.flow import Movers

CLASSES = ("sky", "far", "middle", "near", "ground", "prop", "subject")
SUBJECT = CLASSES.index("subject")
_PROP = CLASSES.index("prop")
_NEAREST = (100.0, 5.0, 2.5, 1.5, 0.0)
"""Least depth of the layers of the first classes."""


def class_of_movers(movers: Movers) -> NDArray[np.uint8]:
    """(P,) index in ``CLASSES`` of every mover."""
    layers = [
        next(kind for kind, depth in enumerate(_NEAREST) if layer.depth > depth) for layer in movers.layers
    ]
    return np.array([*layers, *[_PROP] * len(movers.props), *[SUBJECT] * len(movers.subject)], np.uint8)


def depth_of_movers(movers: Movers, dolly: Array) -> Array:
    """(P, T) distance of every mover from the camera; 1 is the subject's from a camera at rest.

    ``dolly`` (T,) as in ``CameraPath``.
    """
    layers = [layer.depth for layer in movers.layers]
    props = [movers.layers[over].depth for over in movers.over]
    rest = np.array([*layers, *props, *[1.0] * len(movers.subject)])
    distance: Array = rest[:, None] - dolly
    return distance
