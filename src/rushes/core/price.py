"""What machine time costs."""

import re
from dataclasses import dataclass

from rushes.core.errors import UsageError

_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([A-Z]{3})")


@dataclass(frozen=True)
class Price:
    """``per_second`` of machine time (of one GPU, or of the machine), in an ISO 4217 currency."""

    per_second: float
    currency: str


@dataclass(frozen=True)
class Cost:
    """An amount of money."""

    amount: float
    currency: str


def parse_price(text: str) -> Price:
    """``"0.0007 USD"``: a second's price. Raises UsageError for anything else."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"price {text!r} cannot be read: write a second's price like 0.0007 USD")
    return Price(float(found[1]), found[2])
