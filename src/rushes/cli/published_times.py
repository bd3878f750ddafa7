"""How long takes of a model are said to take, for machines where none was made yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rushes.cli.planned import Planned, finishing, generating


@dataclass(frozen=True)
class PublishedTime:
    """``rates``: pixels of a whole clip -> seconds a step and pixel, growing with the tokens that attend."""

    rates: tuple[tuple[float, float], ...]
    seconds_a_frame: float
    machine: str

    def seconds(self, planned: Planned) -> float:
        """Machine seconds for a take."""
        request = planned.request
        pixels = request.num_frames * request.height * request.width
        return self._rate(pixels) * generating(request) + self.seconds_a_frame * finishing(planned)

    def _rate(self, pixels: float) -> float:
        """On the line through the two published sizes, or the only one."""
        (x0, y0), (x1, y1) = self.rates[0], self.rates[-1]
        return y0 if x0 == x1 else max(0.1 * y0, y0 + (pixels - x0) / (x1 - x0) * (y1 - y0))


_CLIP_480, _CLIP_720 = 81 * 832 * 480, 81 * 1280 * 720
# Wan2.2's own chart of efficiency (assets/comp_effic.png): whole runs of 40 steps on one H100.
_A14B = PublishedTime(
    ((_CLIP_480, 326.9 / 40 / _CLIP_480), (_CLIP_720, 1041.5 / 40 / _CLIP_720)), 0.05, "one H100"
)
# 61 frames in 8 guided steps: 3 s, decoding and writing 720p 5.5 s (docs/mini.md).
_MINI = PublishedTime(((61 * 256 * 160, 3 / 8 / (61 * 256 * 160)),), 5.5 / 61, "two cores")

PUBLISHED_TIMES: Mapping[str, PublishedTime] = MappingProxyType(
    {"mini": _MINI, "wan2.2-t2v-a14b": _A14B, "wan2.2-i2v-a14b": _A14B, "wan2.1-t2v-14b": _A14B}
)


def published_seconds(planned: Planned) -> float:
    """Machine seconds for a take by what was published of its model; 0 where nothing was."""
    found = PUBLISHED_TIMES.get(planned.facts.name)
    return 0.0 if found is None else found.seconds(planned)
