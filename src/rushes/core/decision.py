"""What a gate says: allow, review or refuse, by which rule, because of which words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """``review``: a person decides before anything is made."""

    ALLOW = "allow"
    REVIEW = "review"
    REFUSE = "refuse"

    @property
    def strictness(self) -> int:
        """0 for allow, 2 for refuse."""
        return tuple(Verdict).index(self)


@dataclass(frozen=True)
class Decision:
    """A gate's answer. ``span``: [start, end) in characters of the text called ``text``, as it was written.

    ``policy`` names the rules by name, revision and hash; ``rule`` is empty where no rule applied. Holds no
    word of what was judged, so that it can be logged.
    """

    decision: Verdict
    rule: str = ""
    span: tuple[int, int] = (0, 0)
    reason: str = ""
    remedy: str = ""
    text: str = ""
    policy: str = ""

    def sentence(self) -> str:
        """For the person who wrote the words."""
        return f"{self.reason} ({self.rule}, {self.text} {self.span[0]}-{self.span[1]}): {self.remedy}"


Gate = Callable[[Mapping[str, str], Collection[str], Mapping[str, Any]], Decision]
"""Texts by name, the names of those that say what is not to be seen, a project's own policy: a decision."""
