import numpy as np
import pytest

from rushes.world.gait import Gait, foot_path, polar, two_bones

GAIT = Gait(stride=60.0, duty=0.6, lift=9.0)


def test_a_planted_foot_stands_still_whatever_the_speed():
    travelled = np.cumsum(np.linspace(0.1, 3.0, 400))
    foot = foot_path(GAIT, travelled, 0.25)
    ground = foot[:, 0] + travelled
    planted = (travelled / GAIT.stride + 0.25) % 1.0 < GAIT.duty
    both = planted[1:] & planted[:-1]
    assert np.abs(np.diff(ground))[both].max() < 1e-9
    assert np.abs(foot[planted, 1]).max() == 0.0
    assert foot[:, 1].min() == pytest.approx(-GAIT.lift, rel=0.05)


def test_the_foot_is_under_the_body_in_the_middle_of_its_stance():
    middle = np.array([0.3, 1.3, 2.3]) * GAIT.stride
    assert foot_path(GAIT, middle, 0.0)[:, 0] == pytest.approx([0.0, 0.0, 0.0])


@pytest.mark.parametrize("bend", [1.0, -1.0])
def test_bones_keep_their_lengths_and_bend_to_their_side(bend):
    root = np.zeros((3, 2))
    target = np.array([[3.0, 15.0], [0.0, 19.0], [0.0, 90.0]])
    joint, end = two_bones(root, target, 10.0, 10.0, bend)
    assert np.linalg.norm(joint - root, axis=1) == pytest.approx(10.0)
    assert np.linalg.norm(end - joint, axis=1) == pytest.approx(10.0)
    assert end[:2] == pytest.approx(target[:2])
    assert (np.sign(joint[1:, 0]) == bend).all()


def test_a_hanging_bone_swings_forward():
    assert polar(np.zeros((1, 2)), np.array([np.pi / 2]), 5.0) == pytest.approx(np.array([[5.0, 0.0]]))
