"""Whose key is used and where it is sent: from the environment, as the vendor's own SDK reads it."""

import ipaddress
import os
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from rushes.core.errors import UsageError
from rushes.hosted.models import BASES

KEY, REGION, BASE = "DASHSCOPE_API_KEY", "DASHSCOPE_REGION", "DASHSCOPE_HTTP_BASE_URL"


@dataclass(frozen=True)
class Account:
    """A key and the region it belongs to. ``base`` is the address up to ``/api/v1``."""

    key: str = field(repr=False)
    region: str
    base: str

    def __post_init__(self) -> None:
        """Raise UsageError where the key would travel readable for everybody."""
        if not (self.base.startswith("https://") or self.is_at_home):
            raise UsageError(f"{BASE} {self.base!r} is not safe for a key: use an address with https://")

    @classmethod
    def from_environment(cls) -> "Account":
        """The key in ``DASHSCOPE_API_KEY`` and its region. Raises UsageError without a key."""
        key = os.environ.get(KEY, "").strip()
        if not key:
            raise UsageError(f"hosted models need a key: put your own into {KEY}, nothing is sent without it")
        region = os.environ.get(REGION, "beijing").lower()
        if region not in BASES:
            raise UsageError(f"{REGION} {region!r} is unknown: choose {', '.join(BASES)}")
        return cls(key, region, (os.environ.get(BASE) or BASES[region]).rstrip("/"))

    @staticmethod
    def is_given() -> bool:
        """Whether there is a key at all."""
        return bool(os.environ.get(KEY, "").strip())

    @property
    def host(self) -> str:
        """The machine the words go to, for people."""
        return urlsplit(self.base).netloc

    @property
    def is_at_home(self) -> bool:
        """Whether the service runs on this machine, where nobody listens on the way."""
        name = urlsplit(self.base).hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"

    @property
    def name(self) -> str:
        """Tells accounts apart without telling their keys."""
        return sha256(f"{self.base} {self.key}".encode()).hexdigest()[:16]
