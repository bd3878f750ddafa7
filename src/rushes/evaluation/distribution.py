"""How far a set of clips is from a set of renders, and whether a clip is a copy of one in training."""

import numpy as np
from numpy.typing import NDArray

from rushes.evaluation.reading import Clip

Array = NDArray[np.float64]


def kernel_distance(first: Array, second: Array) -> float:
    """Squared MMD with a cubic kernel, without bias, of features (n, d) and (m, d); 0 for equal sources.

    KID (arXiv 1801.01401), taken over clips as JEDi does (arXiv 2410.05203): a few hundred are enough. In
    units of the mean spread of ``second``.
    """
    middle = second.mean(axis=0)
    # one scale for all: a feature that hardly ever varies in a small set would else outweigh the others
    spread = float(np.sqrt(second.var(axis=0).mean()))
    a, b = (first - middle) / spread, (second - middle) / spread
    width = a.shape[1]

    def kernel(x: Array, y: Array) -> Array:
        cubic: Array = (x @ y.T / width + 1) ** 3
        return cubic

    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return float(within[0] + within[1] - 2 * kernel(a, b).mean())


def shuffled_frames(clip: Clip, seed: int) -> Clip:
    """The same frames in another order: a distance that does not grow by it is blind to time."""
    return clip[np.random.default_rng(seed).permutation(len(clip))]


def nearest(latents: NDArray[np.floating], training: NDArray[np.floating]) -> Array:
    """Distance of each clip (n, ...) to its nearest in ``training`` (m, ...), in units of the spread."""
    known = training.reshape(len(training), -1).astype(np.float32)
    spread = float(known[:: max(1, len(known) // 64)].std())
    squares = (known**2).sum(axis=1)
    found = []
    for clip in latents:
        own = clip.reshape(-1).astype(np.float32)
        apart = np.maximum(squares - 2 * known @ own + own @ own, 0).min()
        found.append(float(np.sqrt(apart / own.size)) / spread)
    return np.array(found)


def picture_noise(clip: Clip, other: Clip) -> float:
    """PSNR of two clips in dB."""
    error = np.square(clip.astype(np.float32) - other).mean()
    return float(10 * np.log10(255**2 / max(float(error), 1e-9)))
