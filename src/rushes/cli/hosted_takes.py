"""Takes of hosted models: words leave this machine where their project allows it, and a clip comes back."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rushes
from rushes.core.errors import UsageError
from rushes.core.recipe import Stage, canonical_json
from rushes.core.settings import Settings
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds
from rushes.hosted.account import Account
from rushes.hosted.models import HostedModel, find_hosted
from rushes.hosted.wish import REVISION, Wish

if TYPE_CHECKING:
    from rushes.cli.planned import Asked
    from rushes.hosted.filming import Clip, Pace
    from rushes.media.video import VideoFacts
    from rushes.studio.desk import Desk
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.jobs.job import Job
    from rushes.studio.production import Made, Step, Work
    from rushes.studio.store import Store
    from rushes.studio.takes import Take

SETTINGS = ("seconds", "size", "negative")
REMOTE = "remote"


def plan_hosted(asked: "Asked", num_inputs: int = 0) -> Wish:
    """What is ordered for a take; UsageError for what the hosted model does not make."""
    model, settings = find_hosted(asked.model), asked.settings
    assert model is not None
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown or num_inputs:
        names = ", ".join(unknown) or "pictures, clips and LoRAs"
        raise UsageError(f"{model.name} cannot be told {names}: it knows {', '.join(SETTINGS)}")
    size = parse_size(settings["size"]) if settings.get("size") else model.default_size
    negative = settings.get("negative") or ""
    return Wish(model, asked.prompt, asked.seed, size, _seconds(model, settings.get("seconds")), negative)


def _seconds(model: HostedModel, text: str | None) -> int:
    asked = model.seconds[0] if text is None else parse_seconds(str(text))
    if asked not in model.seconds:
        choices = ", ".join(map(str, model.seconds))
        raise UsageError(f"{model.name} makes no clips of {text} s: choose {choices}")
    return int(asked)


def check_may_leave(desk: "Desk", project_id: str) -> Account:
    """The account words may be sent with. Raises UsageError without a key or the project's leave."""
    from rushes.studio.projects import find_project

    account = Account.from_environment()
    project = find_project(desk, project_id)
    if project.policy.get(REMOTE) is not True:
        raise UsageError(
            f"the words of project {project.code} may not leave this machine: allow it with "
            f"rushes project policy {project.code} --remote, or use a model that is here"
        )
    return account


def describe_cost(wish: Wish, account: Account, takes: int = 1) -> str:
    """Where words go and what comes of it, for a person to read before anything is sent."""
    cost, price = wish.cost(account.region), wish.price(account.region)
    words = f"words go to {account.host}"
    if cost is None or price is None:
        return f"{words}; no price of {wish.model.name} in {account.region} is known here"
    whole = f"{cost.amount * takes:.2f} {cost.currency}"
    basis = f"{price.a_second} {price.currency} a second, as published {price.as_of}"
    return f"{words}; about {whole} for {takes} x {wish.seconds} s ({basis})"


def estimate_hosted(desk: "Desk", wish: Wish) -> float:
    """Seconds a take waits, by takes made before, else as the vendor says."""
    from rushes.studio.jobs.estimate import estimate

    return estimate(desk, wish.model.name, {"generate": float(wish.seconds)}, wish.model.usual_s)


class HostedCamera:
    """Gives the stages of takes of hosted models; what was ordered is kept in ``folder``."""

    def __init__(self, store: "Store", folder: Path, pace: "Pace | None" = None) -> None:
        self._store, self._folder, self._pace = store, folder, pace

    def steps(self, take: "Take", job: "Job") -> "tuple[Step, ...]":
        """The stages of a take, whose words were judged at submit; check and label are not installed."""
        from rushes.hosted.clip import REVISION as CLIP_REVISION
        from rushes.studio.production import Step

        wish = plan_hosted(take.request, len(take.inputs))
        generate = Stage("hosted", REVISION, dict(wish.settings()))
        finish = Stage("finish", CLIP_REVISION, {"clip": "as it came", "index": "first"})
        return (
            Step("enhance", lambda _: (_words(wish),), _note_words, weight=0.1),
            Step("generate", lambda _: (generate,), partial(self._generate, wish, job), ("master",), 10),
            Step("finish", lambda _: (finish,), _finish, ("clip", "sheet")),
            Step("check", _nothing, None, weight=0.0),
            Step("label", _nothing, None, weight=0.0),
        )

    def _generate(self, wish: Wish, job: "Job", work: "Work", folder: Path) -> "Iterator[Progress | Made]":
        try:
            from rushes.hosted.service import Service
        except ModuleNotFoundError as error:
            raise UsageError(f"{error.name} is missing: pip install 'rushes[hosted]'") from error
        from rushes.hosted.filming import PACE, Clip, Filming
        from rushes.hosted.task_log import TaskLog
        from rushes.studio.desk import Desk
        from rushes.studio.jobs.heartbeat import Progress

        desk = Desk(self._store, job.tenant_id, job.person_id)
        account = check_may_leave(desk, work.take.project_id)
        log, key = TaskLog(self._folder / account.name), _key(job.tenant_id, wish)
        with Service(account) as service:
            told = partial(_tell, desk, work.take.id)
            filming = Filming(
                service, wish, log, key, told, partial(_is_cancelled, desk, job.id), self._pace or PACE
            )
            with closing(filming.film(folder / "master.mp4")) as events:
                for event in events:
                    if isinstance(event, Clip):
                        yield _made(event, wish, account)
                    else:
                        yield Progress(event.done, event.doing)


def _made(clip: "Clip", wish: Wish, account: Account) -> "Made":
    from rushes.studio.production import Made

    cost = wish.cost(account.region)
    length = {"num_frames": clip.facts.num_frames, "frame_rate": str(clip.facts.frame_rate)}
    facts = {
        "service": account.host, "region": account.region, "model": wish.model.remote_name,
        "task": clip.task.id, "cost": None if cost is None else str(cost), "billed_s": wish.seconds,
        **length,
    }  # fmt: skip
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Made(
        {"master": clip.path},
        length,
        model=wish.model.name,
        work=float(wish.seconds),
        notes=_findings(clip.facts, wish),
        recorded={"rushes": rushes.__version__, "made": made_at, "hosted": facts},
    )


def _findings(facts: "VideoFacts", wish: Wish) -> tuple[Any, ...]:
    """What a person should know of a clip that is not as it was ordered."""
    from rushes.studio.reviews import NewNote, Source

    if (facts.width, facts.height) == wish.size:
        return ()
    text = f"{wish.size[0]}x{wish.size[1]} was ordered and {facts.width}x{facts.height} came"
    return (NewNote(text, Source.CHECK, "hosted size"),)


def _finish(work: "Work", folder: Path) -> "Iterator[Progress | Made]":
    """The clip as it came, its index first, and a contact sheet of it."""
    from rushes.hosted.clip import draw_sheet, repackage
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.production import Made

    master, clip, sheet = work.file("generate", "master"), folder / "clip.mp4", folder / "sheet.png"
    repackage(master, clip)
    facts = work.value("generate")
    num_frames, frame_rate = facts["num_frames"], Fraction(facts["frame_rate"])
    for done in draw_sheet(clip, num_frames, frame_rate, sheet):
        yield Progress(done, "finish")
    yield Made({"clip": clip, "sheet": sheet}, model=work.take.request.model, work=float(num_frames))


def _key(tenant_id: str, wish: Wish) -> str:
    """What an order is known by: each tenant pays for its own."""
    return sha256(f"{tenant_id} {canonical_json(wish.settings())}".encode()).hexdigest()[:40]


def _tell(desk: "Desk", take_id: str, kind: str, detail: Mapping[str, Any]) -> None:
    with desk.store.write() as connection:
        desk.log(connection, take_id, kind, dict(detail))


def _is_cancelled(desk: "Desk", job_id: str) -> bool:
    """Whether somebody cancelled the job, so that no other attempt will want its task."""
    from rushes.studio.jobs.queue import find_job

    return find_job(desk, job_id).is_cancelled


def _words(wish: Wish) -> Stage:
    return Stage("enhance", 1, {"prompt": wish.prompt, "context_text": wish.prompt})


def _note_words(work: "Work", _folder: Path) -> "Iterator[Progress | Made]":
    from rushes.studio.production import Made

    yield Made(value={"prompt": work.take.request.prompt})


def _nothing(_work: "Work") -> tuple[Stage, ...]:
    return ()


def hosted_camera() -> HostedCamera:
    """What makes takes of hosted models in the studio of this machine, which keeps its orders too."""
    from rushes.cli.desk import open_studio

    return HostedCamera(open_studio().desk.store, Settings.from_environment().studio / "hosted")
