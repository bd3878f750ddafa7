"""Amounts of memory as people write and read them; 1 GB is 10^9 bytes."""

import math

from rushes.core.errors import UsageError

UNITS = {"GB": 10**9, "G": 10**9, "MB": 10**6, "M": 10**6}


def parse_memory(text: str) -> int:
    """``"8GB"``, ``"8 G"`` or ``"600MB"`` -> bytes; UsageError otherwise."""
    compact = text.strip().upper().replace(" ", "")
    for unit, size in UNITS.items():
        if compact.endswith(unit):
            try:
                amount = float(compact.removesuffix(unit))
            except ValueError:
                break
            if math.isfinite(amount) and amount > 0:
                return round(amount * size)
    raise UsageError(f"memory {text!r} is no amount: write it like 8GB or 600MB")


def describe_memory(size: float) -> str:
    """``8.3 GB`` or ``640 MB``, rounded up: so much will do."""
    return f"{math.ceil(size / 1e8) / 10} GB" if size >= 1e9 else f"{math.ceil(size / 1e6)} MB"
