"""How long a take may take: by what stages of the same model took here before."""

import statistics
from collections.abc import Mapping

from sqlalchemy import Connection, select

from rushes.studio.desk import Desk
from rushes.studio.schema import usage

_NEWEST = 20


def estimate(desk: Desk, model: str, work: Mapping[str, float], otherwise_s: float = 0.0) -> float:
    """Machine seconds for ``work`` by stage, in the units the stages report.

    The median of the newest takes decides, so one slow take does not. ``otherwise_s``: the model's published
    figure, used while a stage of it was never timed here.
    """
    with desk.store.read() as connection:
        rates = {stage: _seconds_per_work(connection, model, stage) for stage in work}
    if None in rates.values():
        return otherwise_s
    return sum((rates[stage] or 0.0) * amount for stage, amount in work.items())


def _seconds_per_work(connection: Connection, model: str, stage: str) -> float | None:
    asked = (
        select(usage.c.seconds, usage.c.work)
        .where(usage.c.model == model, usage.c.stage == stage, usage.c.work > 0)
        .order_by(usage.c.number.desc())
        .limit(_NEWEST)
    )
    rates = [row.seconds / row.work for row in connection.execute(asked)]
    return statistics.median(rates) if rates else None
