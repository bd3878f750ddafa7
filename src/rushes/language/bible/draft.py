"""A first bible out of a breakdown: everybody and everything in it, described as far as the script does."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from rushes.language.bible.entry import Bible, Entry, EntryKind, SceneDescription
from rushes.language.bible.person_words import described
from rushes.language.bible.pronoun import Case
from rushes.language.bible.resolve import pronouns_after
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.people import speaker_names
from rushes.language.screenplay.words import AGE, fold

# What is said of somebody tells it outright: `女，32岁`, `(32세, 여)`, `50, grey beard`.
_APART = r"(?:^|[\s，,、/／])(?:{})(?=$|[\s，,、/／])"
_WOMAN = re.compile(
    _APART.format(
        r"女\w{0,3}|少女|여성?|여자|소녀|female|woman|girl|mother|grandmother|sister|wife|daughter"
        r"|(?:the )?(?:waitress|actress|lady|queen|princess|bride|nun|widow|hostess|nanny)"
        r"|母|妹|姉|妻|娘|祖母|母亲|妈妈|奶奶|姐姐|妹妹|妻子|어머니|엄마|누나|언니|여동생|아내|딸|할머니"
    )
)
_MAN = re.compile(
    _APART.format(
        r"男\w{0,3}|少年|남성?|남자|소년|male|man|boy|father|grandfather|brother|husband"
        r"|(?:the )?(?:gentleman|king|prince|groom|monk|widower)"
        r"|父|兄|弟|夫|息子|祖父|父亲|爸爸|爷爷|哥哥|弟弟|丈夫|아버지|아빠|형|오빠|남동생|남편|아들|할아버지"
    )
    + r"|beard|mo?ustache|stubble|胡子|胡须|络腮胡|ひげ|髭|수염"
)
# `Voss grips the wheel. Beside her, ...`: who opens a sentence in this way was named in the one before.
_BESIDE_WHOM = {"her": "she", "him": "he"}
_BESIDE = re.compile(
    r"[.!?] (?:Beside|Behind|Next to|Opposite|Around|Near|In front of|Across from|With) (her|him)\b"
)
_AGED = re.compile(rf"\s?[（(]([^（）()\n]{{0,40}}?({AGE})[^（）()\n]{{0,80}})[）)]")
_AGE = re.compile(AGE)
# Who was named is still meant past what they say, and past what nobody films.
_BETWEEN = frozenset(
    (ElementKind.BLANK, ElementKind.NOTE, ElementKind.PARENTHETICAL, ElementKind.DIALOGUE, ElementKind.LYRICS)
)


def draft_bible(breakdown: Breakdown) -> Bible:
    """One entry for each person, prop and place; ids are made of names, so the same script gives the same."""
    pronouns = _likely_pronouns(breakdown)
    changes = _other_ages(breakdown, pronouns)
    entries = [
        Entry(
            id=f"cast-{character.name}",
            kind=EntryKind.CAST,
            name=character.name,
            aliases=character.aliases,
            pronouns=pronouns.get(character.name, ()),
            description=described(
                character.name, character.description, pronouns.get(character.name, ()), breakdown.language
            ),
            changes=tuple(changes[character.name]),
        )
        for character in breakdown.characters
    ]
    entries += [
        Entry(f"prop-{prop.id}", EntryKind.PROP, prop.words[0], aliases=prop.words[1:])
        for prop in breakdown.props
    ]
    places: dict[str, str] = {}
    for scene in breakdown.scenes:
        if scene.location:
            places.setdefault(fold(scene.location), scene.location)
    entries += [Entry(f"location-{place}", EntryKind.LOCATION, place) for place in places.values()]
    return Bible(tuple(entries))


def merge_bibles(ours: Bible, draft: Bible) -> Bible:
    """What people wrote stays; the draft adds entries and names that are new, and says what nobody did."""
    known = ours.by_id()
    names = ours.names()
    entries = dict(known)
    for entry in draft.entries:
        if entry.id in known:
            old = known[entry.id]
            added = tuple(name for name in entry.aliases if name not in names)
            entries[entry.id] = replace(
                old,
                aliases=(*old.aliases, *added),
                pronouns=old.pronouns or entry.pronouns,
                description=old.description or entry.description,
                changes=old.changes or entry.changes,
            )
        elif entry.name not in names:
            entries[entry.id] = entry
    return Bible(tuple(entries.values()))


def follow_scenes(bible: Bible, heirs: Mapping[str, tuple[str, ...]]) -> Bible:
    """The bible of a newer script: how somebody looks in a scene goes with it to its new numbers. ``heirs``
    maps each old number to those the scene has now."""
    return Bible(tuple(replace(entry, changes=_moved(entry.changes, heirs)) for entry in bible.entries))


def _moved(
    changes: tuple[SceneDescription, ...], heirs: Mapping[str, tuple[str, ...]]
) -> tuple[SceneDescription, ...]:
    moved = (
        replace(each, scene=scene) for each in changes for scene in heirs.get(each.scene) or (each.scene,)
    )
    return tuple({change.scene: change for change in reversed(list(moved))}.values())[::-1]


def _likely_pronouns(breakdown: Breakdown) -> dict[str, tuple[str, ...]]:
    """Paragraphs that name one person tell by the pronouns behind the name which are theirs: who acts says
    more than whose something is, and `Tom pulls her out` says nothing of Tom."""
    canonical = {
        name: character.name
        for character in breakdown.characters
        for name in (character.name, *character.aliases)
    }
    finder = NameFinder(canonical)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    name = ""
    for element in breakdown.elements:
        if element.kind is not ElementKind.ACTION:
            # `A torch in her hand.` is still of who was named before it, until somebody else has a line.
            is_own = element.kind is ElementKind.CHARACTER and name in (
                canonical.get(each) for each in speaker_names(element.words)
            )
            name = name if is_own or element.kind in _BETWEEN else ""
            continue
        named = [(span.end, canonical[each]) for each, span in finder.find(element.words)]
        start = 0
        if named:
            start, name = named[0]
        # Past the first name of somebody else nobody knows who is meant.
        others = [at for at, each in named if each != name]
        words = element.words[: others[0] if others else None]
        behind = [*pronouns_after(words, start, breakdown.language)] if name else []
        behind += [(_BESIDE_WHOM[word], Case.POSSESSIVE) for word in _BESIDE.findall(words, start)]
        acting = {kind for kind, case in behind if case is Case.SUBJECT}
        for kind, case in behind if name else ():
            # Where a she and a he act, one of them is somebody else, and who is not told.
            if kind in ("she", "he") and not acting >= {"she", "he"}:
                votes[name][kind] += int(case)
        if others:
            name = ""
    likely: dict[str, tuple[str, ...]] = {
        name: (counts.most_common(1)[0][0],) for name, counts in votes.items() if _is_clear(counts)
    }
    for each in breakdown.characters:
        is_woman, is_man = (bool(words.search(each.description.lower())) for words in (_WOMAN, _MAN))
        if is_woman != is_man:
            likely[each.name] = ("she" if is_woman else "he",)
    return likely


def _other_ages(
    breakdown: Breakdown, pronouns: Mapping[str, tuple[str, ...]]
) -> dict[str, list[SceneDescription]]:
    """By name, how somebody looks in a scene that gives them another age: `回想: 幼い美咲（8）`."""
    known = {
        name: character for character in breakdown.characters for name in (character.name, *character.aliases)
    }
    finder = NameFinder(known)
    changes: dict[str, list[SceneDescription]] = defaultdict(list)
    for scene in breakdown.scenes:
        for element in breakdown.elements:
            is_told = element.kind in (ElementKind.ACTION, ElementKind.SCENE_HEADING)
            if not (is_told and scene.start <= element.start < scene.end):
                continue
            for each, span in finder.find(element.words):
                found, character = _AGED.match(element.words, span.end), known[each]
                age = _AGE.search(character.description)
                if found and age and found[2] != age.group():
                    whose = pronouns.get(character.name, ())
                    looks = described(character.name, found[1].strip(), whose, breakdown.language)
                    changes[character.name].append(SceneDescription(scene.number, looks))
    return changes


def _is_clear(counts: Counter[str]) -> bool:
    first = [*counts.most_common(2), ("", 0)]
    return first[0][1] > first[1][1]
