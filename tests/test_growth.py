"""The measure of growth itself: it passes linear work and sees quadratic work."""

import pytest
from tests.growth import assert_linear

TEXT = "ab" * 20_000


def test_linear_work_passes():
    assert_linear(lambda text: [ord(character) for character in text], TEXT)


def test_quadratic_work_is_seen():
    with pytest.raises(AssertionError, match="for an eighth"):
        assert_linear(lambda text: [text.count(character) for character in text], TEXT)
