"""``rushes shoot`` with a hosted model: what leaves and what it costs is said first, then takes are made."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from rushes.cli.asking import Asking, asking
from rushes.cli.camera import Camera
from rushes.cli.desk import Studio, open_studio, print_json
from rushes.cli.hosted_takes import check_may_leave, describe_cost, estimate_hosted, plan_hosted
from rushes.cli.screen import Screen, counted, duration
from rushes.cli.watching import Watching
from rushes.core.errors import UsageError
from rushes.hosted.account import Account
from rushes.hosted.wish import Wish

if TYPE_CHECKING:
    from rushes.studio.projects import Project
    from rushes.studio.shooting import Submitted
    from rushes.studio.takes import TakeRequest

_OF_THIS_MACHINE = {"memory_budget": None, "devices": 1, "save_every": None, "previews": None}


def shoot_hosted(context: typer.Context) -> None:
    """``rushes shoot`` with the options of ``context``, for a hosted model."""
    if context.params["shot"]:
        _shoot_shot(context)
    elif context.params["dry_run"]:
        raise UsageError("--dry-run is for takes of the studio: add --shot, or leave it out")
    else:
        _shoot_words(context)


def _shoot_shot(context: typer.Context) -> None:
    """Takes of a project's shot, with seeds that follow one another; or what they would cost."""
    from rushes.studio.shots import find_shot

    params, asked = context.params, _asked(context)
    project, takes = params["project"], params["takes"]
    studio, screen = open_studio(), Screen(params["quiet"], params["as_json"])
    ours = studio.project(project)
    shot = find_shot(studio.desk, ours.id, params["shot"].upper())
    requests = _requests(params, params["prompt"] or shot.words.text, asked, takes)
    wish = plan_hosted(requests[0], len(asked.given.roles()))
    if params["dry_run"]:
        _foretell(studio, ours, shot.code, wish, params)
        return
    screen.say("remote", describe_cost(wish, check_may_leave(studio.desk, ours.id), takes))
    documents = _make(studio, [shot.id] * takes, requests, screen)
    if params["as_json"]:
        print_json({"takes": documents})


def _shoot_words(context: typer.Context) -> None:
    """Clips of a prompt: takes of the inbox, and files beside each other."""
    from rushes.cli.clip_files import deliver_files, files_for
    from rushes.studio.shooting import inbox_shot
    from rushes.studio.takes import find_take

    params, asked = context.params, _asked(context)
    studio, screen = open_studio(), Screen(params["quiet"], params["as_json"])
    prompt = params["prompt"]
    requests = _requests(params, prompt, asked, params["variants"])
    wish = plan_hosted(requests[0], len(asked.given.roles()))
    files = files_for(params["output"], requests[0].seed, params["variants"])
    account = check_may_leave(studio.desk, studio.project("").id)
    screen.say("remote", describe_cost(wish, account, params["variants"]))
    shots = [inbox_shot(studio.desk, prompt)] * len(files)
    made = []
    for document, clip in zip(_make(studio, shots, requests, screen), files, strict=True):
        recipe = deliver_files(studio, find_take(studio.desk, document["id"]), clip)
        shown = {"video": str(clip.video), "sheet": str(clip.sheet), "take": document["code"]}
        made.append({**shown, "recipe": recipe})
        screen.say("wrote", f"{clip.video}, {clip.sheet.name}, {clip.recipe.name}")
    if params["as_json"]:
        print_json({"takes": made})


def _asked(context: typer.Context) -> Asking:
    """What the takes are told; UsageError for what only this machine's models know."""
    wrong = [name for name, usual in _OF_THIS_MACHINE.items() if context.params[name] != usual]
    if wrong:
        names = ", ".join("--" + name.replace("_", "-") for name in wrong)
        raise UsageError(f"{names} means nothing to a hosted model: leave it out")
    return asking(context)


def _requests(params: Mapping[str, Any], prompt: str, asked: Asking, count: int) -> "list[TakeRequest]":
    from rushes.studio.takes import TakeRequest

    seed = secrets.randbelow(10**6) if params["seed"] is None else params["seed"]
    first = TakeRequest(prompt, seed, params["model"], asked.settings)
    return [replace(first, seed=seed + number) for number in range(count)]


def _make(
    studio: Studio, shots: list[str], requests: "list[TakeRequest]", screen: Screen
) -> list[dict[str, Any]]:
    """Write all takes down before the first is ordered: a stop leaves them queued, not lost."""
    from rushes.cli.shot_takes import make_all
    from rushes.cli.take_steps import Filmer
    from rushes.studio.shooting import Terms, submit_take

    new: list[Submitted] = []
    for shot_id, request in zip(shots, requests, strict=True):
        seconds = estimate_hosted(studio.desk, plan_hosted(request))
        new.append(submit_take(studio.desk, shot_id, request, Terms(is_held=True, estimate_s=seconds)))
    return make_all(studio, new, screen, Filmer(Camera(Watching(screen)), studio.files))


def _foretell(studio: Studio, project: "Project", shot: str, wish: Wish, params: Mapping[str, Any]) -> None:
    """Say where words would go, what that costs and how long it may take; nothing is sent."""
    account, takes = Account.from_environment(), params["takes"]
    seconds = takes * estimate_hosted(studio.desk, wish)
    cost = wish.cost(account.region)
    is_allowed = project.policy.get("remote") is True
    if params["as_json"]:
        facts = {"shot": shot, "takes": takes, "estimate_s": round(seconds, 1), "host": account.host}
        money = None if cost is None else {"amount": float(cost.amount * takes), "currency": cost.currency}
        print_json({**facts, "cost": money, "may_leave": is_allowed})
        return
    price = describe_cost(wish, account, takes)
    print(f"{counted(takes, 'take')} of {shot}, about {duration(seconds)}; {price}")
    if not is_allowed:
        print(f"project {project.code} does not allow it yet: rushes project policy {project.code} --remote")
