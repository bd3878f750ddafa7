"""A policy on words: a TOML file with terms in groups and rules over groups. Unknown keys are errors.

A project may add rules and raise decisions of the house's policy, never lower one.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from rushes.core.decision import Verdict
from rushes.core.errors import UsageError
from rushes.core.recipe import canonical_json
from rushes.core.strict_json import parse

DEFAULT = "default"
HARMLESS = "harmless"
FORMAT = 1
LANGUAGES = frozenset(("zh", "en", "ja", "ko"))


class Scope(StrEnum):
    """How near each other the groups of a rule must be named."""

    TEXT = "text"
    SENTENCE = "sentence"


@dataclass(frozen=True)
class Rule:
    """Applies where one group of each member of ``all`` is named within ``scope``.

    ``negation_excuses``: whether words that the text rules out ("no blood") do not count.
    """

    id: str
    category: str
    decision: Verdict
    reason: str
    remedy: str
    all: tuple[tuple[str, ...], ...]
    scope: Scope = Scope.TEXT
    negation_excuses: bool = True


@dataclass(frozen=True)
class Policy:
    """Rules and what they speak of.

    ``terms``: group -> language -> words; a word ending in * may go on. ``patterns``: group -> regular
    expressions over normalised text; one with a group ``name`` counts only where that begins with a capital,
    in scripts that have them. ``harmless``: phrases that excuse what lies inside them. ``stricter``: rule ->
    decision, for the rules of the policy this one is added to.
    """

    format: int
    name: str
    revision: str
    terms: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule: tuple[Rule, ...] = ()
    harmless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stricter: Mapping[str, Verdict] = field(default_factory=dict)

    def digest(self) -> str:
        """Hex SHA-256 of everything in it."""
        return sha256(canonical_json(_plain(self)).encode()).hexdigest()

    def label(self) -> str:
        """For journals and recipes: name, revision, hash."""
        return f"{self.name} {self.revision} {self.digest()[:12]}"


def load_policy(source: str) -> Policy:
    """The policy in a TOML file; ``default`` is the one that comes with the package.

    Raises UsageError for a file that is missing or wrong.
    """
    path = Path(source)
    if source == DEFAULT:
        text = resources.files("rushes.safety").joinpath("data/default.toml").read_text(encoding="utf-8")
    elif not path.is_file():
        raise UsageError(f"there is no policy file {source!r}: name a TOML file, or {DEFAULT}")
    else:
        text = path.read_text(encoding="utf-8")
    try:
        return read_policy(tomllib.loads(text), source)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"policy {source!r} is not TOML ({error}): correct it") from error


def read_policy(document: Mapping[str, Any], source: str) -> Policy:
    """A policy from its plain values. Raises UsageError naming the place that is wrong."""
    try:
        policy: Policy = parse(Policy, document, source)
    except ValueError as error:
        raise UsageError(f"the policy is wrong, {error}: docs/safety.md lists what it may hold") from error
    _check(policy, source)
    return policy


def stricter(base: Policy, document: Mapping[str, Any]) -> Policy:
    """``base`` with a project's policy on top. Raises UsageError where that would allow more."""
    if not document:
        return base
    added = read_policy(document, "the project's policy")
    if added.harmless:
        raise UsageError("a project's policy cannot excuse words: leave out harmless")
    known = {rule.id: rule for rule in base.rule}
    for name, decision in added.stricter.items():
        if name not in known or decision.strictness < known[name].decision.strictness:
            raise UsageError(f"{name} cannot become {decision}: name a rule and something stricter")
    twice = sorted({*known} & {rule.id for rule in added.rule} | {*base.terms} & {*added.terms})
    if twice:
        raise UsageError(f"{twice[0]} is in the house's policy already: choose another name")
    raised = tuple(replace(rule, decision=added.stricter.get(rule.id, rule.decision)) for rule in base.rule)
    return replace(
        base, name=f"{base.name} + {added.name}", revision=f"{base.revision} + {added.revision}",
        terms={**base.terms, **added.terms}, patterns={**base.patterns, **added.patterns},
        rule=raised + added.rule,
    )  # fmt: skip


def _check(policy: Policy, source: str) -> None:
    wrong = next(_faults(policy), None)
    if wrong:
        raise UsageError(f"policy {source!r} is wrong, {wrong}: docs/safety.md lists what it may hold")


def _faults(policy: Policy) -> Iterator[str]:
    if policy.format != FORMAT:
        yield f"format {policy.format} is not {FORMAT}"
    if HARMLESS in {*policy.terms, *policy.patterns}:
        yield f"{HARMLESS} is no group of terms"
    for words in (*policy.terms.values(), policy.harmless):
        yield from (f"language {name!r} is unknown" for name in words if name not in LANGUAGES)
        if any(not word.strip(" *") for each in words.values() for word in each):
            yield "a word is empty"
    for rule in policy.rule:
        if not rule.all or not all(rule.all):
            yield f"rule {rule.id} names no group"
        if rule.decision is Verdict.ALLOW:
            yield f"rule {rule.id} allows, which needs no rule"
    if len({rule.id for rule in policy.rule}) < len(policy.rule):
        yield "two rules have one id"


def check_groups(policy: Policy) -> None:
    """Raise UsageError for a rule over a group without words; a project's may be the house's."""
    groups = {*policy.terms, *policy.patterns}
    for rule in policy.rule:
        missing = sorted({name for names in rule.all for name in names} - groups)
        if missing:
            raise UsageError(f"rule {rule.id} needs the group {missing[0]!r}: add it to terms or patterns")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
