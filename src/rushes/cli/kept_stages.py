"""Contexts and final latents of takes: kept in the tenant's cache once they are there, and found again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.cli.making import Maker
from rushes.cli.planned import Planned
from rushes.core.recipe import Recipe, Stage

if TYPE_CHECKING:
    from torch import Tensor

    from rushes.engine.events import Event, StageName
    from rushes.engine.texts import Texts
    from rushes.studio.production import Part, Work

_ROLE, _LATENTS = "tensors", "latents"


class KeptStages:
    """The engine's finished stages of one take. ``found`` are those that were there, ``keys`` all keys.

    A key is that of the stage in the recipe's chain behind the facts of the machine, since other machines end
    with other bytes. A clip made window by window has no latents of its own, and latents tell no scores of
    candidates.
    """

    def __init__(
        self, planned: Planned, maker: Maker, stages: tuple[Stage, ...], work: "Work", folder: Path
    ) -> None:
        from rushes.engine.events import StageName
        from rushes.engine.texts import text_device

        bundle, self._request, self._work, self._folder = maker.bundle, planned.request, work, folder
        facts = {
            **maker.machine,
            "text_device": str(text_device(bundle)),
            "text_len": bundle.experts[0].transformer.config.text_len,
        }
        chain = Recipe((Stage("machine", 1, facts), *stages), {})
        names = (StageName.ENCODE_TEXT, StageName.DENOISE)
        has_latents = planned.window is None and planned.request.candidates == 1
        self._keys = {name: chain.key(name) for name in names[: 1 + has_latents]}
        self._made: dict[StageName, Mapping[str, Tensor]] = {}
        self.found: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Of what may be kept."""
        return tuple(self._keys.values())

    def texts(self) -> "Texts | None":
        """The contexts of the same words, None where none are kept."""
        from rushes.engine.events import StageName
        from rushes.engine.texts import Texts

        tensors = self._read(StageName.ENCODE_TEXT)
        if tensors is None:
            return None
        texts = Texts(tensors["cond"], tensors.get("uncond"), tensors.get("source"))
        if not texts.serves(self._request):
            return None
        self.found += (StageName.ENCODE_TEXT,)
        return texts

    def latents(self) -> "Tensor | None":
        """Where denoising led before: (B, C, T, H, W) float32 at sigma 0, None where none are kept."""
        from rushes.engine.events import StageName

        tensors = self._read(StageName.DENOISE)
        if tensors is None:
            return None
        self.found += (StageName.ENCODE_TEXT, StageName.DENOISE)
        return tensors[_LATENTS]

    def see(self, event: "Event") -> "Part | None":
        """What is to be kept now that ``event`` came."""
        from rushes.engine.events import StageDone, StageName, StepDone, TextsEncoded
        from rushes.engine.tensor_file import TensorFile
        from rushes.studio.production import Part

        match event:
            case TextsEncoded(texts):
                named = {"cond": texts.cond, "uncond": texts.uncond, "source": texts.source}
                self._made[StageName.ENCODE_TEXT] = {k: v for k, v in named.items() if v is not None}
            case StepDone(step=step, total=total, latents=latents) if step == total:
                self._made[StageName.DENOISE] = {_LATENTS: latents}
            case StageDone(stage, seconds) if stage in self._keys and stage in self._made:
                path = self._folder / f"{stage}.safetensors"
                TensorFile(self._made.pop(stage), {}).write(path)
                return Part(stage, self._keys[stage], {_ROLE: path}, seconds)
        return None

    def _read(self, stage: "StageName") -> "Mapping[str, Tensor] | None":
        from rushes.engine.tensor_file import read_tensor_file

        path = self._work.part(self._keys[stage], _ROLE) if stage in self._keys else None
        file = None if path is None else read_tensor_file(path)
        if path is not None and file is None:
            # Damaged: out of the way, or the same bytes made again would be taken for it.
            path.unlink(missing_ok=True)
        return None if file is None else file.tensors
