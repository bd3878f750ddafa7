"""What mini is and how it is trained: one frozen recipe, the numbers in one place."""

from dataclasses import dataclass

from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.upscaler import UpscalerConfig


@dataclass(frozen=True)
class Mix:
    """From ``from_step`` on, a batch holds clips of ``num_frames`` with the given odds, ``batch`` of them."""

    from_step: int
    num_frames: tuple[int, ...]
    odds: tuple[float, ...]


@dataclass(frozen=True)
class LossWeights:
    """What is added to the loss of the velocity; 0 leaves a part out, and its data unmade.

    ``motion``: the two motion channels, in the measure of one channel of the picture. ``flow_consistency``
    and ``kinematic``: as in ``rushes.training.losses``. ``balance``: even use of token-level experts.
    """

    motion: float = 0.0
    flow_consistency: float = 0.0
    kinematic: float = 0.0
    balance: float = 0.01

    @property
    def needs_motion(self) -> bool:
        """Whether the exact flow of every clip is rendered."""
        return self.motion > 0 or self.flow_consistency > 0


@dataclass(frozen=True)
class TransformerRun:
    """Steps, learning rate and the order stills -> short clips -> long clips (arXiv 2503.20314).

    ``sigmas`` is the interval noise levels are drawn from. ``gives_known``: some clips give tokens away, as
    in ``rushes.training.known``. ``shared_noise``: share of the noise's variance that all frames have in
    common. The held-out clips are looked at every ``validate_every`` steps. Over the last ``decay`` of the
    steps the learning rate falls to nothing.
    """

    steps: int
    learning_rate: float
    mixes: tuple[Mix, ...]
    tokens_per_batch: int
    null_caption_share: float
    sigmas: tuple[float, float] = (0.0, 1.0)
    gives_known: bool = True
    weights: LossWeights = LossWeights()
    validate_every: int = 250
    decay: float = 0.2
    shared_noise: float = 0.0

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
class UpscalerRun:
    """Steps, batch and crop (frames, side of the small picture) of the upscaler's training on ``scenes``."""

    steps: int
    learning_rate: float
    batch: int
    crop: tuple[int, int]
    scenes: int


@dataclass(frozen=True)
class TextRun:
    """Steps and batch (scenes, each captioned in four languages) of the text encoder's warm start."""

    steps: int
    learning_rate: float
    scenes: int


@dataclass(frozen=True)
class DataRun:
    """Scenes rendered per clip length; scenes of one length have consecutive seeds. Some are held out."""

    scenes: tuple[tuple[int, int], ...]
    held_out: tuple[tuple[int, int], ...]
    shard: int


@dataclass(frozen=True)
class TrainingRecipe:
    """Architecture of every part and the run that trains it.

    ``sliders`` names the transformer's controls in their order. ``expert_runs``: after the trunk a copy is
    trained at high noise and one at low noise; empty leaves the trunk in charge of all. A trunk of no steps
    is not trained: the experts go on from the shipped ones.
    """

    codec: MiniCodecConfig
    text_encoder: TextEncoderConfig
    transformer: TransformerConfig
    vocabulary_size: int
    text_length: int
    data_run: DataRun
    codec_run: CodecRun
    text_run: TextRun
    transformer_run: TransformerRun
    upscaler: UpscalerConfig
    upscaler_run: UpscalerRun
    expert_runs: tuple[TransformerRun, ...] = ()
    sliders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        if len(self.sliders) != self.transformer.num_controls:
            raise ValueError(f"{self.transformer.num_controls} controls need as many names: {self.sliders}")
        if len(self.expert_runs) not in (0, 2):
            raise ValueError(f"{len(self.expert_runs)} experts: there are none or two")
