"""What mini is and how it is trained: one frozen recipe, the numbers in one place."""

from dataclasses import dataclass

from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig


@dataclass(frozen=True)
class Mix:
    """From ``from_step`` on, a batch holds clips of ``num_frames`` with the given odds, ``batch`` of them."""

    from_step: int
    num_frames: tuple[int, ...]
    odds: tuple[float, ...]


@dataclass(frozen=True)
class TransformerRun:
    """Steps, learning rate and the order stills -> short clips -> long clips (arXiv 2503.20314)."""

    steps: int
    learning_rate: float
    mixes: tuple[Mix, ...]
    tokens_per_batch: int
    null_caption_share: float

    def mix_at(self, step: int) -> Mix:
        """The mix in force at ``step``."""
        return [mix for mix in self.mixes if mix.from_step <= step][-1]


@dataclass(frozen=True)
class CodecRun:
    """Steps, batch and crop (frames, height, width) of codec training on the first ``clips`` short clips."""

    steps: int
    learning_rate: float
    batch: int
    crop: tuple[int, int, int]
    clips: int


@dataclass(frozen=True)
class TextRun:
    """Steps and batch (scenes, each captioned in four languages) of the text encoder's warm start."""

    steps: int
    learning_rate: float
    scenes: int


@dataclass(frozen=True)
class DataRun:
    """Scenes rendered per clip length; scenes of one length have consecutive seeds."""

    scenes: tuple[tuple[int, int], ...]
    shard: int


@dataclass(frozen=True)
class TrainingRecipe:
    """Architecture of every part and the run that trains it."""

    codec: MiniCodecConfig
    text_encoder: TextEncoderConfig
    transformer: TransformerConfig
    vocabulary_size: int
    text_length: int
    data_run: DataRun
    codec_run: CodecRun
    text_run: TextRun
    transformer_run: TransformerRun
