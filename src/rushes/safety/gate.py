"""The gate on words: texts in, one decision out. Whatever goes wrong in it ends in review, never in allow."""

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import Any

from rushes.core.decision import Decision, Verdict
from rushes.core.recipe import canonical_json
from rushes.safety.negation import is_ruled_out
from rushes.safety.normal import Words, read
from rushes.safety.policy import DEFAULT, Policy, Rule, Scope, check_groups, load_policy, stricter
from rushes.safety.terms import Hit, Terms, sentence_numbers

FAILED = "gate.failed"
# More namings than a shot can hold are not excused one by one.
_MOST_EXCUSED = 12
log = logging.getLogger("rushes.safety")


class WordGate:
    """One house's policy, compiled; with each project's stricter one on top, as it comes.

    ``counts``: how often it said what.
    """

    def __init__(self, policy: Policy) -> None:
        check_groups(policy)
        self.policy = policy
        self._compiled = lru_cache(maxsize=64)(self._compile)
        # A policy that cannot be compiled stops the start, not the first request.
        self._compiled("{}")
        self.counts: Counter[Verdict] = Counter()
        self._counting = Lock()

    def check(self, project_policy: Mapping[str, Any]) -> None:
        """Raise UsageError for a project's policy that is wrong or would allow more."""
        check_groups(stricter(self.policy, project_policy))

    def judge(
        self, texts: Mapping[str, str], ruled_out: Collection[str] = (),
        project_policy: Mapping[str, Any] | None = None,
    ) -> Decision:  # fmt: skip
        """The strictest decision over texts by name; those in ``ruled_out`` say what is not to be seen."""
        decision = self._judge(texts, ruled_out, project_policy or {})
        with self._counting:
            self.counts[decision.decision] += 1
        return decision

    def _judge(
        self, texts: Mapping[str, str], ruled_out: Collection[str], project_policy: Mapping[str, Any]
    ) -> Decision:
        try:
            policy, terms, label = self._compiled(canonical_json(project_policy))
            found = [Decision(Verdict.ALLOW, policy=label)]
            for name, text in texts.items():
                each = _judge(policy, terms, text, name in ruled_out)
                if each is not None:
                    found.append(replace(each, text=name, policy=label))
        except Exception:
            log.exception("the gate failed")
            return Decision(
                Verdict.REVIEW, FAILED, reason="the gate could not read this",
                remedy="a person has to allow it", policy=self.policy.name,
            )  # fmt: skip
        return max(found, key=lambda each: each.decision.strictness)

    def _compile(self, project_policy: str) -> tuple[Policy, Terms, str]:
        policy = stricter(self.policy, json.loads(project_policy))
        check_groups(policy)
        return policy, Terms(policy), policy.label()


def open_gate(source: str = "") -> WordGate:
    """The gate by a policy file, by the one that comes with rushes for none. UsageError where it is wrong."""
    return WordGate(load_policy(source or DEFAULT))


def _judge(policy: Policy, terms: Terms, text: str, is_ruled: bool) -> Decision | None:
    words = read(text)
    hits = terms.find(words, text)
    if not hits:
        return None
    excused = set(hits) if is_ruled else _excused(words, hits)
    found = [each for rule in policy.rule for each in _applied(rule, words, hits, excused)]
    return max(found, key=lambda each: each.decision.strictness, default=None)


def _excused(words: Words, hits: list[Hit]) -> set[Hit]:
    return {hit for hit in hits[:_MOST_EXCUSED] if is_ruled_out(words, hit)}


def _applied(rule: Rule, words: Words, hits: list[Hit], excused: set[Hit]) -> Iterator[Decision]:
    """The rule's decision wherever it applies; only review for words found under a disguise."""
    counted = [hit for hit in hits if not (rule.negation_excuses and hit in excused)]
    for near in _units(rule.scope, words, counted):
        for are_plain, decision in ((True, rule.decision), (False, Verdict.REVIEW)):
            members = [
                [hit for hit in near if hit.group in groups and not (are_plain and hit.is_disguised)]
                for groups in rule.all
            ]
            if all(members):
                place = words.span(members[-1][0].first, members[-1][0].last)
                yield Decision(decision, rule.id, place, rule.reason, rule.remedy)
                break


def _units(scope: Scope, words: Words, hits: list[Hit]) -> Iterable[list[Hit]]:
    """Hits that count together: of the whole text, or of each sentence."""
    if scope is Scope.TEXT:
        return [hits]
    numbers = sentence_numbers(words)
    found: dict[int, list[Hit]] = {}
    for hit in hits:
        found.setdefault(numbers[hit.first], []).append(hit)
    return found.values()
