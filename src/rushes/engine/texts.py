"""Words to context vectors, once a run; the negative prompt's, which seldom changes, once a machine."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rushes.core.recipe import canonical_json
from rushes.core.request import Request
from rushes.core.settings import Settings
from rushes.engine.placement import machine_facts
from rushes.engine.tensor_file import TensorFile, read_tensor_file
from rushes.models.bundle import TEXT_ENCODER, TOKENIZER, Bundle
from rushes.models.streaming import VisitingEncoder

REVISION = 1


@dataclass(frozen=True)
class Texts:
    """Contexts (1, L, D), zero behind the words; ``uncond`` is None where no expert is guided.

    ``source`` is that of the words an edited clip follows so far, None where nothing is edited.
    """

    cond: Tensor
    uncond: Tensor | None
    source: Tensor | None = None

    def to(self, device: torch.device) -> "Texts":
        """Where the transformers are: the text encoder may be elsewhere; kept contexts come from disk."""
        moved = [None if each is None else each.to(device) for each in (self.uncond, self.source)]
        return Texts(self.cond.to(device), *moved)

    def serves(self, request: Request) -> bool:
        """Whether a request of these words, perhaps guided otherwise, finds here all it needs."""
        return self.uncond is not None or not _is_guided(request)


@torch.inference_mode()
def encode_texts(bundle: Bundle, request: Request) -> Texts:
    """Contexts of the words and, where guidance needs it, of the negative prompt.

    The two are encoded one by one, so that a context read from disk equals one just made.
    """
    cond = _encode(bundle, request.context_text)
    uncond = _negative(bundle, request.negative_prompt) if _is_guided(request) else None
    return Texts(cond, uncond, _encode(bundle, request.edit.source_text) if request.edit else None)


def _is_guided(request: Request) -> bool:
    is_source_guided = request.edit is not None and request.edit.source_guidance != 1
    return request.sampling.is_guided or is_source_guided


def _encode(bundle: Bundle, text: str) -> Tensor:
    length = bundle.experts[0].transformer.config.text_len
    ids, mask = bundle.tokenizer.encode([text], length)
    context: Tensor = bundle.text_encoder(ids, mask)
    return context


def _negative(bundle: Bundle, text: str) -> Tensor:
    path = _cache_file(bundle, text)
    if path is None:
        return _encode(bundle, text)
    kept = read_tensor_file(path)
    if kept is None:
        kept = TensorFile({"context": _encode(bundle, text)}, {})
        # Where it cannot be kept, it is encoded again the next time.
        with suppress(OSError):
            kept.write(path)
    return kept.tensors["context"]


def _cache_file(bundle: Bundle, text: str) -> Path | None:
    """Named after all that decides its bytes; None for a model that was never saved."""
    digests = [bundle.sha256.get(TOKENIZER), bundle.sha256.get(TEXT_ENCODER)]
    if None in digests:
        return None
    length = bundle.experts[0].transformer.config.text_len
    decides = [REVISION, digests, text, length, machine_facts(bundle.dtype, text_device(bundle))]
    name = hashlib.sha256(canonical_json(decides).encode()).hexdigest()
    return Settings.from_environment().cache / "texts" / f"{name}.safetensors"


def text_device(bundle: Bundle) -> torch.device:
    """Where words are encoded: another device rounds otherwise."""
    if isinstance(bundle.text_encoder, VisitingEncoder):
        return bundle.text_encoder.device
    parameter = next(bundle.text_encoder.parameters())
    return parameter.device
