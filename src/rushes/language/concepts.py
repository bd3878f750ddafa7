"""The concepts a description can name, in four languages side by side.

`data/lexicon/*.tsv` is the whole vocabulary; adding a concept is adding one line: id, slot, broader ids
(comma-separated, nearest first) and the words of each language, parted by `/`, the usual one first.
`rushes.language.morphology.forms` says which marks a word may carry; an English place with a capital is a
name, which takes no article.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en", "ja", "ko")
_HEADER = ("id", "slot", "broader", *LANGUAGES)


@dataclass(frozen=True)
class Concept:
    """`broader`: the nearest wider concepts, most telling first; `words`: language -> words with marks."""

    id: str
    slot: str
    broader: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]

    def word(self, language: str) -> str:
        """Return the usual word of the concept, without marks, for writing it."""
        return plain(self.words[language][0])


class Lexicon:
    """Concepts by id, in the order of the files. Get the shared instance from `Lexicon.load()`."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self.concepts = concepts

    @staticmethod
    @cache
    def load() -> "Lexicon":
        """Read the packaged lexicon; later calls return the same object."""
        return Lexicon({concept.id: concept for concept in _read()})

    @cache  # noqa: B019  one shared instance lives as long as the program
    def ancestors(self, concept_id: str) -> tuple[str, ...]:
        """Return every broader concept, nearest first, each once."""
        found: dict[str, None] = {}
        waiting = list(self.concepts[concept_id].broader)
        while waiting:
            current = waiting.pop(0)
            if current not in found:
                found[current] = None
                waiting.extend(self.concepts[current].broader)
        return tuple(found)

    def is_a(self, concept_id: str, wider: str) -> bool:
        """Whether a concept is `wider` or a kind of it."""
        return concept_id == wider or wider in self.ancestors(concept_id)

    def words(self, language: str) -> Iterator[str]:
        """Yield every word of one language without its marks."""
        for concept in self.concepts.values():
            yield from (plain(word) for word in concept.words[language])


def plain(word: str) -> str:
    """Return a word of the lexicon without its marks."""
    return word.removeprefix("^").removeprefix("to ").strip("~+").replace("@", "")


def _read() -> Iterator[Concept]:
    folder = resources.files("rushes.language").joinpath("data/lexicon")
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        header, *lines = file.read_text(encoding="utf-8").splitlines()
        assert tuple(header.split("\t")) == _HEADER, file.name
        for line in lines:
            concept_id, slot, broader, *words = line.split("\t")
            yield Concept(
                id=concept_id,
                slot=slot,
                broader=tuple(broader.split(",")) if broader else (),
                words={name: tuple(cell.split("/")) for name, cell in zip(LANGUAGES, words, strict=True)},
            )
