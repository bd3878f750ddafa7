"""Nouns that mean another thing with some verbs: 차를 마시다 is tea, not a car; 다리를 건너다 a bridge.

`data/homonyms.tsv` lists language, nouns as the lexicon writes them, verbs (concepts) and what is meant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from rushes.language.concepts import Lexicon
from rushes.language.passage import Mention
from rushes.language.reading import Reading
from rushes.language.tables import rows

# How far behind a noun its verb may stand, tokens.
_NEAR = 3


@cache
def _meant() -> Mapping[tuple[str, str, str], str]:
    return {
        (language, noun, verb): concept
        for language, nouns, verbs, concept in rows("homonyms", has_header=True)
        for noun in nouns.split("/")
        for verb in verbs.split("/")
    }


def nouns_meant(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, Mention]]:
    """Yield the objects that the verb behind them makes another thing."""
    nouns = {noun for language, noun, _ in _meant() if language == reading.language}
    for index, mention in mentions.items():
        if mention.word not in nouns or mention.slot == "action":
            continue
        verb = next((mentions[each] for each in range(index + 1, index + _NEAR) if each in mentions), None)
        is_object = reading.tail(index) in ("", "을", "를")
        if verb is None or verb.slot != "action" or not is_object:
            continue
        concept = _meant().get((reading.language, mention.word, verb.concept.id))
        if concept is not None:
            yield index, replace(mention, concept=Lexicon.load().concepts[concept])
