"""Longest match of a language's words in a text, with word boundaries by script. Time is linear in the text.

- Latin words fill their run of letters; English words are found inside every language.
- Han words match anywhere; in Japanese one Han character beside an unknown one is part of that unknown word.
- Katakana and Hangul runs must be used up: by further words (compounds) and, in Hangul, by particles after a
  noun and endings after a predicate. Particles may follow Latin letters and digits too: KTX가.
- Hiragana words begin where something known ends.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from rushes.language.script import NormalText, Script
from rushes.language.vocabulary import Candidate, Vocabulary, vocabulary, with_role

_LONGEST_ENDING = 5
# What could be a particle and counts degrees, ten thousands or people behind a digit.
_COUNTING = ("도", "만", "인")
_LONG_HIRAGANA = 4
# Costs of covering Chinese text; a word with a meaning costs 1. A particle of one character is cheap, so that
# 草地上 is 草地 and 上, not 草 and 地上.
_UNKNOWN_COST, _ROLE_COST, _PARTICLE_COST = 3.0, 1.2, 0.85


class Token(NamedTuple):
    """A stretch [start, end) of normalised text: candidates for a concept, grammatical roles, or neither.

    tail: the particles or endings that follow a Hangul word, up to the end of its run; they lie inside the
    token. is_known: whether it carries a meaning or a role; `space` and `mark` tokens are known.
    """

    start: int
    end: int
    script: Script
    text: str
    candidates: tuple[Candidate, ...] = ()
    roles: frozenset[str] = frozenset()
    tail: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.candidates or self.roles)

    @property
    def may_be_deed(self) -> bool:
        """Whether one of its meanings is a deed."""
        return any(item.is_deed for item in self.candidates)


_SPACE, _MARK, _NOTHING = frozenset(("space",)), frozenset(("mark",)), frozenset[str]()


def tokenise(normal: NormalText, language: str) -> list[Token]:
    """Return the tokens of a text read as one language; in order, without overlap, covering everything."""
    return _Scan(normal, language).tokens()


class _Scan:
    def __init__(self, normal: NormalText, language: str) -> None:
        self._scripts = normal.scripts
        self._text = _spaced(normal)
        self._own = vocabulary(language)
        self._language = language
        self._closings = _Closings(self._text, self._scripts, self._own) if language in ("ja", "ko") else None
        self._plan = self._cheapest_words() if language == "zh" else {}

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        position, size = 0, len(self._text)
        while position < size:
            token = self._planned(position) or self._match(position, found[-2:])
            if token is None:
                token = self._unmatched(position)
                if _continues(found, token):
                    token = token._replace(start=found[-1].start, text=found[-1].text + token.text)
                    found.pop()
            if self._closings is not None and self._scripts[token.end - 1] is Script.LATIN:
                token = self._closings.with_particles(token)
            found.append(token)
            position = token.end
        return found

    def _cheapest_words(self) -> dict[int, int]:
        """Return start -> end of the words of the best cover of Chinese text.

        Longest match from the left splits 冲下山坡 as 下山 and 坡; the cover with fewest unknown
        characters, then fewest words, then most meaning is right nearly always.
        """
        size = len(self._text)
        costs, ends = [0.0] * (size + 1), [0] * size
        for start in range(size - 1, -1, -1):
            costs[start], ends[start] = costs[start + 1] + _UNKNOWN_COST, 0
            if self._scripts[start] is not Script.HAN:
                costs[start] = costs[start + 1]
                continue
            for end, book in self._ends(start):
                role_cost = _PARTICLE_COST if end == start + 1 else _ROLE_COST
                cost = costs[end] + (1 if self._text[start:end] in book.concepts else role_cost)
                if cost < costs[start]:
                    costs[start], ends[start] = cost, end
        return {start: end for start, end in enumerate(ends) if end}

    def _planned(self, position: int) -> Token | None:
        end = self._plan.get(position)
        if end is None:
            return None
        text = self._text[position:end]
        candidates = self._own.concepts.get(text, ())
        return Token(position, end, Script.HAN, text, candidates, self._own.roles.get(text, _NOTHING))

    def _match(self, position: int, last: Sequence[Token]) -> Token | None:
        script = self._scripts[position]
        if script is Script.SPACE:
            return None
        before = last[-1] if last else None
        inside = position > 0 and self._scripts[position - 1] is script
        chained = before is not None and before.is_known
        if inside and (script is Script.LATIN or (script in _RUNS and not chained)):
            return None
        is_late = inside and script is Script.HIRAGANA and not chained
        for end, book in self._ends(position):
            # ほとりにしゃがむ: behind something unknown only a long word is no accident.
            if is_late and end - position < _LONG_HIRAGANA:
                return None
            text = self._text[position:end]
            candidates, roles = book.concepts.get(text, ()), book.roles.get(text, _NOTHING)
            token = Token(position, end, script, text, candidates, roles)
            if _is_behind_article(token, last):
                continue
            accepted = self._accepted(token, before)
            if accepted is not None:
                return accepted
        return None

    def _ends(self, position: int) -> Iterator[tuple[int, Vocabulary]]:
        """Yield the ends of words that begin here, longest first, and the vocabulary that has them."""
        books = [self._own]
        if self._scripts[position] in (Script.LATIN, Script.MARK) and self._language != "en":
            books.append(vocabulary("en"))
        text, first, size = self._text, self._text[position], len(self._text)
        lengths = {
            (length, -index) for index, book in enumerate(books) for length in book.lengths.get(first, ())
        }
        for length, index in sorted(lengths, reverse=True):
            end = position + length
            book = books[-index]
            if end <= size:
                word = text[position:end]
                if word in book.concepts or word in book.roles:
                    yield end, book

    def _accepted(self, token: Token, before: Token | None) -> Token | None:
        """Return the token, with the endings it takes, or None where its boundary is inside a word."""
        end = token.end
        last = self._scripts[end - 1]
        follows = end < len(self._text) and self._scripts[end] is last
        if last is Script.LATIN:
            return None if follows else token
        if self._closings is not None and last in _RUNS:
            return self._closings.close(token, follows)
        if self._language == "ja" and len(token.text) == 1 and last is Script.HAN:
            return token if self._stands_alone(token, before, follows) else None
        if self._language == "ja" and self._has_one_han(token) and _is_glued(token, before):
            # 身振り, 交差させる: behind an unknown character it is the end of another word.
            return None
        return token

    def _has_one_han(self, token: Token) -> bool:
        scripts = self._scripts[token.start : token.end]
        return scripts[:2] == _HAN_WITH_ENDING and scripts.count(Script.HAN) == 1

    def _stands_alone(self, token: Token, before: Token | None, follows: bool) -> bool:
        if _is_glued(token, before):
            return False
        return not follows or next(self._ends(token.end), None) is not None

    def _unmatched(self, position: int) -> Token:
        script = self._scripts[position]
        if self._text[position] == " ":
            return Token(position, position + 1, script, " ", roles=_SPACE)
        if script is Script.MARK:
            return Token(position, position + 1, script, self._text[position], roles=_MARK)
        end = position + 1
        if script is Script.LATIN or script in _RUNS:
            while end < len(self._text) and self._scripts[end] is script:
                end += 1
        return Token(position, end, script, self._text[position:end])


# Not "her" and "that", which may end what stands before a verb.
_ARTICLES = frozenset(("a", "an", "the", "his", "its", "their"))


def _is_behind_article(token: Token, last: Sequence[Token]) -> bool:
    """Whether a phrase of a verb would begin right behind an article: a rope to the roof."""
    is_behind = len(last) == 2 and last[1].text == " " and last[0].text.split(" ")[-1] in _ARTICLES
    is_phrase = " " in token.text and bool(token.candidates)
    return is_behind and is_phrase and all(item.kind == "verb" for item in token.candidates)


_RUNS = (Script.KATAKANA, Script.HANGUL)
_HAN_WITH_ENDING = (Script.HAN, Script.HIRAGANA)


def _is_glued(token: Token, before: Token | None) -> bool:
    """Whether an unknown Han character stands right before."""
    if before is None or before.is_known:
        return False
    return before.script is Script.HAN and before.end == token.start


class _Closings:
    """For every position of a text: may the rest of its run of Katakana or Hangul follow a word?"""

    def __init__(self, text: str, scripts: tuple[Script, ...], book: Vocabulary) -> None:
        self._text, self._scripts, self._book = text, scripts, book
        size = len(text)
        self._run_ends = [size] * (size + 1)
        self._after_noun = [False] * (size + 1)
        self._after_verb = [False] * (size + 1)
        self._compound = [False] * (size + 1)
        for position in range(size, 0, -1):
            self._mark(position)

    def close(self, token: Token, follows: bool) -> Token | None:
        """Return the token with what closes its run, or None."""
        end = token.end
        if not follows:
            return token
        # A function word such as 않 takes endings too.
        is_verb = not token.candidates or any(item.kind == "verb" for item in token.candidates)
        if self._after_verb[end] if is_verb else self._after_noun[end]:
            tail = self._text[end : self._run_ends[end]]
            return token._replace(end=self._run_ends[end], tail=tail)
        needs_particle = token.candidates and all(item.word.needs_particle for item in token.candidates)
        return token if self._compound[end] and not needs_particle and token.candidates else None

    def with_particles(self, token: Token) -> Token:
        """Return a token in Latin letters or digits with the Korean particles that fill the run behind it."""
        end = token.end
        run_end = self._run_ends[end + 1] if end < len(self._text) else end
        tail = self._text[end:run_end]
        is_counting = tail.startswith(_COUNTING) and self._text[end - 1].isdigit()
        if is_counting or not self._begins_particles(end, run_end):
            return token
        return token._replace(end=run_end, tail=tail)

    def _begins_particles(self, position: int, run_end: int) -> bool:
        lengths = range(1, min(_LONGEST_ENDING, run_end - position) + 1)
        pieces = ((self._text[position : position + length], position + length) for length in lengths)
        return any(piece in _endings()[0] and self._after_noun[end] for piece, end in pieces)

    def _mark(self, position: int) -> None:
        text, scripts = self._text, self._scripts
        is_inside = (
            position < len(text) and scripts[position] is scripts[position - 1] and scripts[position] in _RUNS
        )
        if not is_inside:
            self._run_ends[position] = position
            self._after_noun[position] = self._after_verb[position] = True
            return
        self._run_ends[position] = self._run_ends[position + 1] if position + 1 <= len(text) else position
        if scripts[position] is Script.HANGUL:
            particles, endings = _endings()
            for length in range(1, min(_LONGEST_ENDING, self._run_ends[position] - position) + 1):
                piece, end = text[position : position + length], position + length
                if piece in particles:
                    self._after_noun[position] = self._after_noun[position] or self._after_noun[end]
                    self._after_verb[position] = self._after_verb[position] or self._after_noun[end]
                if piece in endings:
                    self._after_verb[position] = self._after_verb[position] or self._after_verb[end]
        self._compound[position] = self._begins_word(position)

    def _begins_word(self, position: int) -> bool:
        text = self._text
        for length in self._book.lengths.get(text[position], ()):
            end = position + length
            candidates = self._book.concepts.get(text[position:end], ())
            # サイバーパンクスタイル: a function word may close a compound.
            if (
                length > 1
                and end <= len(text)
                and self._after_noun[end]
                and text[position:end] in self._book.roles
            ):
                return True
            if end > len(text) or not candidates or candidates[0].word.needs_particle:
                continue
            # One syllable is hardly ever the second part of a compound, but 여름밤, summer night.
            if length == 1 and (end != self._run_ends[position] or candidates[0].concept.slot != "time"):
                continue
            is_verb = any(candidate.kind == "verb" for candidate in candidates)
            if (self._after_verb[end] if is_verb else self._after_noun[end]) or self._compound[end]:
                return True
        return False


@cache
def _endings() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(with_role("ko", "particle")), frozenset(with_role("ko", "ending"))


def _spaced(normal: NormalText) -> str:
    """Return the text with a space for each hyphen between letters, as vocabularies are keyed."""
    if "-" not in normal.text:
        return normal.text
    scripts = normal.scripts
    letters = list(normal.text)
    for index in range(1, len(letters) - 1):
        if letters[index] == "-" and scripts[index - 1] is scripts[index + 1] is Script.LATIN:
            letters[index] = " "
    return "".join(letters)


def _continues(found: list[Token], token: Token) -> bool:
    """Whether an unmatched character belongs to the unmatched word before it."""
    return bool(found) and not token.is_known and not found[-1].is_known and found[-1].script is token.script
