"""``/v1/policy``, which words may be filmed here, and the leave a person gives to what waits for one."""

from fastapi import APIRouter
from pydantic import BaseModel

from rushes.core.decision import Verdict
from rushes.service.caller import Reader, Reviewer
from rushes.service.errors import ERRORS
from rushes.service.footage import find_footage
from rushes.service.views import TakeView
from rushes.studio.reviews import allow

router = APIRouter(prefix="/v1", tags=["policy"], responses=ERRORS)


class RuleView(BaseModel):
    """A rule; its words stay with the operator."""

    id: str
    category: str
    decision: Verdict
    reason: str
    remedy: str
    negation_excuses: bool


class PolicyView(BaseModel):
    """The house's policy; a project's own may be stricter."""

    label: str
    rules: list[RuleView]


@router.get("/policy")
def policy(caller: Reader) -> PolicyView:
    """What is refused here, and what a person looks at first."""
    found = caller.house.gate.policy
    rules = [
        RuleView(
            id=rule.id, category=rule.category, decision=rule.decision, reason=rule.reason,
            remedy=rule.remedy, negation_excuses=rule.negation_excuses,
        )
        for rule in found.rule
    ]  # fmt: skip
    return PolicyView(label=found.label(), rules=rules)


@router.post("/takes/{take_id}/allow")
def allow_take(caller: Reviewer, take_id: str) -> TakeView:
    """Let a take be made that the gate put before a person; its job goes into the queue. 409 for others."""
    find_footage(caller.desk, take_id)
    allow(caller.desk, take_id)
    return TakeView.of(find_footage(caller.desk, take_id))
