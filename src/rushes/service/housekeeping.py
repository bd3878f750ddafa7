"""What a server does beside answering: tells endpoints, and once in a while lets go of what is over."""

import logging
import threading

from rushes.service.courier import Courier
from rushes.service.house import House
from rushes.studio.outbox import forget_delivered
from rushes.studio.previews import sweep
from rushes.studio.retention import expire

EVERY_S = 600.0
log = logging.getLogger("rushes.housekeeping")


def tidy(house: House) -> None:
    """Files of takes whose time is over, old deliveries, previews of what no longer runs."""
    gone = expire(house.store, house.files)
    if gone:
        log.info(
            "let go of the files of %s takes, %s bytes", len(gone), sum(each.freed_bytes for each in gone)
        )
    forget_delivered(house.store)
    sweep(house.store, house.files)


class Housekeeper:
    """Tidies every EVERY_S seconds in a thread of its own, and carries what the outbox holds."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._courier = Courier(house.store, house.allowed_hosts)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin both; the first tidying at once, after what was left by a server that was killed."""
        self._courier.start()
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new, and wait for what is being done."""
        self._over.set()
        self._courier.stop()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                tidy(self._house)
            except Exception:
                # The one boundary of housekeeping: the next time may find the database awake.
                log.exception("tidying failed and is tried again later")
            if self._over.wait(EVERY_S):
                return
