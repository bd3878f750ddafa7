"""A scene made ready to draw: every decision that does not depend on the frame being drawn."""

from dataclasses import dataclass

import numpy as np

from rushes.core.errors import UsageError
from rushes.world.affine import Array, affine
from rushes.world.alien import alien_figure
from rushes.world.animals import animal_figure
from rushes.world.camera import CameraPath, camera_path
from rushes.world.costume import upright_figure
from rushes.world.environment import environment_layers
from rushes.world.fire import fire_parts
from rushes.world.layer import Layer
from rushes.world.motion import GROUND, Motion, motion_of
from rushes.world.palette import Palette, palette_of
from rushes.world.part import Figure, Prop
from rushes.world.phenomena import flash_of, sky_props
from rushes.world.props import can_figure, car_figure
from rushes.world.scene import Scene
from rushes.world.site import NEAR
from rushes.world.sky import sky_layer
from rushes.world.weather import Flash, Haze, Veil, haze_of, veils_of


@dataclass(frozen=True)
class Stage:
    """Everything of a scene that is decided before the first frame is drawn."""

    scene: Scene
    palette: Palette
    motion: Motion
    camera: CameraPath
    layers: tuple[Layer, ...]
    props: tuple[Prop, ...]
    figure: Figure
    placement: Array
    """(T, 2, 3): figure space -> world."""
    veils: tuple[Veil, ...]
    haze: Haze | None
    flash: Flash | None = None

    def layer_of(self, depth: float) -> int:
        """Index of the layer that something at ``depth`` is drawn over: the last one that is as far."""
        return max(index for index, layer in enumerate(self.layers) if index == 0 or layer.depth >= depth)


def figure_of(scene: Scene, motion: Motion, palette: Palette) -> Figure:
    """The subject of a scene."""
    if scene.subject in ("warrior", "detective", "robot", "child", "woman"):
        return upright_figure(scene.subject, motion, palette)
    if scene.subject in ("fox", "dog", "horse"):
        return animal_figure(scene.subject, motion, palette)
    return {"alien": alien_figure, "can": can_figure, "car": car_figure}[scene.subject](motion, palette)


def placement_of(motion: Motion) -> Array:
    """(T, 2, 3): figure space -> world."""
    ones, zeros = np.ones(len(motion.times)), np.zeros(len(motion.times))
    return affine(
        np.stack([motion.facing * motion.scale * ones, zeros], -1),
        np.stack([zeros, motion.scale * ones], -1),
        np.stack([motion.x, zeros + GROUND], -1),
    )


def stage_of(scene: Scene, num_frames: int) -> Stage:
    """Set up a shot of ``num_frames`` frames. Raises ``UsageError`` for a clip without frames."""
    if num_frames < 1:
        raise UsageError(f"num_frames is {num_frames}; a clip has at least one frame")
    palette = palette_of(scene)
    motion = motion_of(scene, num_frames)
    camera = camera_path(scene, motion.times, motion.seconds, motion.x)
    generator = scene.random("stage")
    figure = figure_of(scene, motion, palette)
    near_offset = float(scene.random("layers").uniform(-1.0, 1.0, 5)[2]) * 12.0
    layers = (
        sky_layer(palette, camera, float(generator.uniform(-10.0, 10.0)), scene.sky),
        *environment_layers(scene, palette, camera),
    )
    return Stage(
        scene,
        palette,
        motion,
        camera,
        layers,
        (
            *sky_props(scene, palette, motion.times),
            *(Prop(part, NEAR) for part in fire_parts(scene, palette, motion.times, near_offset)),
        ),
        figure,
        placement_of(motion),
        tuple(veils_of(scene, palette)),
        haze_of(scene, palette, float(generator.uniform(0.0, 512.0))),
        flash_of(scene, palette, motion.times),
    )
