"""The figures of a run, from what was measured clip by clip. Takes no clips and needs no networks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rushes.evaluation.distribution import kernel_distance
from rushes.evaluation.measures import Measures
from rushes.evaluation.protocol import Case
from rushes.evaluation.reading import Vocabulary, visible
from rushes.evaluation.statistics import Estimate, Share, difference, paired_difference, ratio, share, spread

GATED = ("subject", "environment", "weather", "time", "style", "camera", "action")
"""The slots the gates speak of, alone and together."""
TOGETHER, EVERYTHING = "together", "everything"
CAMERA = "camera"
COLUMNS = (
    "single", "best", "shuffled", "random", "commonest", "reconstructed", "rendered",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What was measured of one case. ``single``: language -> its clip; ``candidates``: those of one language.

    ``random`` is None where no clip of random weights was made.
    """

    case: Case
    single: Mapping[str, Measures]
    candidates: tuple[Measures, ...]
    rendered: Measures
    reconstructed: Measures
    shuffled_frames: Measures
    random: Measures | None

    @property
    def best(self) -> Measures:
        """The candidate that the chooser likes best."""
        return max(self.candidates, key=lambda each: each.agreement)


@dataclass(frozen=True)
class Figures:
    """Column -> row -> share; then one figure each, None where a run had nothing to take it from.

    ``wrong_pan``: share of rendered pans that pass for the pan the other way, a control of measured flow.
    ``jerk_ratio`` and kernel ``distances`` are taken against renders.
    """

    shares: Mapping[str, Mapping[str, Share | None]]
    wrong_pan: Share | None
    jerk_ratio: Mapping[str, Estimate]
    distances: Mapping[str, float]
    held_out: Mapping[str, Share | None]
    composition_gap: Estimate | None
    language_spread: Estimate | None
    gain_of_best: Estimate | None
    codec_psnr: float


def answers(measures: Measures, asked: Mapping[str, str], known: Vocabulary) -> dict[str, bool]:
    """Row -> whether it is right; rows that cannot be told are left out.

    ``known`` are the ids that model and judge both know: another was never learnt, or cannot be read. The
    camera's move is told by measured flow, which reads 96 % of renders where the network reads 67 %.
    """
    right = _equal(measures.shown, asked, known)
    if CAMERA in right:
        right[CAMERA] = measures.camera.shows(asked[CAMERA])
    return _with_sums(right)


def _equal(shown: Mapping[str, str], asked: Mapping[str, str], known: Vocabulary) -> dict[str, bool]:
    seen = {slot: value for slot, value in visible(asked).items() if value in known.get(slot, ())}
    return {slot: shown[slot] == value for slot, value in seen.items()}


def _with_sums(right: dict[str, bool]) -> dict[str, bool]:
    if set(GATED) <= set(right):
        right[TOGETHER] = all(right[slot] for slot in GATED)
        right[EVERYTHING] = all(right.values())
    return right


def figures(evidence: Sequence[Evidence], known: Vocabulary) -> Figures:
    """All figures of a run."""
    seen = [each for each in evidence if not each.case.held_out]
    unseen = [each for each in evidence if each.case.held_out]
    scores = {kind: _scores(group, known) for kind, group in (("seen", seen), ("unseen", unseen))}
    return Figures(
        shares=_shares(seen, known),
        wrong_pan=_wrong_pan(seen, known),
        jerk_ratio=_jerk(seen),
        distances=_distances(seen),
        held_out=_shares(unseen, known)["single"],
        composition_gap=difference(scores["unseen"], scores["seen"]) if unseen else None,
        language_spread=_language_spread(seen, known),
        gain_of_best=_gain(seen, known),
        codec_psnr=float(np.mean([each.reconstructed.psnr for each in seen])),
    )


def _shares(evidence: Sequence[Evidence], known: Vocabulary) -> dict[str, dict[str, Share | None]]:
    rows: dict[str, list[list[dict[str, bool]]]] = {column: [] for column in COLUMNS}
    for number, each in enumerate(evidence):
        asked = each.case.attributes
        # every reading is held against the next case's prompt: right by chance, or by a common habit
        other = evidence[(number + 1) % len(evidence)].case.attributes
        rows["single"].append([answers(one, asked, known) for one in each.single.values()])
        rows["shuffled"].append([answers(one, other, known) for one in each.single.values()])
        if len(each.candidates) > 1:
            rows["best"].append([answers(each.best, asked, known)])
        if each.random:
            rows["random"].append([answers(each.random, asked, known)])
        rows["reconstructed"].append([answers(each.reconstructed, asked, known)])
        rows["rendered"].append([answers(each.rendered, asked, known)])
        rows["commonest"].append([_with_sums(_equal(_commonest(evidence), asked, known))])
    names = (*known, TOGETHER, EVERYTHING)
    return {
        column: {name: share([[one[name] for one in row if name in one] for row in table]) for name in names}
        for column, table in rows.items()
    }


def _commonest(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Slot -> the id asked for most often: what a clip that is always the same would score."""
    slots = evidence[0].case.attributes
    counts = {slot: Counter(each.case.attributes[slot] for each in evidence) for slot in slots}
    return {slot: count.most_common(1)[0][0] for slot, count in counts.items()}


def _wrong_pan(evidence: Sequence[Evidence], known: Vocabulary) -> Share | None:
    turned = {"pan_left": "pan_right", "pan_right": "pan_left"}
    asked = [(each, each.case.attributes[CAMERA]) for each in evidence]
    pans = [(each, turned[move]) for each, move in asked if move in turned and move in known[CAMERA]]
    return share([[each.rendered.camera.shows(other)] for each, other in pans])


def _jerk(evidence: Sequence[Evidence]) -> dict[str, Estimate]:
    rendered = [each.rendered.jerkiness for each in evidence]
    kinds = {
        "generated": [float(np.mean([m.jerkiness for m in each.single.values()])) for each in evidence],
        "reconstructed": [each.reconstructed.jerkiness for each in evidence],
        "shuffled frames": [each.shuffled_frames.jerkiness for each in evidence],
    }
    return {name: ratio(rendered, values) for name, values in kinds.items()}


def _distances(evidence: Sequence[Evidence]) -> dict[str, float]:
    """To the renders of one half of the scenes, from clips of the other half."""
    if len(evidence) < 4:
        return {}
    reference = np.array([each.rendered.features for each in evidence[1::2]])
    own = evidence[::2]
    kinds = {
        "rendered": [each.rendered for each in own],
        "generated": [next(iter(each.single.values())) for each in own],
        "shuffled frames": [each.shuffled_frames for each in own],
    }
    return {
        name: kernel_distance(np.array([each.features for each in kind]), reference)
        for name, kind in kinds.items()
    }


def _score(measures: Measures, case: Case, known: Vocabulary) -> float | None:
    """Share of the gated slots that are right."""
    right = answers(measures, case.attributes, known)
    told = [right[slot] for slot in GATED if slot in right]
    return float(np.mean(told)) if told else None


def _scores(evidence: Sequence[Evidence], known: Vocabulary) -> list[float]:
    """A case's mean over its languages."""
    return [
        float(np.mean([_score(measures, each.case, known) or 0.0 for measures in each.single.values()]))
        for each in evidence
    ]


def _language_spread(evidence: Sequence[Evidence], known: Vocabulary) -> Estimate | None:
    if not evidence or len(evidence[0].single) < 2:
        return None
    table = [[_score(m, each.case, known) or 0.0 for m in each.single.values()] for each in evidence]
    return spread(np.array(table))


def _gain(evidence: Sequence[Evidence], known: Vocabulary) -> Estimate | None:
    """Share of the gated slots right: the best candidate's over the first one's."""
    chosen = [each for each in evidence if len(each.candidates) > 1]
    if not chosen:
        return None
    first = [_score(each.candidates[0], each.case, known) or 0.0 for each in chosen]
    best = [_score(each.best, each.case, known) or 0.0 for each in chosen]
    return paired_difference(first, best)
