"""The raw master holds every frame bit for bit, and equal frames make equal files."""

from fractions import Fraction

import numpy as np

from rushes.media.video import probe, read_frames
from rushes.studio.compare import GAP, LABEL_HEIGHT, WIDTH, compare
from rushes.studio.master_file import MasterFacts, master_facts, master_writer, read_master


def test_a_master_is_lossless_and_reproducible(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 30, 46, 3), np.uint8)
    paths = [tmp_path / "a.mkv", tmp_path / "b.mkv"]
    for path in paths:
        with master_writer(path, Fraction(24000, 1001)) as writer:
            writer.write(frames[:1])
            writer.write(frames[1:])
    assert np.array_equal(np.concatenate(list(read_master(paths[0]))), frames)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert master_facts(paths[0]) == MasterFacts(46, 30, 5, Fraction(24000, 1001))


def test_two_takes_are_compared_side_by_side_and_by_a_wipe(tmp_path):
    for name, level, count in (("a", 50, 5), ("b", 200, 3)):
        with master_writer(tmp_path / f"{name}.mkv", Fraction(16)) as writer:
            writer.write(np.full((count, 90, 160, 3), level, np.uint8))
    film = tmp_path / "compare.mp4"
    assert compare(tmp_path / "a.mkv", tmp_path / "b.mkv", ("A_v001", "A_v002"), film) == 5
    facts = probe(film)
    assert (facts.num_frames, facts.frame_rate) == (5, 16)
    frames = list(read_frames(film))
    below = LABEL_HEIGHT + 360 + GAP + 180
    for number, share in enumerate((0, 0.25, 0.5, 0.75, 1)):
        page = frames[number].astype(int)
        assert abs(page[200, 300] - 50).max() < 4
        assert abs(page[200, WIDTH + GAP + 300] - 200).max() < 4
        wiped = page[below, (WIDTH + GAP) // 2 :][:WIDTH, 0]
        assert abs((wiped > 125).mean() - share) < 0.02
