"""A shot list out of a scene, by rules: the same script gives the same list every time.

1. A scene opens wide, on its first action.
2. Action is cut at sentences into shots no longer than the model's five seconds: close on a thing, medium on
   one person, medium wide on several, wide on nobody.
3. Where two people answer one another at once, a master shares that exchange with the singles of those who
   speak; not where something is done in between, which may be an entrance, nor where they are on the phone.
4. A speech is a single of its speaker, tighter when the same person goes on. A voice from elsewhere is a
   reaction of who hears it; a narration shows who tells it, where they are in the scene.
5. Words on screen (`SUPER:`, 字幕, テロップ, 자막) are a title; `INTERCUT` and `MONTAGE` lines show nothing.
6. `CLOSE ON`, 特写, アップ, 인서트 and the like ask for an insert, and so does a note `[[insert: the key]]`,
   which has no words of the script.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from rushes.language.screenplay.duration import action_seconds, aside_seconds, speech_seconds
from rushes.language.screenplay.element import SPOKEN, Element, ElementKind, Screenplay
from rushes.language.screenplay.emphasis import plain
from rushes.language.screenplay.lines import WRAPPED_WIDTH
from rushes.language.screenplay.montage import bullets, without_bullet
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.people import Character, is_narration, is_off_screen, speaker_names
from rushes.language.screenplay.props import find_props
from rushes.language.screenplay.scene import ScenePart
from rushes.language.screenplay.sentence import goes_on
from rushes.language.screenplay.shot import Coverage, Span
from rushes.language.screenplay.words import fold, trade_words

LONGEST_SHOT_S = 5.0  # 81 frames at 16 fps
_SENTENCE = re.compile(r"[^.!?。！？…\n]*(?:[.!?。！？…]+[\"'”’」』）)]*|\n|$)\s*")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’」』）)]{0,8}\s{0,8}$")
_LETTER = re.compile(r"[^\W_]")
_LONGEST_CUE = 48
_LONGEST_CHUNK = 1000  # characters; words without letters take no time
_CUE = re.compile(
    r"(?:INSERT|CLOSE ON|CLOSE[- ]?UP|ANGLE ON|EXTREME CLOSE[- ]UP|ECU|CU)\b[\s:—–-]*"
    r"|[【\[（(]?(?:大特写|特写|插入|近景)(?:镜头)?(?:[】\]）)]|\s?[:：—-]{1,2})?"
    r"|(?:アップ|インサート|挿入)\s?[:：・―-]?|(?:인서트|클로즈 ?업)\s?[-–:.]?\s?",
    re.IGNORECASE,
)
# Words on screen, and lines that say how scenes are cut together: neither is a picture of the place.
_TITLE_CUE = re.compile(
    r"(?:SUPER(?:IMPOSE)?|TITLE(?: CARD)?|CHYRON|LOWER THIRD)\s?[:：-]\s?"
    r"|[【\[（(]?(?:字幕|字卡|テロップ|スーパー|タイトル|자막|타이틀)(?:[】\]）)]|\s?[:：–-]\s?|(?=[「『“\"]))"
)
_CUTTING = re.compile(r"(?:INTERCUT|MONTAGE|SERIES OF SHOTS|(?:BEGIN|START|END)\b.*\bMONTAGE)\b[^a-z\n]*$")
_QUOTES = ' \t\u3000"“”「」『』《》'
# Whoever it is, it is one person.
_PRONOUN = re.compile(
    r"\b(?:s?he)\b|[她他](?!们|人)|彼女(?!たち)|彼(?=[はがもの])|그녀|그(?=[는가의]\s)", re.IGNORECASE
)
_NOTE_CUE = re.compile(
    r"(?:insert|shot|close on|close-up|cu|特写|插入|镜头|アップ|インサート|인서트|클로즈업)\s?[:：-]\s?",
    re.IGNORECASE,
)
_ON_PHONE = re.compile(r"phone|电话|手机|電話|携帯|스마트폰|휴대폰|전화", re.IGNORECASE)
_ACTED = frozenset([ElementKind.ACTION, ElementKind.SHOT])
_ELSEWHERE = {"zh": "画外音", "en": "off screen", "ja": "声", "ko": "소리"}


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """A shot without id and code."""

    coverage: Coverage
    size: str
    text: str
    characters: tuple[str, ...]
    duration_s: float
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Speech:
    speakers: tuple[str, ...]
    is_off_screen: bool
    is_narration: bool
    is_on_phone: bool
    words: str
    start: int
    end: int
    seconds: float

    @property
    def speaker(self) -> str:
        """Everybody who says it, in one word."""
        return " & ".join(self.speakers)


class Cast:
    """Finds the people of a script by any of their names; whoever it is goes by one name."""

    def __init__(self, people: Iterable[Character]) -> None:
        self._names = {name: each.name for each in people for name in (*each.aliases, each.name)}
        self._finder = NameFinder(self._names)

    def known(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names they go by, each once."""
        return tuple(dict.fromkeys(self._names.get(name, name) for name in names))

    def find(self, text: str) -> tuple[str, ...]:
        """Who is named in a text, in that order."""
        return self.known(name for name, _ in self._finder.find(text))


def plan_shots(play: Screenplay, part: ScenePart, cast: Cast, language: str) -> tuple[ShotPlan, ...]:
    """The shots of one scene in order."""
    planner = _Planner(play, part, cast, language)
    return tuple(planner.plan())


class _Planner:
    def __init__(self, play: Screenplay, part: ScenePart, cast: Cast, language: str) -> None:
        self._play = play
        self._part = part
        self._cast = cast
        self._language = language
        self._shots: list[ShotPlan] = []
        # The names of those in the scene, last seen or heard last; a dict, which moves a name in no time.
        self._present: dict[str, None] = {}
        self._cue: tuple[str, Span] | None = None
        self._last_speaker = ""

    def plan(self) -> list[ShotPlan]:
        speeches = list(_speeches(self._part.elements, self._cast))
        master = self._master(speeches)
        starts = {speech.start: speech for speech in speeches}
        for element in self._part.elements:
            if element.kind in _ACTED:
                self._action(element)
            elif element.kind not in (ElementKind.BLANK, ElementKind.BONEYARD):
                self._finish_cue()
            if element.kind is ElementKind.CHARACTER:
                if master and element.start == master.spans[0].start:
                    self._shots.append(master)
                self._speech(starts[element.start])
            elif element.kind is ElementKind.CENTERED:
                self._title(element, plain(element.words))
            elif element.kind is ElementKind.NOTE:
                self._note(element)
        self._finish_cue()
        self._open_wide()
        return self._shots

    def _master(self, speeches: list[_Speech]) -> ShotPlan | None:
        """Everybody in one picture over the first exchange, whose singles share its words."""
        shared = self._exchange(speeches)
        if not shared:
            return None
        speakers = tuple(dict.fromkeys(name for speech in shared for name in speech.speakers))
        spans = tuple(Span(speech.start, speech.end) for speech in shared)
        text = " ".join(f"{speech.speaker}: {speech.words}" for speech in shared)
        seconds = min(LONGEST_SHOT_S, round(sum(speech.seconds for speech in shared), 1))
        return ShotPlan(Coverage.MASTER, "medium_wide_shot", text, speakers, seconds, spans)

    def _exchange(self, speeches: list[_Speech]) -> list[_Speech]:
        """The first speeches up to an answer with nothing done in between; none where nobody answers."""
        acted = [each.start for each in self._part.elements if each.kind in _ACTED]
        if any(each.words.lstrip().startswith("INTERCUT") for each in self._part.elements):
            return []
        run: list[_Speech] = []
        for speech in speeches:
            if speech.is_off_screen or speech.is_on_phone:
                continue
            if run and bisect(acted, run[-1].end) != bisect(acted, speech.start):
                run = []
            run.append(speech)
            if speech.speakers != run[0].speakers:
                return run
        return []

    def _action(self, element: Element) -> None:
        words = element.words.lstrip()
        title = _TITLE_CUE.match(words)
        is_cut = len(words) <= _LONGEST_CUE and _is_cut(fold(words))
        if title or is_cut or _CUTTING.match(words):
            self._finish_cue()
            if title and words[title.end() :].strip(_QUOTES):
                self._title(element, words[title.end() :].strip(_QUOTES))
            return
        cue = _CUE.match(words)
        if cue and len(words) <= _LONGEST_CUE and not _SENTENCE_END.search(words):
            # `INSERT - THE PARCEL` names the thing; the paragraph below tells what is seen of it.
            self._finish_cue()
            self._cue = (words[cue.end() :].strip(" .:：-—") or words, Span(element.start, element.end))
            return
        before: tuple[str, ...] = ()
        for index, (chunk, start, end) in enumerate(_chunks(self._play, element)):
            text = chunk
            spans: tuple[Span, ...] = (Span(start, end),)
            is_insert = index == 0 and (cue is not None or self._cue is not None)
            if index == 0 and self._cue:
                text, spans = f"{self._cue[0]}: {chunk}", (self._cue[1], *spans)
                self._cue = None
            people = before = self._named(text) or self._meant(text, before)
            coverage = Coverage.INSERT if is_insert else Coverage.ACTION
            size = "close_up" if is_insert else self._size(text, people)
            self._shots.append(ShotPlan(coverage, size, text, people, _capped(action_seconds(text)), spans))
        self._last_speaker = ""

    def _finish_cue(self) -> None:
        """A cue with no paragraph below it is a shot by itself."""
        if self._cue:
            words, span = self._cue
            people = self._named(words)
            seconds = action_seconds(words)
            self._shots.append(ShotPlan(Coverage.INSERT, "close_up", words, people, seconds, (span,)))
            self._cue = None

    def _size(self, words: str, people: tuple[str, ...]) -> str:
        if len(people) > 1:
            return "medium_wide_shot"
        if people or _PRONOUN.search(words):
            return "medium_shot"
        return "close_up" if find_props(words, self._language) else "wide_shot"

    def _speech(self, speech: _Speech) -> None:
        if speech.is_off_screen:
            self._reaction(speech)
            return
        for name in speech.speakers:
            self._present.pop(name, None)
            self._present[name] = None
        self._single(speech, goes_on=self._last_speaker == speech.speaker)
        self._last_speaker = speech.speaker

    def _reaction(self, speech: _Speech) -> None:
        """Who hears a voice from elsewhere: the other person who was last seen or heard; else the place. Over
        what only the audience hears, whose thought it is."""
        others = (name for name in reversed(self._present) if name not in speech.speakers)
        listeners = tuple(islice(others, 1))
        if speech.is_narration and all(name in self._present for name in speech.speakers):
            listeners = speech.speakers
        size = "medium_close_up" if listeners else "wide_shot"
        text = f"{speech.speaker} ({_ELSEWHERE[self._language]}): {speech.words}"
        spans = (Span(speech.start, speech.end),)
        seconds = _capped(speech.seconds)
        self._shots.append(ShotPlan(Coverage.REACTION, size, text, listeners, seconds, spans))

    def _single(self, speech: _Speech, goes_on: bool) -> None:
        """One shot, or more where the speech is longer than a shot; every second one is tighter."""
        spans = (Span(speech.start, speech.end),)
        for index, (words, seconds) in enumerate(_parts_of_speech(speech)):
            is_tight = (index + goes_on) % 2 == 1
            size = "close_up" if is_tight else "medium_close_up"
            if len(speech.speakers) > 1:
                size = "medium_wide_shot"
            text = f"{speech.speaker}: {words}"
            self._shots.append(ShotPlan(Coverage.SINGLE, size, text, speech.speakers, seconds, spans))

    def _title(self, element: Element, words: str) -> None:
        spans = (Span(element.start, element.end),)
        self._shots.append(ShotPlan(Coverage.TITLE, "title", words, (), action_seconds(words), spans))

    def _note(self, element: Element) -> None:
        cue = _NOTE_CUE.match(element.words)
        if cue:
            words = element.words[cue.end() :].strip()
            people = self._named(words)
            self._shots.append(
                ShotPlan(Coverage.INSERT, "close_up", words, people, action_seconds(words), ())
            )

    def _open_wide(self) -> None:
        """The first action shot shows the place, and belongs to the heading too."""
        heading = self._part.elements[0]
        for index, shot in enumerate(self._shots):
            if shot.coverage is Coverage.ACTION:
                spans = shot.spans
                if heading.kind is ElementKind.SCENE_HEADING:
                    spans = (Span(heading.start, heading.end), *spans)
                self._shots[index] = replace(shot, size="wide_shot", spans=spans)
                return

    def _meant(self, words: str, before: tuple[str, ...]) -> tuple[str, ...]:
        """Whom `she` means: who was named just ``before``, else the only one in the scene so far."""
        one = before or tuple(islice(self._present, 2))
        return one if len(one) == 1 and _PRONOUN.search(words) else ()

    def _named(self, words: str) -> tuple[str, ...]:
        """The people whose names stand in the words, in that order; they are in the scene from now on."""
        names = self._cast.find(words)
        for name in names:
            self._present.setdefault(name, None)
        return names


def _is_cut(words: str) -> bool:
    return words in trade_words().transitions or words in trade_words().cuts


def _speeches(elements: tuple[Element, ...], cast: Cast) -> Iterator[_Speech]:
    """What each character line is followed by, with its remarks in brackets."""
    index = 0
    while index < len(elements):
        name = elements[index]
        index += 1
        if name.kind is not ElementKind.CHARACTER:
            continue
        words, asides, seconds, end = [], "", 0.0, name.end
        while index < len(elements) and elements[index].kind in {
            *SPOKEN,
            ElementKind.PARENTHETICAL,
            ElementKind.NOTE,
            ElementKind.BONEYARD,
        }:
            element = elements[index]
            end = element.end
            if element.kind in SPOKEN:
                words.append(_in_one_line(element.words))
                seconds += speech_seconds(element.words)
            elif element.kind is ElementKind.PARENTHETICAL:
                asides += element.words
                seconds += aside_seconds(element.words)
            index += 1
        text = " ".join(words).strip()
        speakers = cast.known(speaker_names(name.words))
        is_off, is_told = is_off_screen(name.words), is_narration(name.words)
        on_phone = bool(_ON_PHONE.search(f"{name.words} {asides}"))
        yield _Speech(speakers, is_off, is_told, on_phone, text, name.start, end, round(seconds, 1))


def _parts_of_speech(speech: _Speech) -> Iterator[tuple[str, float]]:
    """(words, seconds) of shots no longer than the longest, cut at sentences."""
    if speech.seconds <= LONGEST_SHOT_S:
        yield speech.words, speech.seconds
        return
    for words, _, _ in _merged(speech.words, 0, speech_seconds):
        yield words, _capped(speech_seconds(words))


def _chunks(play: Screenplay, element: Element) -> Iterator[tuple[str, int, int]]:
    """(words, start, end) of a paragraph's sentences, joined up to the longest shot, a bullet apart."""
    text = play.text(element)
    if "[[" in text or "/*" in text:
        yield plain(element.words).strip(), element.start, element.end
        return
    for bullet, offset in bullets(text, element.start):
        if _CUTTING.match(bullet.strip()):
            continue
        for words, start, end in _merged(bullet, offset, action_seconds):
            shown = without_bullet(words.strip().lstrip("!△▲").strip())
            yield _in_one_line(shown), start, end


def _merged(text: str, offset: int, seconds_of: Callable[[str], float]) -> Iterator[tuple[str, int, int]]:
    """(words, start, end) of sentences joined up to the longest shot."""
    start = end = 0
    for ends in _sentence_ends(text):
        is_full = ends - start > _LONGEST_CHUNK
        # Marks alone take no time, and measuring them again and again would.
        if not is_full and _LETTER.search(text, end, ends):
            is_full = seconds_of(text[start:ends]) > LONGEST_SHOT_S
        if is_full and text[start:end].strip():
            yield text[start:end], offset + start, offset + end
            start = end
        end = ends
    if text[start:].strip():
        yield text[start:], offset + start, offset + len(text)


def _in_one_line(text: str) -> str:
    return " ".join(line.strip() for line in plain(text).split("\n"))


def _sentence_ends(text: str) -> Iterator[int]:
    """Where sentences end: at their marks, and at line ends that no margin made."""
    for found in _SENTENCE.finditer(text):
        words = found.group().rstrip()
        end = found.start() + len(words)
        is_full_line = "\n" not in text[max(0, end - WRAPPED_WIDTH) : end] and end >= WRAPPED_WIDTH
        is_broken = "\n" in text[end : found.end()] and is_full_line and not _SENTENCE_END.search(words)
        if found.group() and (found.end() == len(text) or not (is_broken or goes_on(text, end))):
            yield found.end()


def _capped(seconds: float) -> float:
    """A sentence longer than a shot is filmed faster or cut by a person; the list stays possible to film."""
    return min(LONGEST_SHOT_S, seconds)
