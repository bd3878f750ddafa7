"""Who does each beat, and to whom: chosen among all that the sentence names, as labelled sentences taught.

For each verb, in the order of the text, every candidate, and nobody, weighs as much as its features
(`surroundings`) together; the heaviest acts, and of the others the heaviest is whom it is done to. The
weights are those of a maximum-entropy classifier (Berger, Della Pietra and Della Pietra, "A Maximum Entropy
Approach to Natural Language Processing", 1996), which `benchmarks/train_roles.py` trains and
writes to `data/roles.tsv`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from rushes.language.beats.nouns import Noun
from rushes.language.beats.surroundings import Surroundings, Told
from rushes.language.passage import Mention
from rushes.language.reading import Reading
from rushes.language.tables import rows

ROLES = ("agent", "patient")
# Candidate (a token; None for nobody) -> its features.
Options = Mapping[int | None, Sequence[str]]
# From the token of a verb, a role and who may take it to who takes it.
Choose = Callable[[int, str, Options], int | None]
Weights = Mapping[str, Mapping[str, float]]


@cache
def trained_weights() -> Weights:
    """Return the packaged weights: role -> feature -> weight."""
    weights: dict[str, dict[str, float]] = {role: {} for role in ROLES}
    for feature, *columns in rows("roles"):
        for role, weight in zip(ROLES, columns, strict=True):
            if weight:
                weights[role][feature] = float(weight)
    return weights


def heaviest(role: str, options: Options, weights: Weights) -> int | None:
    """Return the option whose features weigh most together."""
    known = weights[role]
    return max(options, key=lambda option: sum([known.get(feature, 0.0) for feature in options[option]]))


def _by_training(_beat: int, role: str, options: Options) -> int | None:
    return heaviest(role, options, trained_weights())


def participants(
    reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int], choose: Choose = _by_training
) -> Iterator[tuple[int | None, int | None]]:
    """Yield for each beat (token number) the mention that does it and the one it is done to."""
    nouns: dict[int, Noun] = {}
    told = Told()
    for beat in beats:
        around = Surroundings(reading, mentions, beat, told, nouns)
        options: dict[int | None, list[str]] = {None: around.of_nobody()}
        options.update((index, around.of(index)) for index in around.candidates())
        who = choose(beat, "agent", options)
        left = {
            index: [*features, *around.of_patient(index, who)]
            for index, features in options.items()
            if index is None or who is None or mentions[index].index != mentions[who].index
        }
        whom = choose(beat, "patient", left)
        told = around.told_after(who, whom)
        yield who, whom
