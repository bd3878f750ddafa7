"""Train the weights by which `rushes parse` tells who does what to whom, from the sentences all may see.

Constructions that are rare in them (relative clauses, passives, somebody carried out of a place) are taught
by sentences of a textbook, each with several nouns, and by captions of people who carry a child or walk.
Every beat that the parser finds and a label names teaches one choice of the agent and one of the patient: a
maximum-entropy classifier over the candidates, by stochastic gradient steps of AdaGrad (Duchi, Hazan &
Singer, 2011). What came before is told as the annotator has it. Weights of features that are rare or hardly
matter are left out. With --check it writes nothing and scores sentences by weights of the others;
neighbouring sentences, which may be translations of each other, are left out together.

Example: python benchmarks/train_roles.py --check
Example: python benchmarks/train_roles.py
"""

import argparse
import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from parse_sentences import FOLDER, read_parts

from rushes.core.vocabulary import SLOTS, VALID_ACTIONS
from rushes.language import parse as parsing
from rushes.language.beats import participants
from rushes.language.beats.collocations import meanings_of
from rushes.language.beats.participants import ROLES, Options, Weights
from rushes.language.captions import caption
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.morphology.korean import split
from rushes.language.panel import Label, Panel, Verdict, alike_names
from rushes.language.passage import Mention
from rushes.language.reading import Reading
from rushes.language.scoring import Score, Sentence, found_in, said_by

FILE = Path(parsing.__file__).parent / "data" / "roles.tsv"
PARTS = ("tuning", "fresh_tuning")
# Nouns of the textbook: two who can do something, a thing and a place.
FILLINGS = (
    ("man", "dog", "box", "house"),
    ("girl", "horse", "flower", "forest"),
    ("soldier", "child", "umbrella", "room"),
    ("cat", "bird", "ball", "cave"),
    ("monk", "woman", "stone", "village"),
    ("robot", "boy", "book", "river"),
)
CAPTIONS = 40  # of each language
_KOREAN_PARTICLES = re.compile("(.)(이|을|은)/(가|를|는)")
# By this nobody tells that who is meant stands in no word of its own.
_UNNAMED = "nobody unknown True"
FOLDS, NEIGHBOURS = 4, 10
EPOCHS, RATE, DECAY = 6, 0.1, 0.005
RAREST, LIGHTEST = 5, 0.05

# A choice taught: features of every option, and the numbers of the options that are right.
Lesson = tuple[list[Sequence[str]], list[int]]
Wanted = tuple[set[int | None], set[int | None]]


@dataclass
class Taught:
    """A sentence with the lessons of each role; fold: in which part of the check it is scored."""

    part: str
    language: str
    fold: int
    sentence: Sentence
    lessons: dict[str, list[Lesson]] = field(default_factory=lambda: {role: [] for role in ROLES})


def main() -> None:
    """Read the arguments; train and write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="score by weights of the other sentences")
    parser.add_argument("--output", type=Path, default=FILE, help="where the weights are written")
    arguments = parser.parse_args()
    taught = [*labelled(), *textbook(), *captioned()]
    for one in taught:
        _Teacher(one).teach()
    print(
        f"{len(taught)} sentences, {sum(len(one.lessons[role]) for one in taught for role in ROLES)} choices"
    )
    if arguments.check:
        check(taught)
    else:
        write(train(taught), arguments.output)


def labelled() -> Iterator[Taught]:
    """Yield every sentence whose annotator said who does what."""
    for part in PARTS:
        for language in LANGUAGES:
            for number, sentence in enumerate(read_parts([part], language)):
                if "who" in sentence.labels:
                    name = sentence.origin if part == "tuning" else part
                    yield Taught(name, language, number // NEIGHBOURS % FOLDS, sentence)


def textbook() -> Iterator[Taught]:
    """Yield the sentences of the textbook (language, pattern, who does what; `>push>a` names no one)."""
    concepts = Lexicon.load().concepts
    for line in (FOLDER / "textbook.tsv").read_text(encoding="utf-8").splitlines():
        language, pattern, who = line.split("\t")
        for filling in FILLINGS:
            named = dict(zip("abcd", filling, strict=True))
            text = pattern.format(**{name: concepts[each].word(language) for name, each in named.items()})
            labels = {"who": tuple(who.format(**named).split(","))}
            yield Taught("textbook", language, FOLDS, Sentence("textbook", _with_particles(text), labels))


def captioned() -> Iterator[Taught]:
    """Yield captions of people in mini's world who carry a child, or move; a village there burns, if told."""
    for language in LANGUAGES:
        for seed in range(CAPTIONS):
            draws = random.Random(f"{language}:{seed}")
            attributes = {slot: draws.choice(ids) for slot, ids in SLOTS.items() if draws.random() < 0.5}
            action = ("carry", "walk")[seed % 2]
            subject = draws.choice([each for each, actions in VALID_ACTIONS.items() if action in actions])
            attributes |= {"subject": subject, "action": action}
            who = f"{subject}>carry>child" if action == "carry" else f"{subject}>walk"
            labels = {"who": (who, "village>burn|house>burn")}
            text = caption(attributes, language, seed)
            yield Taught("captions", language, FOLDS, Sentence("captions", text, labels))


def _with_particles(text: str) -> str:
    """Choose 이 or 가, 을 or 를 by whether the syllable before ends in a consonant."""
    return _KOREAN_PARTICLES.sub(lambda found: found[1] + found[2 if split(found[1])[2] else 3], text)


class _Teacher:
    """Chooses for the parser what the annotator says, and keeps what it chose from."""

    def __init__(self, taught: Taught) -> None:
        self._taught = taught
        self._said = said_by(taught.sentence.labels)
        self._alike = alike_names((self._said,))
        self._wanted: dict[int, Wanted] = {}

    def teach(self) -> None:
        with patch.object(parsing, "participants", self._participants):
            parsing.parse(self._taught.sentence.text)

    def _participants(
        self, reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int]
    ) -> Iterator[tuple[int | None, int | None]]:
        left = list(self._said["who"])
        for beat in beats:
            label = next((each for each in left if self._tells_of(each, mentions[beat])), None)
            if label is not None:
                left.remove(label)
                names = [name.split(">") for name in label.names]
                self._wanted[beat] = (
                    self._meant(mentions, {each[0] for each in names if len(each) > 1} - {""}),
                    self._meant(mentions, {each[2] for each in names if len(each) > 2}),
                )
        return participants.participants(reading, mentions, beats, self._choose)

    def _tells_of(self, label: Label, action: Mention) -> bool:
        if action.negated:
            return False
        found = {action.concept.id, *meanings_of(action)}
        names = [name.split(">") for name in label.names]
        return any(self._is_same(each, name[min(1, len(name) - 1)]) for each in found for name in names)

    def _is_same(self, found: str, name: str) -> bool:
        return found == name or found in self._alike.get(name, ())

    def _meant(self, mentions: Mapping[int, Mention], names: set[str]) -> set[int | None]:
        if not names:
            return {None}
        return {
            index
            for index, mention in mentions.items()
            if any(self._is_same(mention.concept.id, name) for name in names)
        }

    def _choose(self, beat: int, role: str, options: Options) -> int | None:
        wanted = self._wanted.get(beat, (set(), set()))[ROLES.index(role)]
        right = [option for option in options if option in wanted]
        if beat in self._wanted and not right and _UNNAMED in options[None]:
            right = [None]
        if 0 < len(right) < len(options):
            numbers = [number for number, option in enumerate(options) if option in right]
            self._taught.lessons[role].append((list(options.values()), numbers))
        # Of several mentions of one thing the last before the verb is meant.
        return max(right, key=lambda option: _nearness(beat, option), default=None)


def _nearness(beat: int, option: int | None) -> tuple[bool, int]:
    if option is None:
        return False, 0
    return option < beat, option if option < beat else -option


def train(taught: Sequence[Taught]) -> Weights:
    """Return the weights that the lessons teach, rounded, without those that hardly matter."""
    weights = {}
    for role in ROLES:
        found = _fit([lesson for one in taught for lesson in one.lessons[role]])
        weights[role] = {feature: round(weight, 2) for feature, weight in found if abs(weight) >= LIGHTEST}
    return weights


def _fit(lessons: list[Lesson]) -> Iterator[tuple[str, float]]:
    counted = Counter(feature for options, _ in lessons for each in options for feature in each)
    names = [feature for feature, count in counted.items() if count >= RAREST]
    numbers = {feature: number for number, feature in enumerate(names)}
    rows = [
        ([[numbers[feature] for feature in each if feature in numbers] for each in options], right)
        for options, right in lessons
    ]
    weights, squares = [0.0] * len(names), [1e-2] * len(names)
    order = random.Random(0)
    for _ in range(EPOCHS):
        order.shuffle(rows)
        for options, right in rows:
            for number, pull in _gradient(weights, options, right).items():
                step = pull - DECAY * weights[number]
                squares[number] += step * step
                weights[number] += RATE * step / math.sqrt(squares[number])
    return zip(names, weights, strict=True)


def _gradient(weights: list[float], options: list[list[int]], right: list[int]) -> dict[int, float]:
    """Return the gradient of the logarithm of the chance that one of the right options is chosen."""
    sums = [sum([weights[number] for number in each]) for each in options]
    chances = [math.exp(each - max(sums)) for each in sums]
    whole, rightly = sum(chances), sum(chances[number] for number in right)
    gradient: dict[int, float] = {}
    for option, numbers in enumerate(options):
        pull = (chances[option] / rightly if option in right else 0.0) - chances[option] / whole
        for number in numbers:
            gradient[number] = gradient.get(number, 0.0) + pull
    return gradient


def write(weights: Weights, path: Path) -> None:
    """Write feature, weight as an agent and weight as a patient, one feature a line."""
    features = sorted({feature for role in ROLES for feature in weights[role]})
    lines = ("\t".join((each, *(_written(weights[role].get(each)) for role in ROLES))) for each in features)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(features)} features written to {path}")


def _written(weight: float | None) -> str:
    return "" if weight is None else f"{weight:g}"


def check(taught: Sequence[Taught]) -> None:
    """Print F1 of who does what to whom, each sentence by weights of the sentences of other folds."""
    scores: dict[tuple[str, str], Score] = {}
    for fold in range(FOLDS):
        weights = train([one for one in taught if one.fold != fold])
        for one in taught:
            if one.fold == fold:
                verdict = _judge(one.sentence, weights)
                for key in itertools.product((one.part, "all"), (one.language, "all")):
                    score = scores.setdefault(key, Score())
                    score.add(verdict.right, verdict.missed, verdict.invented)
    parts = dict.fromkeys(part for part, _ in scores)
    columns = (*LANGUAGES, "all")
    print(f"| part | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for part in parts:
        print(f"| {part} | {' | '.join(f'{scores[part, column].f1:.3f}' for column in columns)} |")


def _judge(sentence: Sentence, weights: Weights) -> Verdict:
    with patch.object(participants, "trained_weights", lambda: weights):
        found = found_in(parsing.parse(sentence.text))
    return Panel((said_by(sentence.labels),)).judge(found, 1)["who"]


if __name__ == "__main__":
    main()
