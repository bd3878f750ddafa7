"""Text to token ids: a SentencePiece model with T5's conventions (pad 0, </s> appended, fixed length)."""

from collections.abc import Sequence
from pathlib import Path

import sentencepiece
import torch
from torch import Tensor

from rushes.core.errors import WeightsError
from rushes.core.prompt_text import clean_text


class Tokenizer:
    """Wraps one SentencePiece model, kept as bytes so that a bundle can be saved again."""

    def __init__(self, model: Path | bytes) -> None:
        """``model`` is a file or its bytes. Raises WeightsError when it is no SentencePiece model."""
        source = "the tokenizer" if isinstance(model, bytes) else str(model)
        try:
            self.model_bytes = model if isinstance(model, bytes) else model.read_bytes()
            self._processor = sentencepiece.SentencePieceProcessor()
            # unlike the constructor, this refuses empty bytes
            self._processor.LoadFromSerializedProto(self.model_bytes)
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"{source} is missing or not a SentencePiece model: get the model's files again"
            ) from error

    @property
    def vocab_size(self) -> int:
        """Number of pieces."""
        return int(self._processor.vocab_size())

    def num_tokens(self, text: str) -> int:
        """Tokens of the cleaned text with </s>: more than the length given to :meth:`encode` will be cut."""
        return len(self._processor.encode(clean_text(text))) + 1

    def encode(self, texts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
        """Ids (B, length) int64, padded with 0, and mask (B, length) bool, true at tokens.

        A longer text is cut before its </s>; :meth:`num_tokens` tells beforehand.
        """
        ids = torch.zeros(len(texts), length, dtype=torch.int64)
        mask = torch.zeros(len(texts), length, dtype=torch.bool)
        for row, text in enumerate(texts):
            pieces = [*self._processor.encode(clean_text(text))[: length - 1], self._processor.eos_id()]
            ids[row, : len(pieces)] = torch.tensor(pieces)
            mask[row, : len(pieces)] = True
        return ids, mask
