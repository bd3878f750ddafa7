"""How much memory a take will need at most, stage by stage, before anything is loaded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from rushes.core.request import Request
from rushes.core.shapes import CODEC_COMPRESSION, ClipShape
from rushes.engine.events import StageName
from rushes.engine.placement import CPU, passes_at_once
from rushes.engine.reframing import lacking
from rushes.models.attention import DEVICE_PIECE, PIECE, ROWS
from rushes.models.bundle import codec_dtype
from rushes.models.codecs import CodecConfig
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.model_files import ModelFiles
from rushes.models.tensor_source import TensorSource
from rushes.models.tiled_codec import Tiling
from rushes.models.wan_vae21 import WanVAE21Config

# Decoded, where each pixel comes from, moved, joined.
REFRAMED_CLIPS = 4
WIDE = 4  # bytes of float32
# What torch and its libraries take when they first work: thread stacks, kernels, scratch memory.
RUNTIME_BYTES = 22e6
# Finishing: its libraries, and frames inside the video encoder; measured from 512x288 to 1920x1080.
FINISHING_BYTES, FINISHING_BYTES_A_PIXEL = 35e6, 75


@dataclass(frozen=True)
class Forecast:
    """Bytes by stage, with what the process holds already."""

    stages: Mapping[StageName, int]

    @property
    def peak(self) -> int:
        """The most at any time."""
        return max(self.stages.values())

    @property
    def stage(self) -> StageName:
        """Where that is."""
        return max(self.stages, key=lambda stage: self.stages[stage])


@dataclass(frozen=True)
class Needs:
    """What one take needs of memory, depending on how the model is held.

    ``members`` clips are made in one batch; ``delivered`` is (width, height) of the file, (0, 0) for none;
    ``device`` is what computes.
    """

    files: ModelFiles
    request: Request
    dtype: torch.dtype
    delivered: tuple[int, int] = (0, 0)
    members: int = 1
    device: torch.device = CPU

    def forecast(self, places: int | None, held: int, tiling: Tiling | None = None) -> Forecast:
        """With all weights in memory (None) or so many places for blocks, beside ``held`` bytes.

        ``tiling`` is the codec's; a first picture is encoded before the words.
        """
        held += round(RUNTIME_BYTES) + self._weights(places)
        visit = 0 if places is None else self._visit_bytes
        beside = places is None and self.request.sampling.is_guided
        passes = passes_at_once(self.device) if beside else 1
        return Forecast(
            {
                StageName.ENCODE_TEXT: held + max(visit, self.encoding_bytes(tiling)),
                StageName.DENOISE: held
                + max(
                    passes * self.activation_bytes, self.reframing_bytes(tiling), self._judging_bytes(tiling)
                ),
                StageName.DECODE: held + max(self.decoding_bytes(tiling), self._judging_bytes(tiling)),
            }
        )

    def _weights(self, places: int | None) -> int:
        """What stays in memory throughout."""
        if places is None:
            return self.codec_bytes + self.text_bytes + self._num_experts * self._expert_bytes
        beside = self._expert_bytes - (self.depth - 1) * self._block_bytes
        return self.codec_bytes + self._num_experts * beside + places * self._block_bytes

    @property
    def depth(self) -> int:
        """Blocks of a transformer."""
        return self.files.transformer.depth

    @cached_property
    def tokens(self) -> int:
        """Of one clip, as the transformer sees it."""
        config, request = self.files.transformer, self.request
        shape = ClipShape(request.num_frames, request.height, request.width).latent(
            CODEC_COMPRESSION[self.files.codec.config.kind], config.out_channels
        )
        return math.prod(shape[1:]) // math.prod(config.patch_size)

    @cached_property
    def codec_bytes(self) -> int:
        """The codec's weights."""
        return _bytes(self.files.codec.source, codec_dtype(self.files.codec.config, self.dtype))

    @cached_property
    def text_bytes(self) -> int:
        """The text encoder's weights."""
        return _bytes(self.files.text_encoder.source, self.dtype)

    @cached_property
    def _num_experts(self) -> int:
        return len({id(expert.source) for expert in self.files.experts})

    @cached_property
    def _expert_bytes(self) -> int:
        return _bytes(self.files.experts[0].source, self.dtype)

    @cached_property
    def _block_bytes(self) -> int:
        return _bytes(self.files.experts[0].source, self.dtype, "blocks.0.")

    @cached_property
    def _visit_bytes(self) -> int:
        """A text encoder whose blocks pass through two places beside the first."""
        source, config = self.files.text_encoder.source, self.files.text_encoder.config
        block = _bytes(source, self.dtype, "blocks.0.")
        return self.text_bytes - max(0, config.depth - 3) * block

    @cached_property
    def activation_bytes(self) -> int:
        """Inside a block of the transformer, when attention has just been computed (models/attention.py).

        The stream of tokens in float32; normed tokens, queries, keys, values, mixed values by head and by
        token in the weights' type; one range of scores and one of the feed-forward; latents, velocities and
        the solver's memory; keys and values of the texts.
        """
        config, narrow, tokens = self.files.transformer, self.dtype.itemsize, self.members * self.tokens
        rows = 3 * min(ROWS, self.tokens) * self.tokens * narrow
        latents = 10 * tokens * math.prod(config.patch_size) * config.out_channels * WIDE
        texts = (
            (1 + self.request.sampling.is_guided)
            * 2
            * config.depth
            * config.text_len
            * config.hidden_size
            * narrow
        )
        rope = self.tokens * config.head_dim * WIDE
        stream = tokens * config.hidden_size * (WIDE + 6 * narrow)
        length = PIECE if self.device.type == "cpu" else DEVICE_PIECE
        piece = min(length, tokens) * (2 * config.ffn_size * narrow + 2 * config.hidden_size * WIDE)
        return stream + rows + piece + latents + texts + rope

    def decoding_bytes(self, tiling: Tiling | None = None) -> int:
        """One chunk of frames in the decoder at its widest, and what finishing holds.

        Of tiles one is worked on; the frames of the whole clip are joined beside it.
        """
        fixed, per_pixel = _decoder_bytes(self.files.codec.config, self.dtype)
        width, height = self.delivered
        finishing = FINISHING_BYTES + FINISHING_BYTES_A_PIXEL * width * height if width else 0
        joined = 0 if tiling is None else self._clip_bytes
        return round(fixed + per_pixel * self._pixels(tiling) + joined + finishing)

    def encoding_bytes(self, tiling: Tiling | None = None) -> int:
        """One chunk of frames in the encoder, and the clip that a first picture begins; 0 without one."""
        if not self.request.first_frame:
            return 0
        fixed, per_pixel = _encoder_bytes(self.files.codec.config, self.dtype)
        # the picture, the grey frames behind it, and the two joined
        return round(fixed + per_pixel * self._pixels(tiling) + 2 * self._clip_bytes)

    def reframing_bytes(self, tiling: Tiling | None = None) -> int:
        """Clips decoded, moved along their camera's path and encoded; 0 where they are not."""
        if lacking(self.files.conventions, self.request) is None:
            return 0
        fixed, per_pixel = _encoder_bytes(self.files.codec.config, self.dtype)
        pixels = self.members * self._pixels(tiling)
        return round(fixed + per_pixel * pixels + REFRAMED_CLIPS * self.members * self._clip_bytes)

    def _judging_bytes(self, tiling: Tiling | None) -> int:
        """Candidates decoded one after the other, their frames kept; 0 where there is but one."""
        count = self.request.candidates
        return self.decoding_bytes(tiling) + count * self._clip_bytes // WIDE if count > 1 else 0

    @cached_property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of latents."""
        cell, request = self.files.facts.compression, self.request
        return request.height // cell.height, request.width // cell.width

    def _pixels(self, tiling: Tiling | None) -> int:
        """Of the picture, or of one tile of it."""
        cell, (rows, columns) = self.files.facts.compression, self.cells
        if tiling is not None:
            rows, columns = min(rows, tiling.side), min(columns, tiling.side)
        return rows * cell.height * columns * cell.width

    @cached_property
    def _clip_bytes(self) -> int:
        """Frames of one clip in float32."""
        request = self.request
        return 3 * WIDE * request.num_frames * request.height * request.width


def _bytes(source: TensorSource, dtype: torch.dtype, prefix: str = "") -> int:
    """The tensors under a prefix, held in ``dtype``."""
    specs = source.specs().items()
    return dtype.itemsize * sum(math.prod(spec.shape) for name, spec in specs if name.startswith(prefix))


def _decoder_bytes(config: CodecConfig, dtype: torch.dtype) -> tuple[float, float]:
    """Bytes whatever the size, and for each pixel; measured, because convolutions bring their own buffers.

    Those of bfloat16 are larger where the processor has AMX: mini is between the two.
    """
    match config:
        case MiniCodecConfig():
            return 5e6, 438 + 86 * dtype.itemsize
        case WanVAE21Config():
            return 48e6 + 7600 * config.width**2, 93 + 166 * config.width
        case _:
            return 18e6 + 1e4 * config.decoder_width**2, 520 + 49 * config.decoder_width


def _encoder_bytes(config: CodecConfig, dtype: torch.dtype) -> tuple[float, float]:
    """As :func:`_decoder_bytes`, of the encoder; measured for Wan2.1, others count like their decoder."""
    fixed, per_pixel = _decoder_bytes(config, dtype)
    if isinstance(config, WanVAE21Config):
        per_pixel = 290 + 107 * config.width
    return fixed, per_pixel
