"""The clips of an evaluation: made once, kept as latents under the key of their recipe, decoded at need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rushes.core.recipe import Recipe, Stage
from rushes.core.request import Request
from rushes.engine.events import Finished, StageName
from rushes.engine.generate import generate
from rushes.engine.pictures import to_pictures
from rushes.engine.plan import Order, plan
from rushes.engine.provenance import engine_stages
from rushes.engine.run import PLAIN_RUN
from rushes.engine.side_by_side import beside
from rushes.evaluation.protocol import Case
from rushes.evaluation.reading import Clip
from rushes.language.mini_prompt import read_prompt
from rushes.models.bundle import Bundle

Latents = NDArray[np.float16]


@dataclass(frozen=True)
class Settings:
    """How clips are made: their length, the denoising steps (None: the model's), and candidates a scene."""

    seconds: Fraction
    steps: int | None
    candidates: int
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Take:
    """One clip of a case: asked in ``language``, with the case's seed or one of those that follow it."""

    case: Case
    language: str
    candidate: int = 0


def singles(case: Case, settings: Settings) -> list[Take]:
    """One clip in each language, of the same seed; prompts that are read alike share it."""
    return [Take(case, language) for language in settings.languages]


def candidates(number: int, case: Case, settings: Settings) -> list[Take]:
    """The clips that the best is chosen from, in one language; languages take turns by the case's number.

    A case with a held-out pair has one: it is there to be compared with others' single clips.
    """
    language = settings.languages[number % len(settings.languages)]
    return [Take(case, language, n) for n in range(1 if case.held_out else settings.candidates)]


def takes_of(cases: Sequence[Case], settings: Settings) -> list[Take]:
    """Every clip of a run, each once."""
    takes = []
    for number, case in enumerate(cases):
        takes += [*singles(case, settings), *candidates(number, case, settings)[1:]]
    return takes


@dataclass(frozen=True)
class ClipStore:
    """Clips of one model in ``folder``; ``extra`` sets apart clips whose weights the recipe does not name."""

    bundle: Bundle
    folder: Path
    settings: Settings
    extra: Mapping[str, str]

    def request(self, take: Take) -> Request:
        """What the engine is asked; the words go the way of any user's."""
        prompt = take.case.prompts[take.language]
        reading = read_prompt(prompt, self.bundle.conventions.vocabulary)
        seed = take.case.seed + take.candidate
        order = Order(
            prompt,
            reading.context_text,
            seed,
            self.settings.seconds,
            self.settings.steps,
            told=reading.sliders,
        )
        return plan(self.bundle.facts, order)[0]

    def key(self, take: Take) -> str:
        """Of the clip's recipe."""
        stages = engine_stages(self.bundle, self.request(take))
        return Recipe((Stage("evaluate", 1, self.extra), *stages), {}).key(StageName.DECODE)

    def latents(self, take: Take) -> Latents:
        """(C, T, H, W) of a clip without the channels of its motion, made on first use."""
        path = self.folder / f"{self.key(take)[:32]}.npy"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            *_, last = generate(self.bundle, self.request(take), beside(PLAIN_RUN))
            assert isinstance(last, Finished)
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                pictures = last.latents[0, : self.bundle.codec.latent_channels]
                np.save(file, pictures.to(torch.float16).cpu().numpy())
            partial.replace(path)
        made: Latents = np.load(path)
        return made

    @torch.inference_mode()
    def clip(self, take: Take) -> Clip:
        """The frames of a clip (T, H, W, 3)."""
        request = self.request(take)
        latents = torch.from_numpy(self.latents(take)).float()[None]
        frames = np.concatenate([to_pictures(chunk) for chunk in self.bundle.codec.decode_stream(latents)])
        return frames[: request.num_frames - request.trim]
