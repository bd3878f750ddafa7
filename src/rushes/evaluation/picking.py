"""The best of several clips of one prompt, by the network that chooses."""

from collections.abc import Mapping
from dataclasses import dataclass

from rushes.core.errors import UsageError
from rushes.evaluation.reading import Clip, Role, Vocabulary, judge_file, read, shared
from rushes.language.mini_prompt import read_prompt
from rushes.models.judge import ReadOut, load_judge
from rushes.models.weights_file import sha256_of


@dataclass(frozen=True)
class Picker:
    """Scores clips by how surely they show all that is ``wanted`` (slot -> id), among the ``known`` ids."""

    network: ReadOut
    sha256: str
    wanted: Mapping[str, str]
    known: Vocabulary

    def __call__(self, clip: Clip) -> float:
        """Log probability that a clip (T, H, W, 3) shows it; 0 is sure, less is worse. Deterministic."""
        [reading] = read(self.network, [clip], self.known)
        return round(reading.agreement(self.wanted), 6)

    def settings(self) -> dict[str, object]:
        """What decides the choice, for a recipe."""
        return {"judge": self.sha256, "wanted": dict(self.wanted)}


def picker(prompt: str, known: Vocabulary) -> Picker:
    """For clips of ``prompt`` by a model that knows ``known`` (empty: all); UsageError without such words."""
    path = judge_file(Role.CHOOSER)
    network = load_judge(path)
    wanted = read_prompt(prompt, known).attributes
    both = shared(known or network.config.slots, network.config)
    seen = {slot: value for slot, value in wanted.items() if value in both.get(slot, ())}
    if not seen:
        raise UsageError(
            f"nothing in {prompt[:60]!r} is known to the judge: name a subject, place or weather of mini's "
            "world, or make one clip with --candidates 1"
        )
    return Picker(network, sha256_of(path), seen, both)
