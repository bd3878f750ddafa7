"""One request into one take: the clip, its contact sheet, its recipe, and what is seen on the way."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import rushes
from rushes.cli.framing import Framing, Upscale
from rushes.cli.making import Maker
from rushes.cli.screen import Screen
from rushes.core.errors import CancelledError
from rushes.core.recipe import Recipe, Stage
from rushes.core.request import Request
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.engine.events import Preview
    from rushes.engine.given import GivenClip
    from rushes.engine.saved_run import SavedRun
    from rushes.engine.texts import Texts
    from rushes.evaluation.picking import Picker
    from rushes.finish.upscale import OwnUpscale
    from rushes.media.delivery import Delivery

DELIVERY_RATE = Fraction(24)
PREVIEWS_A_TAKE = 8


@dataclass(frozen=True)
class TakeFiles:
    """The three files of one take: FILE.mp4, contact sheet FILE.png, recipe FILE.json."""

    video: Path

    @property
    def sheet(self) -> Path:
        """PNG."""
        return self.video.with_suffix(".png")

    @property
    def recipe(self) -> Path:
        """JSON."""
        return self.video.with_suffix(".json")


@dataclass(frozen=True)
class Filming:
    """What all takes of one command share.

    Progress is saved every ``save_every`` steps (None: every minute); ``previews`` is the folder for them.
    ``texts`` holds the contexts of the words once the first take has made them; ``picker`` chooses among
    candidates, None without any. ``given`` is the clip a take is made of, None for takes of words alone.
    """

    maker: Maker
    framing: Framing
    screen: Screen
    save_every: int | None
    previews: Path | None
    picker: "Picker | None"
    texts: "list[Texts]" = field(default_factory=list)
    given: "GivenClip | None" = None


@dataclass
class Account:
    """What happened while a take was made: seconds by stage, and the step it was taken up again after."""

    seconds: dict[str, float] = field(default_factory=dict)
    resumed_after: int = 0
    scores: "dict[int, float]" = field(default_factory=dict)
    """Candidate's seed -> its score."""

    @property
    def best(self) -> int:
        """Seed of the candidate that is delivered."""
        return max(self.scores, key=self.scores.__getitem__)


def film(filming: Filming, request: Request, take: TakeFiles) -> dict[str, Any]:
    """Make one take and its three files; what ``--json`` says about it."""
    from rushes.engine.provenance import engine_stages
    from rushes.engine.saved_run import SavedRun
    from rushes.media.delivery import Delivery
    from rushes.media.files import replacing

    maker, framing, screen = filming.maker, filming.framing, filming.screen
    screen.say("seed", str(request.seed))
    num_frames = request.num_frames - request.trim
    delivery = Delivery(num_frames, request.frame_rate, framing.crop, *framing.delivered, DELIVERY_RATE)
    saved = SavedRun(
        Settings.from_environment().runs,
        engine_stages(maker.bundle, request),
        maker.machine,
        filming.save_every,
    )
    try:
        account = _make(filming, request, take, delivery, saved)
    except KeyboardInterrupt:
        raise CancelledError(_stopped(saved, request)) from None
    recipe = _recipe(filming, request, delivery, account)
    with replacing(take.recipe) as partial:
        partial.write_text(recipe.to_json(), encoding="utf-8")
    saved.remove()
    shares = ", ".join(f"{stage} {spent:.1f}" for stage, spent in account.seconds.items())
    screen.say("seconds", f"{sum(account.seconds.values()):.1f} ({shares})")
    if account.scores:
        scores = ", ".join(f"{seed} {score:.2f}" for seed, score in account.scores.items())
        screen.say("picked", f"seed {account.best} of {scores}")
    screen.say("wrote", f"{take.video}, {take.sheet.name}, {take.recipe.name}")
    return {"video": str(take.video), "sheet": str(take.sheet), "recipe": recipe.document()}


def _make(
    filming: Filming, request: Request, take: TakeFiles, delivery: "Delivery", saved: "SavedRun"
) -> Account:
    """Write clip and contact sheet."""
    from rushes.engine.events import CandidateScored, FramesDecoded, Preview, Resumed, StageDone, TextsEncoded
    from rushes.engine.run import Run
    from rushes.media.delivery import deliver

    every = max(1, request.sampling.steps // PREVIEWS_A_TAKE) if filming.previews else 0
    texts = filming.texts[0] if filming.texts else None
    picture, device = filming.framing.picture, filming.maker.device
    run = Run(
        texts=texts,
        first_frame=picture,
        given=filming.given,
        device=device,
        previews=every,
        saved=saved,
        score=filming.picker,
    )
    enlarger = own_enlarger(filming.framing, filming.maker)
    started = perf_counter()
    account = Account()
    with filming.screen.progress() as bar, deliver(take.video, take.sheet, delivery, enlarger) as clip:
        for event in filming.maker.generate(request, run):
            bar.show(event)
            if isinstance(event, FramesDecoded):
                clip.write(event.frames)
            elif isinstance(event, CandidateScored):
                account.scores[event.seed] = event.score
            elif isinstance(event, StageDone):
                account.seconds[event.stage] = event.seconds
            elif isinstance(event, TextsEncoded):
                filming.texts.append(event.texts)
            elif isinstance(event, Preview) and filming.previews:
                _write_preview(filming.previews / f"{take.video.stem}_step_{event.step:03d}.png", event)
            elif isinstance(event, Resumed):
                account.resumed_after = event.step
                filming.screen.say("resumed", f"after step {event.step} of {event.total}, as saved")
    if enlarger:
        account.seconds["upscale"] = enlarger.seconds
    account.seconds["finish"] = perf_counter() - started - sum(account.seconds.values())
    return account


def own_enlarger(framing: Framing, maker: Maker) -> "OwnUpscale | None":
    """The model's own upscaler, where it is used; None leaves it to Lanczos."""
    from rushes.finish.upscale import OwnUpscale

    upscaler = maker.bundle.upscaler
    if framing.upscale is Upscale.LANCZOS or upscaler is None:
        return None
    return OwnUpscale(upscaler, maker.device)


def _write_preview(path: Path, event: "Preview") -> None:
    """The pictures side by side."""
    import numpy as np

    from rushes.media.picture import write_png

    write_png(path, np.concatenate(list(event.pictures), axis=1))


def _stopped(saved: "SavedRun", request: Request) -> str:
    if saved.exists():
        return f"stopped; progress is saved: the same command with --seed {request.seed} goes on from there"
    return "stopped; no unfinished file was left behind"


def _recipe(filming: Filming, request: Request, delivery: "Delivery", account: Account) -> Recipe:
    """Everything that decided the take, and beside it the machine and the time it took."""
    from rushes.engine.provenance import engine_stages
    from rushes.finish.upscale import upscale_stage
    from rushes.media.delivery import REVISION
    from rushes.models.model_files import UPSCALER

    maker, picker = filming.maker, filming.picker
    enhance = Stage("enhance", 1, {"prompt": request.prompt, "context_text": request.context_text})
    finish = Stage("finish", REVISION, delivery.settings())
    own = filming.framing.upscale is Upscale.OWN
    upscale = (upscale_stage(maker.bundle.sha256[UPSCALER]),) if own else ()
    recorded = {
        "rushes": rushes.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": maker.machine,
        "seconds": {stage: round(spent, 3) for stage, spent in account.seconds.items()},
        "resumed_after_step": account.resumed_after,
    }
    if account.scores:
        recorded["candidates"] = {"scores": account.scores, "chosen_seed": account.best}
    pick = (Stage("pick", 1, picker.settings()),) if picker else ()
    return Recipe((enhance, *engine_stages(maker.bundle, request), *pick, *upscale, finish), recorded)
