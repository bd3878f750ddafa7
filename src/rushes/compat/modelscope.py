"""ModelScope's ``pipeline(task, model)`` on this engine, and a registration into the real library.

The real library has no pipeline for Wan, and the name one article gives (``damo/Wan2.2-T2V-A14B``) exists on
no hub; here both work.
"""

import secrets
import warnings
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from rushes.compat.stand_in import Resolved, as_read, resolve
from rushes.core.errors import UsageError
from rushes.core.request import Request, check_prompt
from rushes.engine.events import FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.placement import best_device
from rushes.engine.plan import Order, plan
from rushes.engine.run import Run
from rushes.media.delivery import Crop, Delivery, deliver

MODULE_NAME = "rushes-wan"
DELIVERY = (1280, 720, Fraction(24))


class Tasks:
    """The task names that mean something here."""

    text_to_video_synthesis = "text-to-video-synthesis"


class OutputKeys:
    """Keys of a result."""

    OUTPUT_VIDEO = "output_video"


class Result(dict[str, Any]):
    """A result as the library gives it; printed, it is the path of the clip, as the article prints it."""

    def __init__(self, values: Mapping[str, Any], path: Path) -> None:
        super().__init__(values)
        self.path = path

    def __str__(self) -> str:
        return str(self.path)


class TextToVideo:
    """What :func:`pipeline` returns: call it with words. The model is on ``device``."""

    def __init__(self, resolved: Resolved, device: torch.device) -> None:
        self._resolved = resolved
        self._device = device

    def __call__(
        self,
        prompt: str | Mapping[str, str],
        output_video: str | Path | None = None,
        seed: int | None = None,
        num_frames: int | None = None,
        num_inference_steps: int | None = None,
    ) -> Result:
        """Make a clip of ``prompt`` (words, or ``{"text": words}``) and write it as MP4.

        With ``output_video`` the result holds that path, without it the bytes of the file, which then lies
        under a new name in the working folder. Frames that are not 4n+1 are made and cut off, which is said.
        Raises UsageError for what the model cannot make.
        """
        words = prompt.get("text", "") if isinstance(prompt, Mapping) else prompt
        check_prompt(words)
        seed = secrets.randbelow(10**6) if seed is None else seed
        path = Path(output_video) if output_video is not None else Path(f"take_{seed}.mp4")
        if output_video is None and path.exists():
            raise UsageError(f"{str(path)!r} exists: choose another seed, or name output_video")
        facts = self._resolved.bundle.facts
        order = Order(words, words, seed, steps=num_inference_steps, num_frames=num_frames)
        request, duration = plan(facts, as_read(facts, order))
        if duration.trim:
            warnings.warn(duration.describe(), stacklevel=2)
        self._write(request, path)
        video = str(path) if output_video is not None else path.read_bytes()
        return Result({OutputKeys.OUTPUT_VIDEO: video, "model": facts.name, "seed": seed}, path)

    def _write(self, request: Request, path: Path) -> None:
        bundle = self._resolved.bundle
        length = request.num_frames - request.trim
        delivery = Delivery(length, request.frame_rate, Crop(*bundle.defaults.crop), *DELIVERY)
        with deliver(path, path.with_suffix(".png"), delivery) as clip:
            for event in generate(bundle, request, Run(device=self._device)):
                if isinstance(event, FramesDecoded):
                    clip.write(event.frames)


def pipeline(task: str, model: str, torch_dtype: torch.dtype | None = None) -> TextToVideo:
    """A pipeline for ``task``, which must be text to video, on ``model`` or on mini in its place, said aloud.

    It computes on the first GPU, where there is one. Raises UsageError for another task or a model nobody
    knows.
    """
    if task != Tasks.text_to_video_synthesis:
        raise UsageError(f"task {task!r} is not made here: use Tasks.text_to_video_synthesis")
    device = best_device()
    return TextToVideo(resolve(model, torch_dtype, device), device)


def register() -> None:
    """Make ModelScope's own ``pipeline`` find this engine, as pipeline type ``rushes-wan``.

    Call it first; then the library takes any folder of a model that holds a ``configuration.json``: one that
    names the type (``{"framework": "pytorch", "task": ..., "pipeline": {"type": "rushes-wan"}}``), or another
    with ``pipeline(..., pipeline_name="rushes-wan")``. Raises UsageError when the library is not installed.
    """
    try:
        from modelscope.pipelines.base import Pipeline  # noqa: PLC0415  an extra
        from modelscope.pipelines.builder import PIPELINES  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(f"ModelScope lacks {error.name} here: pip install 'rushes[modelscope]'") from error

    class RushesPipeline(Pipeline):  # type: ignore[misc]
        """The library's face of :class:`TextToVideo`."""

        def initiate_single_model(
            self,
            model: str,
            torch_dtype: torch.dtype | None = None,
            trust_remote_code: bool = False,  # noqa: ARG002  the library says it to everyone
        ) -> str:
            """Load the folder our way, once; the library keeps its name."""
            self._make = pipeline(Tasks.text_to_video_synthesis, model, torch_dtype)
            return model

        def _sanitize_parameters(
            self, **parameters: Any
        ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
            # left to itself the library would hand them to the postprocessing
            return {}, parameters, {}

        def preprocess(self, inputs: str | Mapping[str, str]) -> dict[str, Any]:
            """Words as they are."""
            return {"prompt": inputs}

        def forward(self, inputs: Mapping[str, Any], **parameters: Any) -> Result:
            """Make the clip."""
            return self._make(inputs["prompt"], **parameters)

        def postprocess(self, inputs: Result) -> Result:
            """Nothing is left to do."""
            return inputs

    PIPELINES.register_module(
        Tasks.text_to_video_synthesis, module_name=MODULE_NAME, module_cls=RushesPipeline, force=True
    )
