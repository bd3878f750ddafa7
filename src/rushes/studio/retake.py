"""From a note to a retake: one thing in the words changes, the seed and all else stay."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.concepts import Lexicon
from rushes.language.edit import added, replaced
from rushes.language.parse import parse
from rushes.language.spec import Found, ShotSpec
from rushes.studio.desk import Desk
from rushes.studio.reviews import Note, close_note
from rushes.studio.shooting import PLAIN, Submitted, Terms, submit_take
from rushes.studio.takes import Origin, Relation, Take, TakeRequest, master_of

# Words of letters with spaces between them; any other character is a word of its own.
_WORD = re.compile(r"[A-Za-z0-9'-]+|[가-힣]+|\s+|.")


@dataclass(frozen=True)
class Patch:
    """What a note does to a prompt; for a person to look at before anything is made."""

    before: str
    after: str
    reason: str

    def diff(self) -> tuple[str, ...]:
        """The words with + and - before those that changed."""
        before, after = _WORD.findall(self.before), _WORD.findall(self.after)
        lines = []
        for kind, start, end, first, last in SequenceMatcher(None, before, after, False).get_opcodes():
            if kind != "equal":
                old, new = "".join(before[start:end]).strip(), "".join(after[first:last]).strip()
                lines += [f"- {old}"] * bool(old) + [f"+ {new}"] * bool(new)
        return tuple(lines)


def patch_for(prompt: str, note: str) -> Patch:
    """The prompt with the one thing changed that the note asks for, in any of the four languages.

    ``snow, not rain`` puts snow in the place of rain; ``at night`` replaces the time, or adds it where there
    is none. Raises UsageError for a note that names nothing, or more than one thing.
    """
    wish, spec = parse(note), parse(prompt)
    wanted = [found for found in wish.everything() if not found.negated]
    unwanted = [found for found in wish.everything() if found.negated]
    if len(wanted) != 1 or len(unwanted) > 1:
        raise UsageError(
            f"note {note!r} names {len(wanted)} things to see and {len(unwanted)} to avoid: say one, like "
            "'snow, not rain', or give the new words with --prompt"
        )
    concept = Lexicon.load().concepts[wanted[0].concept]
    place = _place(spec, wanted[0], unwanted[0] if unwanted else None)
    if place is None:
        return Patch(prompt, added(spec, concept), f"{concept.id} is added")
    return Patch(prompt, replaced(spec, place, concept), f"{concept.id} in place of {place.concept}")


def retake(desk: Desk, take: Take, prompt: str, note: Note | None = None, terms: Terms = PLAIN) -> Submitted:
    """Submit the child of a take: other words, same seed and settings. The note it answers closes."""
    request = asked_again(desk, take, prompt)
    origin = Origin(Relation.RETAKE, take.id, note.id if note else None)
    new = submit_take(desk, take.shot_id, request, terms, origin, take.inputs)
    if note is not None and note.closed_at is None:
        with desk.store.write() as connection:
            close_note(connection, desk, note.id)
    return new


def asked_again(desk: Desk, take: Take, prompt: str) -> TakeRequest:
    """The take's request in other words; of candidates the one that was delivered and seen, alone."""
    request = replace(take.request, prompt=prompt)
    master = master_of(desk, take.id)
    chosen = None if master is None else _chosen_seed(master.recipe)
    if chosen is None:
        return request
    return replace(request, seed=chosen, settings={**request.settings, "candidates": 1})


def _chosen_seed(recipe: Mapping[str, Any]) -> int | None:
    """Seed of the candidate a recipe delivered; None where there was but one clip."""
    choice = recipe.get("recorded", {}).get("candidates")
    return None if choice is None else int(choice["chosen_seed"])


def changes(before: TakeRequest, after: TakeRequest) -> dict[str, tuple[Any, Any]]:
    """What differs between two requests, by name: the proof that a retake changed one thing."""
    return _differing(_flat(asdict(before)), _flat(asdict(after)))


def recipe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between the settings of two recipes, by ``stage.setting``; of candidates, the best."""
    return _differing(_settings(before), _settings(after))


def _place(spec: ShotSpec, wanted: Found, unwanted: Found | None) -> Found | None:
    """What the wish is put in place of; None where there is no such thing in the prompt."""
    present = [found for found in spec.everything() if not found.negated]
    if unwanted is not None:
        meant = [found for found in present if unwanted.concept in (found.concept, *found.broader)]
    else:
        meant = [found for found in present if found.kind == wanted.kind]
    if len(meant) > 1:
        names = ", ".join(found.concept for found in meant)
        raise UsageError(
            f"{wanted.concept} could replace {names}: say which, like '{wanted.concept}, not ...'"
        )
    return meant[0] if meant else None


def _settings(recipe: Mapping[str, Any]) -> dict[str, Any]:
    stages = {
        stage["name"]: {**stage["settings"], "revision": stage["revision"]} for stage in recipe["stages"]
    }
    chosen = _chosen_seed(recipe)
    if chosen is not None:
        stages.pop("pick", None)
        for name in ("candidates", "halve_after"):
            stages["denoise"].pop(name, None)
        stages["denoise"]["seed"] = chosen
    return _flat(stages)


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, Mapping):
            flat.update(_flat(each, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = each
    return flat


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({*before, *after})
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }
