"""Training of mini's tokenizer: a SentencePiece unigram model over captions and lexicon, with bytes."""

import io
from collections.abc import Iterable

import sentencepiece


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> bytes:
    """The model file's bytes. Pad 0, end 1, unknown 2, as umT5's tokenizer."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type="unigram",
        vocab_size=vocabulary_size,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=0.9995,
        normalization_rule_name="nfkc",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()
