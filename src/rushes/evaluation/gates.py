"""The gates to ship: what mini must reach, on the CPU-trained and on the GPU-trained weights."""

from collections.abc import Iterator
from dataclasses import dataclass

from rushes.evaluation.figures import TOGETHER, Figures

SINGLE = {
    "subject": 0.80, "environment": 0.85, "weather": 0.85, "time": 0.85, "style": 0.85,
    "camera": 0.80, "action": 0.65, TOGETHER: 0.35,
}  # fmt: skip
BEST_TOGETHER = 0.65
AFTER_GPU = {f"single {TOGETHER}": 0.55, f"best {TOGETHER}": 0.85}
"""What the same gate asks of weights trained on a GPU."""
GAP, SPREAD = 0.15, 0.05
JERK = (0.6, 1.5)
CODEC_DB = 29.0
JUDGE_ON_RENDERS, JUDGE_ON_CODEC = 0.99, 0.97


@dataclass(frozen=True)
class Gate:
    """``value`` must lie within ``low`` to ``high``; ``interval`` is its uncertainty, if it has one."""

    name: str
    value: float
    low: float
    high: float
    interval: tuple[float, float] | None

    @property
    def passed(self) -> bool:
        """Whether the figure itself, without its uncertainty, is within the bounds."""
        return self.low <= self.value <= self.high

    @property
    def bounds(self) -> str:
        """For people."""
        if self.high == float("inf"):
            text = f">= {self.low:g}"
            later = AFTER_GPU.get(self.name)
            return text if later is None else f"{text} (GPU: {later:g})"
        return f"<= {self.high:g}" if self.low == float("-inf") else f"{self.low:g} to {self.high:g}"


def gates(figures: Figures) -> list[Gate]:
    """All gates that the run has figures for."""
    return list(_gates(figures))


def _gates(figures: Figures) -> Iterator[Gate]:
    infinite = float("inf")
    asked = [("single", row, limit) for row, limit in SINGLE.items()]
    asked.append(("best", TOGETHER, BEST_TOGETHER))
    asked += [("rendered", row, JUDGE_ON_RENDERS) for row in SINGLE if row != TOGETHER]
    asked += [("reconstructed", row, JUDGE_ON_CODEC) for row in SINGLE if row != TOGETHER]
    for column, row, limit in asked:
        found = figures.shares[column].get(row)
        if found:
            yield Gate(f"{column} {row}", found.value, limit, infinite, found.interval)
    gap, spread, jerk = figures.composition_gap, figures.language_spread, figures.jerk_ratio["generated"]
    if gap:
        yield Gate("composition gap", gap.value, -infinite, GAP, gap.interval)
    if spread:
        yield Gate("language spread", spread.value, -infinite, SPREAD, spread.interval)
    yield Gate("jerk ratio", jerk.value, *JERK, jerk.interval)
    yield Gate("codec dB", figures.codec_psnr, CODEC_DB, infinite, None)
    distances = figures.distances
    if distances:
        limit = distances["shuffled frames"]
        yield Gate("kernel distance below shuffled", distances["generated"], -infinite, limit, None)
