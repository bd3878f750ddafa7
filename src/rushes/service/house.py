"""What a server works with: the store and its files, the engine behind a few calls, keys and limits."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from threading import Event

from rushes.core.errors import MissingError
from rushes.core.price import Price
from rushes.safety.gate import WordGate, open_gate
from rushes.service.keys import KeyFile
from rushes.service.tracing import NoSpans, Spans
from rushes.studio.batches import Estimate
from rushes.studio.child import Steps
from rushes.studio.files import FileStore
from rushes.studio.store import Store


@dataclass(frozen=True)
class ServedModel:
    """A model by the name clients say, and what it makes when nothing else is asked. Sizes in pixels.

    ``takes_first_frame``: whether a clip may start from a given picture. ``is_hosted``: it is made elsewhere.
    """

    name: str
    frame_rate: Fraction
    seconds: Fraction
    width: int
    height: int
    takes_first_frame: bool = False
    is_hosted: bool = False


@dataclass(frozen=True)
class Engine:
    """The models as the service sees them; it never loads one.

    ``estimate`` gives machine seconds and raises UsageError for a request the model cannot do. ``build`` runs
    in the child of worker number 0, 1, ... and loads what makes takes; ``build_hosted`` in those that wait
    for hosted models, which need no GPU.
    """

    models: Mapping[str, ServedModel]
    estimate: Estimate
    build: Callable[[int], Callable[[], Steps]]
    build_hosted: Callable[[], Steps] | None = None

    @property
    def hosted_models(self) -> frozenset[str]:
        """The models that are made elsewhere."""
        return frozenset(name for name, model in self.models.items() if model.is_hosted)

    def model(self, name: str) -> ServedModel:
        """The model called ``name``, the first one for none. A path is never looked at."""
        found = self.models.get(name or next(iter(self.models)))
        if found is None:
            raise MissingError(f"model {name!r} is not served here: choose {', '.join(self.models)}")
        return found


@dataclass(frozen=True)
class Limits:
    """``body_bytes`` of one request, ``upload_bytes`` of one that sends a file or script.

    Requests of one key and wrong keys from one address in a minute; people who listen at the same time.
    ``at_once``: requests that are being answered; who comes then is told to come again, since answers that
    come after a minute are for nobody and all that wait for them stands in memory.
    """

    body_bytes: int = 4 * 2**20
    requests_per_minute: int = 6000
    listeners: int = 256
    upload_bytes: int = 64 * 2**20
    wrong_keys_per_minute: int = 60
    at_once: int = 1000


@dataclass(frozen=True)
class House:
    """One server. ``is_open``: without keys, for whoever is at this machine.

    ``secret`` signs links; ``draining`` is set when the server is about to end. ``allowed_hosts`` may be sent
    to although they are of our own network. ``gate`` judges what everybody asks for; ``price`` is of a second
    of machine time, where a project names none.
    """

    store: Store
    files: FileStore
    engine: Engine
    keys: KeyFile
    is_open: bool
    secret: bytes
    limits: Limits = Limits()
    allowed_hosts: frozenset[str] = frozenset()
    draining: Event = field(default_factory=Event)
    spans: Spans = field(default_factory=NoSpans)
    gate: WordGate = field(default_factory=open_gate)
    price: Price | None = None


def link_secret(path: Path) -> bytes:
    """The secret in this file, made where there is none; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        secret = secrets.token_bytes(32)
        file.write(secret)
    return secret
