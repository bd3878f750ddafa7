"""What the verbs share that make a take of footage: where it goes, and the one take that is made."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.cli.filming import Filming, TakeFiles, film
from rushes.cli.framing import frame
from rushes.cli.making import Maker, Making
from rushes.cli.screen import Screen
from rushes.core.errors import CancelledError, UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Request

if TYPE_CHECKING:
    from rushes.engine.given import GivenClip


@dataclass(frozen=True)
class Remake:
    """One take of footage, as planned: ``window`` is the longest clip made at once."""

    model: str
    facts: ModelFacts
    request: Request
    window: Request
    given: "GivenClip"
    take: TakeFiles

    def make(
        self, screen: Screen, as_json: bool, adapt: Callable[[Maker], Maker] = lambda maker: maker
    ) -> None:
        """Write clip, contact sheet and recipe; ``adapt`` says how the model makes it."""
        from rushes.engine.catalogue import model_folder

        framing = frame(self.facts, None, None)
        making = Making(model_folder(self.model), (), self.window, framing.delivered, None, None)
        try:
            with making.maker(screen) as maker:
                filming = Filming(adapt(maker), framing, screen, None, None, None, given=self.given)
                document = film(filming, self.request, self.take)
        except KeyboardInterrupt:
            raise CancelledError("stopped; no unfinished file was left behind") from None
        if as_json:
            print(json.dumps({"takes": [document]}, ensure_ascii=False, indent=2))


def take_for(output: Path | None, source: Path, ending: str) -> TakeFiles:
    """Where a take goes: ``output``, or beside its source. Raises UsageError when it cannot."""
    from rushes.media.files import check_writable

    video = output or source.with_name(f"{source.stem}_{ending}.mp4")
    if video.suffix.lower() != ".mp4":
        raise UsageError(f"output {str(video)!r} is not an MP4: let its name end in .mp4")
    if video.resolve() == source.resolve():
        raise UsageError(f"output {str(video)!r} is the clip itself: choose another --output")
    take = TakeFiles(video)
    for path in (take.video, take.sheet, take.recipe):
        check_writable(path)
        if output is None and path.exists():
            raise UsageError(f"{str(path)!r} exists: choose an --output to replace a file")
    return take


def asked_seed(seed: int | None) -> int:
    """The seed, or a random one, which the recipe keeps."""
    return secrets.randbelow(10**6) if seed is None else seed


def read_facts_of(model: str) -> ModelFacts:
    """What is known of a model before it is loaded."""
    from rushes.engine.catalogue import model_folder
    from rushes.engine.facts import read_facts

    return read_facts(model_folder(model))


def with_given(request: Request, given: "GivenClip") -> Request:
    """A request for one take of what is given: a first still and candidates are for clips made of nothing."""
    return replace(
        request, given=given.digest, candidates=1, sampling=replace(request.sampling, still_shift=0.0)
    )
