"""How many tokens of umT5 a prompt takes: exact with the tokenizer's file, else a bound that says so."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from rushes.core.errors import UsageError, WeightsError
from rushes.core.prompt_text import clean_text

# Wan2.2 cuts a prompt off at the cap; users see quality fall above the other (wan22.md, sections 3 and 9).
CAP = 512
QUALITY_LIMIT = 320


@dataclass(frozen=True)
class Tokens:
    """`count` tokens, the end-of-sequence token included; `is_exact` is false for an upper bound."""

    count: int
    is_exact: bool

    def __str__(self) -> str:
        return f"{self.count} tokens" if self.is_exact else f"at most {self.count} tokens (upper bound)"


def measure(text: str, tokenizer_file: Path | None = None) -> Tokens:
    """Count the tokens of `text` with a SentencePiece file (`spiece.model`), or bound their number.

    The bound holds for a vocabulary that knows every common character, as umT5's does: a word takes at most a
    token for each letter and one for the space before it; what is rarer falls back to its UTF-8 bytes.
    Both are of the text as the encoder gets it, cleaned. Raises WeightsError when the file is no
    SentencePiece model, UsageError when it is not there.
    """
    text = clean_text(text)
    if tokenizer_file is None:
        return Tokens(_bound(text), is_exact=False)
    if not tokenizer_file.is_file():
        raise UsageError(
            f"There is no tokenizer file {tokenizer_file}; give the path of spiece.model, which a model's "
            "folder holds in google/umt5-xxl or tokenizer."
        )
    from sentencepiece import SentencePieceProcessor  # noqa: PLC0415  not needed for the bound

    try:
        processor = SentencePieceProcessor(model_file=str(tokenizer_file))
    except (RuntimeError, OSError) as error:
        raise WeightsError(
            f"{tokenizer_file} is no SentencePiece model ({error}): give spiece.model of umT5"
        ) from None
    return Tokens(len(processor.encode(text)) + 1, is_exact=True)


def _bound(text: str) -> int:
    words = len(text.split())
    letters = sum(_most_tokens(character) for character in text if not character.isspace())
    return words + letters + 1


def _most_tokens(character: str) -> int:
    is_common = character <= "\uffff" and unicodedata.category(character)[0] in "LNPS"
    if not is_common or "\ud800" <= character <= "\udfff":
        return len(character.encode("utf-8", "replace"))
    return 1
