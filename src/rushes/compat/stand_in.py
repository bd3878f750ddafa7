"""The model a call names, or mini in its place when that one is not on this machine, which is said aloud."""

import warnings
from dataclasses import dataclass, replace

import torch

from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.engine.catalogue import fetched_folder, published_name
from rushes.engine.loading import load_model
from rushes.engine.placement import CPU, compute_dtype
from rushes.engine.plan import Order
from rushes.language.mini_prompt import read_prompt
from rushes.models.bundle import Bundle

STAND_IN = "mini"


@dataclass(frozen=True)
class Resolved:
    """The loaded model; ``asked`` is the name that was called, ``stands_in`` that it is another one."""

    bundle: Bundle
    asked: str
    stands_in: bool


def resolve(name: str, dtype: torch.dtype | None, device: torch.device = CPU) -> Resolved:
    """Load the model called ``name``: packaged, fetched, or a folder; else mini for a published one.

    ``dtype`` None is what suits the device. Raises UsageError for a name nobody knows.
    """
    published = published_name(name)
    missing = published is not None and not fetched_folder(published).is_dir()
    if missing:
        warnings.warn(
            f"{name} is not on this machine: {STAND_IN}, a small model of the same kind, stands in; "
            f"rushes models pull {published} fetches it",
            stacklevel=3,
        )
    bundle = load_model(STAND_IN if missing else name, _sound(dtype, device), device)
    return Resolved(bundle, name, missing)


def as_read(facts: ModelFacts, order: Order) -> Order:
    """The order with what the model reads in the place of its prompt: a model of captions gets one."""
    if not facts.conventions.reads_captions:
        return order
    reading = read_prompt(order.prompt, facts.conventions.vocabulary)
    return replace(order, context_text=reading.context_text, told=reading.sliders)


def _sound(dtype: torch.dtype | None, device: torch.device) -> torch.dtype:
    if dtype is None:
        return compute_dtype(device)
    if dtype is torch.float16:
        warnings.warn(
            "float16 overflows in Wan's residual stream and gives black frames: computing in bfloat16",
            stacklevel=4,
        )
        return torch.bfloat16
    if dtype not in (torch.float32, torch.bfloat16):
        raise UsageError(f"torch_dtype {dtype} cannot be computed in: use torch.bfloat16 or torch.float32")
    return dtype
