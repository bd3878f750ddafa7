"""A run of the protocol: makes what is missing, measures what was not measured, and adds it up."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rushes.engine.pictures import to_pictures
from rushes.evaluation.clips import ClipStore, Take, candidates, singles, takes_of
from rushes.evaluation.distribution import nearest, picture_noise, shuffled_frames
from rushes.evaluation.figures import Evidence, figures
from rushes.evaluation.measures import Measures, Panel
from rushes.evaluation.protocol import Case
from rushes.evaluation.reading import Clip, Vocabulary, shared, to_pixels
from rushes.evaluation.report import Report
from rushes.models.bundle import CODEC, Bundle, Expert
from rushes.world.render import render_frames
from rushes.world.scene import REVISION

Progress = Callable[[str, int, int], None]
RANDOM_EVERY = 4
NEAREST_RENDERS = 32


@dataclass(frozen=True)
class Study:
    """``training``: folder with latents of training clips, one array a shard; None without any."""

    store: ClipStore
    panel: Panel
    cases: Sequence[Case]
    training: Path | None

    @property
    def known(self) -> Vocabulary:
        """What both the model and the reporter know."""
        return shared(self.panel.known, self.panel.reporter.config)

    def report(self, progress: Progress) -> Report:
        """Make, measure and count; what is done already is taken from disk."""
        self._make(progress)
        evidence = [self._evidence(number, case) for number, case in enumerate(self.cases)]
        settings = self.store.settings
        scenes = sum(not case.held_out for case in self.cases)
        return Report(
            self.store.bundle.name, settings, scenes, figures(evidence, self.known), self._nearest()
        )

    def _make(self, progress: Progress) -> None:
        """Make and measure whatever is not on disk."""
        takes = takes_of(self.cases, self.store.settings)
        for done, take in enumerate(takes, 1):
            self.generated(take)
            progress("clips", done, len(takes))
        for number, case in enumerate(self.cases):
            self._evidence(number, case)
            progress("controls", number + 1, len(self.cases))

    def generated(self, take: Take) -> Measures:
        """One clip of the model."""
        return self.panel.kept(self.store.key(take), lambda: self._measured(self.store.clip(take), take.case))

    def _measured(self, clip: Clip, case: Case, psnr: float = 0.0) -> Measures:
        return self.panel.measure(clip, case.attributes, psnr)

    def _evidence(self, number: int, case: Case) -> Evidence:
        settings = self.store.settings
        chosen_from = candidates(number, case, settings)
        is_random = number % RANDOM_EVERY == 0 and not case.held_out
        return Evidence(
            case,
            {take.language: self.generated(take) for take in singles(case, settings)},
            tuple(self.generated(take) for take in chosen_from),
            self._control(case, "rendered"),
            self._control(case, "reconstructed"),
            self._control(case, "shuffled"),
            self._random(chosen_from[0]) if is_random else None,
        )

    def _control(self, case: Case, kind: str) -> Measures:
        """Measures of a case's render, of the same through the codec, or with its frames shuffled."""
        codec = self.store.bundle.sha256.get(CODEC, "unsaved")
        name = f"{kind}-{REVISION}-{self.num_frames}-{case.scene_seed}-{codec[:6]}"
        return self.panel.kept(name, partial(self._made_control, case, kind))

    def _made_control(self, case: Case, kind: str) -> Measures:
        rendered = self.rendered(case)
        if kind == "rendered":
            return self._measured(rendered, case)
        if kind == "shuffled":
            return self._measured(shuffled_frames(rendered, case.seed), case)
        decoded = self._decoded(self._encoded(case))
        return self._measured(decoded, case, picture_noise(decoded, rendered))

    def shown(self, case: Case) -> Clip:
        """The best candidate of a case, as a user would get it."""
        takes = candidates(list(self.cases).index(case), case, self.store.settings)
        return self.store.clip(max(takes, key=lambda take: self.generated(take).agreement))

    def rendered(self, case: Case) -> Clip:
        """What the clip should look like."""
        return render_frames(case.scene(), self.num_frames)

    @cached_property
    def num_frames(self) -> int:
        """Of every clip of the run."""
        settings = self.store.settings
        request = self.store.request(Take(self.cases[0], settings.languages[0]))
        return request.num_frames - request.trim

    @cached_property
    def _random_store(self) -> ClipStore:
        return replace(self.store, bundle=with_random_weights(self.store.bundle), extra={"weights": "random"})

    def _random(self, take: Take) -> Measures:
        store = self._random_store
        return self.panel.kept(store.key(take), lambda: self._measured(store.clip(take), take.case))

    @torch.inference_mode()
    def _encoded(self, case: Case) -> NDArray[np.float16]:
        """(C, T, H, W) latents of a case's render."""
        latents = self.store.bundle.codec.encode(to_pixels(self.rendered(case)[None]))
        coded: NDArray[np.float16] = latents[0].to(torch.float16).cpu().numpy()
        return coded

    @torch.inference_mode()
    def _decoded(self, latents: NDArray[np.float16]) -> Clip:
        chunks = self.store.bundle.codec.decode_stream(torch.from_numpy(latents).float()[None])
        return np.concatenate([to_pictures(chunk) for chunk in chunks])[: self.num_frames]

    def _nearest(self) -> dict[str, float]:
        """Median and least distance of generated clips to training, and of renders nobody has seen."""
        known = self._training_latents()
        if known is None:
            return {}
        cases = [case for case in self.cases if not case.held_out]
        takes = [Take(case, self.store.settings.languages[0]) for case in cases]
        own = nearest(np.stack([self.store.latents(take) for take in takes]), known)
        unseen = nearest(np.stack([self._encoded(case) for case in cases[:NEAREST_RENDERS]]), known)
        return {
            "generated, median": float(np.median(own)),
            "generated, least": float(own.min()),
            "unseen renders, median": float(np.median(unseen)),
            "unseen renders, least": float(unseen.min()),
        }

    def _training_latents(self) -> NDArray[np.float16] | None:
        if self.training is None:
            return None
        first = self.store.latents(Take(self.cases[0], self.store.settings.languages[0]))
        shards = [np.load(path, mmap_mode="r") for path in sorted(self.training.glob("*.npy"))]
        # beside the pictures a shard may hold motion
        fitting = [shard[:, : len(first)] for shard in shards if shard.shape[2:] == first.shape[1:]]
        return np.concatenate(fitting) if fitting else None


def with_random_weights(bundle: Bundle) -> Bundle:
    """The same model untrained: what the rest of the pipeline shows by itself."""
    transformer = copy.deepcopy(bundle.experts[0].transformer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformer.init_weights()
        # zero would give back the noise itself
        torch.nn.init.normal_(transformer.head.head.weight, std=0.02)
    return replace(bundle, experts=tuple(Expert(transformer, each.from_sigma) for each in bundle.experts))
