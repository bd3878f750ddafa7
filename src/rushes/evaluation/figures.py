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

    ``camera``: share of clips whose flow shows the asked move. ``jerk_ratio`` and kernel ``distances`` are
    taken against renders.
    """

    shares: Mapping[str, Mapping[str, Share | None]]
    camera: Mapping[str, Share | None]
    jerk_ratio: Mapping[str, Estimate]
    distances: Mapping[str, float]
    held_out: Mapping[str, Share | None]
    composition_gap: Estimate | None
    language_spread: Estimate | None
    gain_of_best: Estimate | None
    codec_psnr: float


def answers(shown: Mapping[str, str], asked: Mapping[str, str], known: Vocabulary) -> dict[str, bool]:
    """Row -> whether it is right; rows that cannot be told are left out.

    ``known`` are the ids that model and judge both know: another was never learnt, or cannot be read.
    """
    seen = {slot: value for slot, value in visible(asked).items() if value in known.get(slot, ())}
    right = {slot: shown[slot] == value for slot, value in seen.items()}
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
        camera=_camera(seen, known),
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
        shown = [measures.shown for measures in each.single.values()]
        rows["single"].append([answers(one, asked, known) for one in shown])
        rows["shuffled"].append([answers(one, other, known) for one in shown])
        if len(each.candidates) > 1:
            rows["best"].append([answers(each.best.shown, asked, known)])
        if each.random:
            rows["random"].append([answers(each.random.shown, asked, known)])
        rows["reconstructed"].append([answers(each.reconstructed.shown, asked, known)])
        rows["rendered"].append([answers(each.rendered.shown, asked, known)])
        rows["commonest"].append([answers(_commonest(evidence), asked, known)])
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


def _camera(evidence: Sequence[Evidence], known: Vocabulary) -> dict[str, Share | None]:
    """The asked move seen by flow; "wrong pan": clips asked to pan held against the pan the other way."""
    told = [each for each in evidence if each.case.attributes["camera"] in known["camera"]]
    turned = {"pan_left": "pan_right", "pan_right": "pan_left"}
    pans = [each for each in told if each.case.attributes["camera"] in turned]
    move = "camera"
    return {
        "single": share(
            [[m.camera.shows(each.case.attributes[move]) for m in each.single.values()] for each in told]
        ),
        "rendered": share([[each.rendered.camera.shows(each.case.attributes[move])] for each in told]),
        "wrong pan": share(
            [[each.rendered.camera.shows(turned[each.case.attributes[move]])] for each in pans]
        ),
    }


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
    right = answers(measures.shown, case.attributes, known)
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
