"""Carries what the outbox holds to tenants' endpoints, signed as Standard Webhooks says.

https://www.standardwebhooks.com: ``webhook-signature: v1,BASE64(HMAC-SHA256(secret, "id.timestamp.body"))``.
"""

import base64
import hmac
import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from sqlalchemy.exc import DBAPIError

from rushes.core.errors import StoreAwayError, UsageError
from rushes.service.footage import video_id
from rushes.service.outbound import Caps, Letter, Reply, send
from rushes.studio.outbox import (
    SECRET_PREFIX,
    Endpoint,
    Kind,
    due_endpoints,
    lease,
    not_told,
    told,
)
from rushes.studio.store import Store

POLL_S = 1.0
NUM_THREADS = 16
# What one endpoint gets before others have their turn.
AT_ONCE = 20
CAPS = Caps()
_GONE = 410
log = logging.getLogger("rushes.courier")


class Courier:
    """Sends from a few threads; an endpoint is told one thing at a time, so a slow one delays only itself."""

    def __init__(self, store: Store, allowed: frozenset[str], caps: Caps = CAPS) -> None:
        self._store, self._allowed, self._caps = store, allowed, caps
        self._over = threading.Event()
        self._busy: set[str] = set()
        self._pool = ThreadPoolExecutor(NUM_THREADS, "courier")
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing new, and wait for what is being sent."""
        self._over.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._over.wait(POLL_S):
            try:
                for endpoint in due_endpoints(self._store):
                    if endpoint.id not in self._busy:
                        self._busy.add(endpoint.id)
                        self._pool.submit(self._serve, endpoint)
            except (DBAPIError, StoreAwayError):
                # Busy or restarting; what is due stays due.
                continue

    def _serve(self, endpoint: Endpoint) -> None:
        try:
            for _ in range(AT_ONCE):
                if self._over.is_set() or not self._tell(endpoint):
                    return
        except Exception:
            # The one boundary of a sender: what it leased is due again in a while.
            log.exception("telling %s failed", endpoint.id)
        finally:
            self._busy.discard(endpoint.id)

    def _tell(self, endpoint: Endpoint) -> bool:
        """Whether the next thing was told, so that it is worth going on."""
        delivery = lease(self._store, endpoint.id)
        if delivery is None:
            return False
        body = body_of(delivery.event_id, delivery.kind, video_id(delivery.take_id), delivery.created_at)
        try:
            reply = deliver(endpoint, delivery.event_id, body, self._allowed, self._caps)
        except UsageError as error:
            not_told(self._store, delivery, str(error))
            return False
        if 200 <= reply.status < 300:
            told(self._store, delivery, str(reply.status))
            return True
        not_told(self._store, delivery, str(reply.status), is_unwanted=reply.status == _GONE)
        return False


def deliver(endpoint: Endpoint, event_id: str, body: bytes, allowed: frozenset[str], caps: Caps) -> Reply:
    """Send one event, whatever is answered. UsageError where nothing answers."""
    now = time.time()
    headers = {
        "content-type": "application/json",
        **signed(event_id, int(now), body, endpoint.secrets_at(now)),
    }
    return send(endpoint.url, allowed, Letter(body, headers), caps)


def signed(event_id: str, now: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; a signature for each secret."""
    text = f"{event_id}.{now}.".encode() + body
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        signatures.append("v1," + base64.b64encode(hmac.new(key, text, sha256).digest()).decode())
    return {
        "webhook-id": event_id, "webhook-timestamp": str(now), "webhook-signature": " ".join(signatures),
    }  # fmt: skip


def body_of(event_id: str, kind: Kind, video: str, created_at: float) -> bytes:
    """An event in OpenAI's shape; the same bytes at every try."""
    document = {
        "id": event_id, "object": "event", "created_at": int(created_at), "type": f"video.{kind}",
        "data": {"id": video},
    }  # fmt: skip
    return json.dumps(document, separators=(",", ":")).encode()
