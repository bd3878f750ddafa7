"""The raw master holds every frame bit for bit, and equal frames make equal files."""

from fractions import Fraction

import av
import numpy as np

from rushes.studio.master_file import master_writer, read_master


def test_a_master_is_lossless_and_reproducible(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 30, 46, 3), np.uint8)
    paths = [tmp_path / "a.mkv", tmp_path / "b.mkv"]
    for path in paths:
        with master_writer(path, Fraction(24000, 1001)) as writer:
            writer.write(frames[:1])
            writer.write(frames[1:])
    assert np.array_equal(np.concatenate(list(read_master(paths[0]))), frames)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with av.open(str(paths[0])) as container:
        assert container.streams.video[0].average_rate == Fraction(24000, 1001)
