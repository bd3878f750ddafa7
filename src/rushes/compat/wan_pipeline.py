"""diffusers' ``WanPipeline`` as people call it, on this engine: the same arguments, the same ``.frames``."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from rushes.compat.stand_in import Resolved, as_read, resolve
from rushes.core.errors import UsageError
from rushes.core.request import Request, check_prompt
from rushes.engine.events import StepDone
from rushes.engine.generate import generate
from rushes.engine.pictures import to_pictures
from rushes.engine.plan import Order, plan
from rushes.engine.run import Run
from rushes.engine.texts import Texts, encode_texts
from rushes.media.picture import lanczos

Generator: TypeAlias = torch.Generator | list[torch.Generator] | None
Callback: TypeAlias = Callable[["WanPipeline", int, Tensor, dict[str, Tensor]], Mapping[str, Tensor] | None]
OUTPUT_TYPES = ("np", "pt", "pil", "latent")
CALLBACK_INPUTS = ("latents", "prompt_embeds", "negative_prompt_embeds")
GIVEN_AS_EMBEDDINGS = "prompt given as embeddings"


@dataclass(frozen=True)
class WanPipelineOutput:
    """``frames``: (B, T, H, W, 3) in 0..1 for ``np``, (B, T, 3, H, W) for ``pt``, lists of pictures for
    ``pil``, (B, C, T', H', W') for ``latent``.
    """

    frames: Any


@dataclass(frozen=True)
class Call:
    """The arguments of one call that all its prompts share."""

    negative_prompt: str | None
    height: int
    width: int
    num_frames: int
    num_inference_steps: int
    guidance_scale: float
    guidance_scale_2: float | None
    callback: Callback | None
    callback_inputs: Sequence[str]


class WanPipeline:
    """A pipeline of one loaded model; make it with :meth:`from_pretrained`."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._device = torch.device("cpu")
        self._interrupt = False

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str,
        torch_dtype: torch.dtype | None = None,
        variant: str | None = None,
    ) -> "WanPipeline":
        """Load a model by name, hub name or folder; ``variant`` names files elsewhere and plays no part here.

        A published model that is not on this machine is replaced by mini, with a warning. Raises UsageError
        for an unknown name and WeightsError for broken files.
        """
        if variant is not None:
            warnings.warn(
                f"variant {variant!r} plays no part: the files in the folder are used", stacklevel=2
            )
        return cls(resolve(str(pretrained_model_name_or_path), torch_dtype))

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._device

    @property
    def model_name(self) -> str:
        """The model that is really loaded."""
        return self._resolved.bundle.name

    def to(self, device: str | torch.device) -> "WanPipeline":
        """Move the model. Without a GPU it stays on the CPU, with a warning."""
        target = torch.device(device)
        if target.type == "cuda" and not torch.cuda.is_available():
            warnings.warn("this machine has no CUDA device: the model stays on the CPU", stacklevel=2)
            return self
        bundle = self._resolved.bundle
        for part in (bundle.text_encoder, bundle.codec, *(expert.transformer for expert in bundle.experts)):
            part.to(target)
        self._device = target
        return self

    def __call__(  # noqa: PLR0913, PLR0917  the signature people know
        self,
        prompt: str | list[str] | None = None,
        negative_prompt: str | list[str] | None = None,
        height: int = 480,
        width: int = 832,
        num_frames: int = 81,
        num_inference_steps: int = 50,
        guidance_scale: float = 5.0,
        guidance_scale_2: float | None = None,
        num_videos_per_prompt: int | None = 1,
        generator: Generator = None,
        latents: Tensor | None = None,
        prompt_embeds: Tensor | None = None,
        negative_prompt_embeds: Tensor | None = None,
        output_type: str | None = "np",
        return_dict: bool = True,
        attention_kwargs: dict[str, Any] | None = None,
        callback_on_step_end: Callback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        max_sequence_length: int = 512,
    ) -> WanPipelineOutput | tuple[Any]:
        """Make clips; arguments and their meaning are those of diffusers' ``WanPipeline.__call__``.

        ``guidance_scale`` is for high noise, ``guidance_scale_2`` for low noise (the same when None). Frames
        that are not 4n+1 are made and cut off, which is said. ``attention_kwargs`` and another
        ``max_sequence_length`` than the model's cannot be honoured. Raises UsageError for what the model
        cannot make, before any work.
        """
        output_type = output_type or "np"
        _refuse(
            output_type not in OUTPUT_TYPES, f"output_type {output_type!r} is unknown: use {OUTPUT_TYPES}"
        )
        _refuse(bool(attention_kwargs), f"attention_kwargs {attention_kwargs} cannot be used: leave them out")
        most = self._resolved.bundle.experts[0].transformer.config.text_len
        if max_sequence_length not in (512, most):
            raise UsageError(
                f"max_sequence_length {max_sequence_length} cannot be used: the model reads {most}"
            )
        strangers = set(callback_on_step_end_tensor_inputs) - set(CALLBACK_INPUTS)
        _refuse(bool(strangers), f"callback inputs {sorted(strangers)} are unknown: use {CALLBACK_INPUTS}")
        _refuse((prompt is None) == (prompt_embeds is None), "give either prompt or prompt_embeds")
        prompts = _prompts(prompt, prompt_embeds)
        copies = num_videos_per_prompt or 1
        noise = self._noise_rows(latents, len(prompts) * copies)
        self._interrupt = False
        clips = []
        for index, words in enumerate(prompts):
            call = Call(
                _nth(negative_prompt, index), height, width, num_frames, num_inference_steps, guidance_scale,
                guidance_scale_2, callback_on_step_end, callback_on_step_end_tensor_inputs,
            )  # fmt: skip
            request = self._request(call, words)
            rows = slice(index * copies, (index + 1) * copies)
            start = self._noise(request, generator, rows) if noise is None else noise[rows]
            texts = self._texts(request, prompt_embeds, negative_prompt_embeds, index)
            if texts is None and set(call.callback_inputs) - {"latents"}:
                texts = encode_texts(self._resolved.bundle, request)
            finished = self._denoise(request, call, start, texts)
            clips += [self._show(clip[None], request, call, output_type) for clip in finished]
        frames = _join(clips, output_type)
        return WanPipelineOutput(frames) if return_dict else (frames,)

    def _request(self, call: Call, words: str) -> Request:
        check_prompt(words)
        facts = self._resolved.bundle.facts
        defaults = facts.defaults
        num_frames, most = call.num_frames, defaults.frame_limits[1]
        if self._resolved.stands_in and num_frames > most:
            warnings.warn(f"{num_frames} frames were asked, {facts.name} makes {most} at most", stacklevel=4)
            num_frames = most
        order = Order(
            prompt=words,
            context_text=words,
            seed=0,
            steps=call.num_inference_steps,
            guidance_high=call.guidance_scale,
            guidance_low=call.guidance_scale if call.guidance_scale_2 is None else call.guidance_scale_2,
            negative_prompt=call.negative_prompt,
            num_frames=num_frames,
            size=None if facts.conventions.reads_captions else (call.width, call.height),
        )
        if words != GIVEN_AS_EMBEDDINGS:
            order = as_read(facts, order)
        request, duration = plan(facts, order)
        if duration.trim:
            warnings.warn(duration.describe(), stacklevel=4)
        return request

    def _texts(
        self, request: Request, cond: Tensor | None, uncond: Tensor | None, index: int
    ) -> Texts | None:
        """The embeddings of prompt ``index`` that were given; what is missing of a pair is made."""
        if cond is None:
            return None
        if uncond is None:
            return Texts(cond[index : index + 1], encode_texts(self._resolved.bundle, request).uncond)
        return Texts(cond[index : index + 1], uncond[index : index + 1])

    def _noise_rows(self, latents: Tensor | None, members: int) -> Tensor | None:
        if latents is not None and len(latents) != members:
            raise UsageError(f"latents hold {len(latents)} clips, {members} were asked: give as many")
        return latents

    def _noise(self, request: Request, generator: Generator, rows: slice) -> Tensor:
        """Drawn as diffusers draws it: one generator for the whole batch, or one for each clip."""
        codec = self._resolved.bundle.codec
        cell = codec.compression
        shape = (
            codec.latent_channels,
            cell.latent_frames(request.num_frames),
            request.height // cell.height,
            request.width // cell.width,
        )
        count = rows.stop - rows.start
        if not isinstance(generator, list):
            device = generator.device if generator is not None else "cpu"
            return torch.randn((count, *shape), generator=generator, device=device)
        _refuse(len(generator) < rows.stop, f"{len(generator)} generators were given: give one for each clip")
        return torch.cat([torch.randn((1, *shape), generator=g, device=g.device) for g in generator[rows]])

    def _denoise(self, request: Request, call: Call, noise: Tensor, texts: Texts | None) -> Tensor:
        run = Run(noise=noise.float(), texts=texts, device=self._device)
        latents = noise
        for event in generate(self._resolved.bundle, request, run):
            if not isinstance(event, StepDone):
                continue
            latents = event.latents
            if call.callback is not None:
                self._tell(call, event, texts)
            # asking for no further event ends the run; decoding is ours, in floats
            if event.step == event.total or self._interrupt:
                break
        return latents

    def _tell(self, call: Call, event: StepDone, texts: Texts | None) -> None:
        given = {
            "latents": event.latents,
            "prompt_embeds": None if texts is None else texts.cond,
            "negative_prompt_embeds": None if texts is None else texts.uncond,
        }
        inputs = {name: value for name in call.callback_inputs if (value := given[name]) is not None}
        timestep = torch.tensor(1000 * event.sigma)
        if self._resolved.bundle.conventions.whole_timesteps:
            timestep = timestep.long()
        assert call.callback is not None
        with torch.inference_mode():
            changed = call.callback(self, event.step - 1, timestep, dict(inputs)) or {}
            for name in changed.keys() - {"latents"}:
                _refuse(
                    changed[name] is not inputs.get(name),
                    f"a callback cannot change {name!r} here: change the latents, or call again with others",
                )
            if "latents" in changed and changed["latents"] is not event.latents:
                event.latents.copy_(changed["latents"])

    @torch.inference_mode()
    def _show(self, latents: Tensor, request: Request, call: Call, output_type: str) -> Any:
        """One clip (1, C, T, H, W) as asked."""
        if output_type == "latent":
            return latents.clone()
        bundle = self._resolved.bundle
        length = request.num_frames - request.trim
        frames = torch.cat(list(bundle.codec.decode_stream(latents)), dim=2)[:, :, :length]
        top, left, height, width = bundle.defaults.crop
        if (request.width, request.height) == (bundle.defaults.width, bundle.defaults.height):
            frames = frames[..., top : top + height, left : left + width]
        pictures = rearrange(frames / 2 + 0.5, "1 c t h w -> t h w c").float().cpu().clamp(0, 1).numpy()
        if pictures.shape[1:3] != (call.height, call.width):
            small = to_pictures(frames)
            pictures = np.stack([lanczos(each, call.width, call.height) for each in small]) / np.float32(255)
        if output_type == "pil":
            return _pil(pictures)
        if output_type == "np":
            return pictures[None]
        return rearrange(torch.from_numpy(pictures), "t h w c -> 1 t c h w")


def _refuse(is_wrong: bool, message: str) -> None:
    if is_wrong:
        raise UsageError(message)


def _prompts(prompt: str | list[str] | None, embeds: Tensor | None) -> list[str]:
    if embeds is not None:
        return [GIVEN_AS_EMBEDDINGS] * len(embeds)
    return [prompt] if isinstance(prompt, str) else list(prompt or [])


def _nth(words: str | list[str] | None, index: int) -> str | None:
    return words[index] if isinstance(words, list) else words


def _pil(pictures: Any) -> list[Any]:
    try:
        from PIL import Image  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise UsageError("output_type 'pil' needs Pillow: pip install 'rushes[pil]'") from error
    return [Image.fromarray((picture * 255).round().astype(np.uint8)) for picture in pictures]


def _join(clips: list[Any], output_type: str) -> Any:
    if output_type == "pil":
        return clips
    return np.concatenate(clips) if output_type == "np" else torch.cat(clips)
