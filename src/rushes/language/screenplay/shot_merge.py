"""The shots of a list placed in a new version of the script, and the new script's shots that are missing."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.scene import digest
from rushes.language.screenplay.shot import Shot, ShotStatus, Span
from rushes.language.screenplay.unit import Unit, shingles
from rushes.language.screenplay.unit_links import UnitLink

_ELSEWHERE = "its scene's place or light changed"
_SENTENCE_ENDS = frozenset(".!?。！？…\"'”’」』）)")


# What a picture shows of a heading: inside or outside, where and when; not its number.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Version:
    """One version of the script: its units, its scenes' places by their ids, and the names of its people."""

    source: str
    units: list[Unit]
    places: dict[str, Place]
    names: frozenset[str]


class ShotMerge:
    """Places the shots of the list, points those whose words changed at the new words, then adds what the new
    script has and no shot shows.

    ``declined`` are the base's own shots, by coverage and text, that people took out of the list.
    """

    def __init__(
        self,
        old: Version,
        new: Version,
        links: dict[int, UnitLink],
        proposals: list[Shot],
        scene_at: list[str],
        heirs: dict[str, str],
        declined: Counter[tuple[str, str]],
    ) -> None:
        self._old_source, self._new_source = old.source, new.source
        self._old, self._new = old.units, new.units
        self._old_places, self._new_places = old.places, new.places
        self._renamed = old.names - new.names
        self._links = links
        self._proposals = proposals
        self._scene_at = scene_at
        self._heirs = heirs
        self._declined = declined
        self._old_at = _Finder(self._old)
        self._new_at = _Finder(self._new)
        self._taken: set[int] = set()
        self._by_text: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._of_text: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_unit: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, proposal in enumerate(proposals):
            self._by_text[proposal.coverage, proposal.text].append(index)
            self._of_text[proposal.coverage, proposal.text].append(index)
            for unit in {self._new_at.index(span) for span in self._primary(proposal.spans)}:
                if unit is not None:
                    self._by_unit[proposal.coverage, unit].append(index)

    def shots(self, ours: Sequence[Shot]) -> list[Shot]:
        """Ours, placed anew, and the proposals that are left, in the order of the script."""
        placed = [self._placed(shot) for shot in ours]
        self._take_settled([shot for shot, changed in placed if not changed])
        rewritten = [self._rewritten(shot, changed) if changed else shot for shot, changed in placed]
        moved = [self._with_names_of_today(shot) for shot in rewritten]
        shown = _Shown(moved)
        of_notes = Counter((shot.scene_id, shot.script_text) for shot in moved if not shot.spans)
        ids = {shot.id for shot in moved}
        added = []
        for index, proposal in enumerate(self._proposals):
            if index in self._taken or _take_one(self._declined, (proposal.coverage, proposal.text)):
                continue
            if not proposal.spans and _take_one(of_notes, (proposal.scene_id, proposal.text)):
                continue
            missing = self._not_shown(proposal, shown)
            if missing is None:
                continue
            shot_id = missing.id
            while shot_id in ids:
                shot_id = "sh-" + digest(f"{shot_id}|{missing.text}")
            ids.add(shot_id)
            added.append(replace(missing, id=shot_id, code=""))
        return self._in_order(moved, added)

    def _not_shown(self, proposal: Shot, shown: "_Shown") -> Shot | None:
        """The proposal, or what is left of it where shots of ours show part of its words."""
        words = self._primary(proposal.spans)
        left = [rest for span in words for rest in shown.rest(span) if self._says(rest)]
        if not words or tuple(left) == words:
            return proposal
        if not left:
            return None
        text = " ".join(self._new_source[span.start : span.end].strip() for span in left)
        return replace(proposal, spans=tuple(left), text=text, script_text=text)

    def _says(self, span: Span) -> bool:
        return any(character.isalnum() for character in self._new_source[span.start : span.end])

    def _placed(self, shot: Shot) -> tuple[Shot, list[int]]:
        """One shot of ours with its words found in the new script, and the new units that say otherwise."""
        if shot.status is ShotStatus.ORPHAN:
            return self._revived(shot), []
        if not shot.spans:
            return self._without_words(shot), []
        spans, reasons, changed = [], [], []
        for span in shot.spans:
            found, reason, unit = self._moved_span(span)
            if found:
                spans.append(found)
            if reason:
                reasons.append(reason)
            if unit is not None:
                changed.append(unit)
        words = self._primary(tuple(spans))
        if not words and self._old_words(shot.spans):
            return replace(shot, spans=(), status=ShotStatus.ORPHAN, reason="its words left the script"), []
        scene_id = self._scene_of(words or tuple(spans), shot.scene_id)
        if not reasons and self._is_elsewhere(shot, scene_id):
            reasons.append(_ELSEWHERE)
        shot = replace(shot, spans=tuple(spans), scene_id=scene_id)
        if not reasons:
            return replace(shot, status=_settled(shot.status)), []
        return replace(shot, status=ShotStatus.STALE, reason=reasons[0]), changed

    def _take_settled(self, shots: Sequence[Shot]) -> None:
        """No proposal is free whose words a shot of its coverage still shows."""
        by_coverage: dict[str, list[Shot]] = defaultdict(list)
        for shot in shots:
            by_coverage[shot.coverage].append(shot)
        shown = {coverage: _Shown(some) for coverage, some in by_coverage.items()}
        for index, proposal in enumerate(self._proposals):
            words = self._primary(proposal.spans)
            if words and proposal.coverage in shown:
                rests = (rest for span in words for rest in shown[proposal.coverage].rest(span))
                if not any(self._says(rest) for rest in rests):
                    self._taken.add(index)

    def _revived(self, shot: Shot) -> Shot:
        """An orphan whose very words are back in the script is an orphan no more."""
        proposal = self._next_free(self._by_text[shot.coverage, shot.script_text])
        if proposal is None or not proposal.spans:
            return replace(shot, scene_id=self._heirs.get(shot.scene_id, shot.scene_id))
        return replace(
            shot,
            spans=proposal.spans,
            scene_id=proposal.scene_id,
            status=ShotStatus.STALE,
            reason="its words left the script and came back",
        )

    def _most_alike(self, indices: list[int], words: str) -> Shot | None:
        """Of the proposals that are free, the one that says most of the ``words``; it is taken now."""
        free = [index for index in indices if index not in self._taken]
        if not free:
            return None
        mine = shingles(words.casefold())
        best = max(
            free, key=lambda index: (len(mine & shingles(self._proposals[index].text.casefold())), -index)
        )
        self._taken.add(best)
        return self._proposals[best]

    def _next_free(self, indices: list[int]) -> Shot | None:
        """The first of the proposals that no shot of ours took; it is taken now."""
        while indices:
            index = indices.pop(0)
            if index not in self._taken:
                self._taken.add(index)
                return self._proposals[index]
        return None

    def _with_names_of_today(self, shot: Shot) -> Shot:
        """A shot of `She waits.` has the person's new name where the script gave one."""
        if shot.status is ShotStatus.ORPHAN or self._renamed.isdisjoint(shot.characters):
            return shot
        alike = (self._proposals[index] for index in self._of_text[shot.coverage, shot.script_text])
        today = next((each.characters for each in alike if each.scene_id == shot.scene_id), shot.characters)
        return replace(shot, characters=today)

    def _without_words(self, shot: Shot) -> Shot:
        """Inserts and adverts follow their scene."""
        if shot.scene_id not in self._heirs:
            return replace(shot, status=ShotStatus.ORPHAN, reason="its scene left the script")
        scene_id = self._heirs[shot.scene_id]
        if self._is_elsewhere(shot, scene_id):
            return replace(shot, scene_id=scene_id, status=ShotStatus.STALE, reason=_ELSEWHERE)
        return replace(shot, scene_id=scene_id, status=_settled(shot.status))

    def _is_elsewhere(self, shot: Shot, scene_id: str) -> bool:
        """Whether the place or the light of a shot is another in its new scene."""
        return self._old_places.get(shot.scene_id) != self._new_places.get(scene_id)

    def _moved_span(self, span: Span) -> tuple[Span | None, str, int | None]:
        """(where the words stand now, why the shot is stale, index of the new unit that changed)."""
        index = self._old_at.index(span)
        link = self._links.get(index) if index is not None else None
        if index is None or link is None:
            return None, "some of its words left the script", None
        old, new = self._old[index], self._new[link.new]
        now = self._new_source[new.start : new.end]
        if old.kind is ElementKind.SCENE_HEADING:
            return Span(new.start, new.end), "", None
        if span == Span(old.start, old.end) and link.is_same:
            return Span(new.start, new.end), "", None
        if link.is_same or old.kind is not ElementKind.CHARACTER:
            # A sentence that stayed in a paragraph that changed; what is said is heard as a whole.
            words = self._old_source[span.start : span.end].strip()
            at = _sentence_in(now, words)
            if at >= 0:
                return Span(new.start + at, new.start + at + len(words)), "", None
        if link.is_same:
            return Span(new.start, new.end), "", None
        return Span(new.start, new.end), "its words changed", link.new

    def _rewritten(self, shot: Shot, changed: list[int]) -> Shot:
        """Point a stale shot at the rule's shot of the changed words; a text that a person wrote stays."""
        proposal = self._most_alike(self._by_unit[shot.coverage, changed[0]], shot.script_text)
        if proposal is None:
            return shot
        shot = replace(shot, spans=proposal.spans)
        if shot.text != shot.script_text:
            reason = f"{shot.reason}, and so had the shot's text"
            return replace(shot, script_text=proposal.script_text, reason=reason)
        return replace(
            shot,
            text=proposal.text,
            script_text=proposal.script_text,
            characters=proposal.characters,
            duration_s=proposal.duration_s,
        )

    def _primary(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """The spans without the scene's heading, which the opening shot also holds."""
        return tuple(span for span in spans if not self._new_at.is_heading(span))

    def _old_words(self, spans: tuple[Span, ...]) -> bool:
        return any(not self._old_at.is_heading(span) for span in spans)

    def _scene_of(self, spans: tuple[Span, ...], before: str) -> str:
        index = self._new_at.index(spans[0]) if spans else None
        if index is None or self._new[index].scene < 0:
            return self._heirs.get(before, before)
        return self._scene_at[self._new[index].scene]

    def _in_order(self, moved: list[Shot], added: list[Shot]) -> list[Shot]:
        """By scene and first word; a shot without words stays behind the one it stood behind."""
        scenes = {scene_id: index for index, scene_id in enumerate(self._scene_at)}
        last = len(scenes)
        keys: list[tuple[int, int, int, int]] = []
        places: dict[str, int] = {}
        for index, shot in enumerate(moved):
            spans = self._primary(shot.spans)
            start = min(span.start for span in spans) if spans else places.get(shot.scene_id, -1)
            places[shot.scene_id] = start
            keys.append((scenes.get(shot.scene_id, last), start, 0, index))
        for index, shot in enumerate(added):
            spans = self._primary(shot.spans)
            start = min(span.start for span in spans) if spans else places.get(shot.scene_id, -1)
            places[shot.scene_id] = start
            keys.append((scenes.get(shot.scene_id, last), start, 1, index))
        every = [*moved, *added]
        return [every[index] for index in sorted(range(len(every)), key=lambda index: keys[index])]


class _Finder:
    """The unit that holds a span."""

    def __init__(self, units: list[Unit]) -> None:
        self._units = units
        self._starts = [unit.start for unit in units]

    def index(self, span: Span) -> int | None:
        at = bisect_right(self._starts, span.start) - 1
        return at if at >= 0 and span.start < self._units[at].end else None

    def is_heading(self, span: Span) -> bool:
        at = self.index(span)
        return at is not None and self._units[at].kind is ElementKind.SCENE_HEADING


class _Shown:
    """The stretches of the new script that shots already show."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        spans = sorted((span.start, span.end) for shot in shots for span in shot.spans)
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in spans:
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def rest(self, span: Span) -> list[Span]:
        """The parts of ``span`` that no shot shows."""
        rest = []
        start = span.start
        at = max(0, bisect_right(self._starts, span.start) - 1)
        while at < len(self._starts) and self._starts[at] < span.end:
            if self._starts[at] > start:
                rest.append(Span(start, self._starts[at]))
            start = max(start, self._ends[at])
            at += 1
        if start < span.end:
            rest.append(Span(start, span.end))
        return rest


def _take_one(counts: Counter[tuple[str, str]], key: tuple[str, str]) -> bool:
    """Whether there is one left of ``key``, which is then taken."""
    if counts[key] <= 0:
        return False
    counts[key] -= 1
    return True


def _sentence_in(text: str, words: str) -> int:
    """Where ``words`` stand in ``text`` as whole sentences, or -1."""
    at = text.find(words) if words else -1
    if at < 0:
        return -1
    before, after = text[:at].rstrip(), text[at + len(words) :]
    begins = not before or before[-1] in _SENTENCE_ENDS or before in ("!", "△", "▲")
    ends = not after.strip() or words[-1] in _SENTENCE_ENDS
    return at if begins and ends else -1


def _settled(status: ShotStatus) -> ShotStatus:
    """What was new in the last version is not new in this; what is stale stays so until a person looks."""
    return ShotStatus.KEPT if status is ShotStatus.NEW else status
