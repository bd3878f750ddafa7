"""What machine time costs: a job keeps the price of the day it was submitted, a project may have its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from rushes.core.price import Cost, Price
from rushes.studio.desk import Desk
from rushes.studio.projects import policy_of
from rushes.studio.schema import jobs, usage


@dataclass(frozen=True)
class Used:
    """What a model's stage took of this tenant's machine time; ``cost`` None where no price was set."""

    model: str
    stage: str
    seconds: float
    times: int
    cost: Cost | None


def price_for(connection: Connection, desk: Desk, project_id: str) -> Mapping[str, Any]:
    """What a new job's payload says of its price: the project's, else the house's, else nothing."""
    policy = policy_of(connection, project_id)
    price = Price(**policy["price"]) if "price" in policy else desk.price
    return {} if price is None else {"price": asdict(price)}


def used(desk: Desk) -> tuple[Used, ...]:
    """Machine seconds and cost of this tenant by model, stage, and currency where there are several."""
    price, currency = jobs.c.payload["price"]["per_second"], jobs.c.payload["price"]["currency"]
    money = currency.as_string()
    asked = (
        select(
            usage.c.model, usage.c.stage, func.sum(usage.c.seconds), func.count(),
            func.sum(usage.c.seconds * price.as_float()), money,
        )
        .join(jobs, jobs.c.id == usage.c.job_id, isouter=True)
        .where(usage.c.tenant_id == desk.tenant_id, usage.c.model != "")
        .group_by(usage.c.model, usage.c.stage, money)
        .order_by(usage.c.model, usage.c.stage)
    )  # fmt: skip
    with desk.store.read() as connection:
        rows = connection.execute(asked).all()
    return tuple(
        Used(model, stage, seconds, times, None if name is None else Cost(amount, name))
        for model, stage, seconds, times, amount, name in rows
    )
