"""What clients of ``/v1/videos`` send: JSON or a form, OpenAI's fields and those of SGLang and vLLM-Omni."""

import json
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from starlette.datastructures import UploadFile

from rushes.core.errors import UsageError
from rushes.core.request import MAX_CANDIDATES, MAX_PROMPT_CHARACTERS, MAX_SEED
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds
from rushes.service.caller import Caller
from rushes.service.given import PictureReference, keep_bytes
from rushes.service.house import ServedModel
from rushes.service.submit import Wish

Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PROMPT_CHARACTERS, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$"),
]
Unwanted = Annotated[str, StringConstraints(max_length=MAX_PROMPT_CHARACTERS, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Candidates = Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
_SliderName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
Sliders = Annotated[dict[_SliderName, Annotated[float, Field(ge=-1, le=1)]], Field(max_length=20)]

# Switches of other servers. Sent with these values they ask for nothing, so clients can move freely; with
# any other value they are refused, not dropped.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "user": (), "generator_device": (), "output_quality": (), "output_compression": (),
        "enable_teacache": (False, "false"), "enable_frame_interpolation": (False, "false"),
        "generate_sound": (False, "false"), "rollout": (False, "false"), "prompt_extend": (),
        "true_cfg_scale": (1, 1.0, "1", "1.0"), "lora": ("", "{}"), "extra_params": ("", "{}"),
        "diffusers_kwargs": ("", "{}"), "video_reference": ("",), "output_path": ("",), "boundary_ratio": (),
        "flow_shift": (), "frame_interpolation_exp": (), "frame_interpolation_scale": (),
        "frame_interpolation_model_path": (),
    }
)  # fmt: skip
# Other servers' names of the picture to start from.
_PICTURES = ("input_reference", "image_reference", "reference_url")
_SLIDERS = "sliders"
# Any value of these asks for nothing we could do differently.
_IGNORED = ("user", "generator_device", "output_quality", "output_compression", "prompt_extend")


# Written out in place, for a document that is not FastAPI's own.
_PICTURE = PictureReference.model_json_schema()


class VideoWish(BaseModel):
    """A video to make. Fields of other servers that change nothing here are accepted at neutral values."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"prompt": "a red fox leaps over snow", "model": "mini", "seconds": "2", "seed": 7}]
        },
    )
    prompt: Words
    model: Name | None = None
    seconds: Annotated[float, Field(gt=0, le=600)] | Annotated[str, Field(max_length=20)] | None = None
    size: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[x*][1-9][0-9]{0,4}$")] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    negative_prompt: Unwanted | None = None
    num_inference_steps: Annotated[int, Field(ge=1, le=200)] | None = None
    guidance_scale: Annotated[float, Field(ge=0, le=30)] | None = None
    guidance_scale_2: Annotated[float, Field(ge=0, le=30)] | None = None
    width: Annotated[int, Field(ge=16, le=8192)] | None = None
    height: Annotated[int, Field(ge=16, le=8192)] | None = None
    fps: Annotated[float, Field(ge=1, le=240)] | None = None
    num_frames: Annotated[int, Field(ge=1, le=10_000)] | None = None
    candidates: Candidates | None = None
    sliders: Sliders | None = None
    input_reference: Annotated[PictureReference, WithJsonSchema(_PICTURE)] | None = None

    def wish(self, model: ServedModel, key: str, first_frame: str = "") -> Wish:
        """As settings of a take; explicit fields win over those they could be computed from."""
        settings: dict[str, Any] = {
            "seconds": self._seconds(model), "size": self._size(), "steps": self.num_inference_steps,
            "guidance_high": self.guidance_scale, "negative": self.negative_prompt,
            "guidance_low": self.guidance_scale_2 or self.guidance_scale, "candidates": self.candidates,
            "sliders": self.sliders,
        }  # fmt: skip
        given = {name: value for name, value in settings.items() if value is not None}
        return Wish(self.prompt, model.name, self.seed, given, key, first_frame)

    def _size(self) -> str | None:
        if self.size is not None:
            return "{}x{}".format(*parse_size(self.size))
        if (self.width is None) != (self.height is None):
            raise UsageError("width without height, or the reverse: send both, or size")
        return None if self.width is None else f"{self.width}x{self.height}"

    def _seconds(self, model: ServedModel) -> str | None:
        if self.seconds is not None:
            seconds = parse_seconds(str(self.seconds))
        elif self.num_frames is not None:
            rate = model.frame_rate if self.fps is None else Fraction(self.fps).limit_denominator(1001)
            seconds = (self.num_frames - 1) / rate
        else:
            return None
        return str(seconds)


async def read_video_wish(request: Request, caller: Caller) -> VideoWish:
    """The body as one wish, from JSON or from a form, whose picture is kept by its hash.

    Raises UsageError for what cannot be done here.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        document = await _read_form(request, caller)
    elif kind in ("application/json", ""):
        document = _read_json(await request.body())
    else:
        raise UsageError(f"a body of type {kind[:60]!r} cannot be read: send JSON or multipart/form-data")
    wanted = {name: value for name, value in document.items() if _matters(name, value)}
    return VideoWish.model_validate(_with_picture(wanted))


def _matters(name: str, value: Any) -> bool:
    """Whether a field is one of ours. UsageError for another server's switch that is on."""
    name = name.partition("[")[0]
    if name not in _NEUTRAL:
        return True
    if value is None or name in _IGNORED or value in _NEUTRAL[name]:
        return False
    raise UsageError(f"{name} cannot be had here: leave it out")


def _with_picture(document: dict[str, Any]) -> dict[str, Any]:
    """The picture under its one name, and a bare address as an object, whoever's client wrote it."""
    names = [name for name in _PICTURES if document.get(name) not in (None, "")]
    if len(names) > 1:
        raise UsageError(f"{names[0]} and {names[1]} both name a picture: send one")
    rest = {name: value for name, value in document.items() if name not in _PICTURES}
    if not names:
        return rest
    picture = document[names[0]]
    if isinstance(picture, str):
        # vLLM-Omni's forms carry the object as JSON.
        picture = _read_json(picture.encode()) if picture.startswith("{") else {"image_url": picture}
    return {**rest, "input_reference": picture}


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError('the body is not JSON: send an object like {"prompt":"a fox"}') from error
    if not isinstance(document, dict):
        raise UsageError('the body is not an object: send one like {"prompt":"a fox"}')
    return document


async def _read_form(request: Request, caller: Caller) -> dict[str, Any]:
    """Fields of a form; empty ones count as not sent. A file is the picture to start from."""
    document: dict[str, Any] = {}
    async with request.form(max_files=1, max_fields=100) as form:
        for name, value in form.multi_items():
            if name in document:
                raise UsageError(f"field {name[:40]} came twice: send it once")
            if isinstance(value, UploadFile):
                if name not in _PICTURES:
                    raise UsageError(f"a file cannot be {name[:40]}: send the picture as input_reference")
                sha256 = await run_in_threadpool(keep_bytes, caller, await value.read())
                document[name] = {"file_id": sha256}
            elif value != "":
                _put(document, name, value)
    return document


def _put(document: dict[str, Any], name: str, value: str) -> None:
    """A field of a form into the object it stands for; ``sliders`` as JSON or one by one, like
    ``sliders[speed]``.
    """
    place, _, key = name.removesuffix("]").partition("[")
    if name == _SLIDERS:
        document[name] = _read_json(value.encode())
    elif place == _SLIDERS and isinstance(document.setdefault(place, {}), dict):
        document[place] |= {key: value}
    elif place in _PICTURES and key != "" and place not in document:
        document[place] = {key: value}
    else:
        document[name] = value
