"""Delivers webhooks: takes what is due out of the outbox, sends it signed, notes how that ended.

Any number of processes may do so at once. An event is delivered at least once, always under the same `webhook-id`, by
which its receiver knows one that comes again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from redis.exceptions import RedisError

from core.errors import OutboundFailure, OutboundFault
from core.webhook_signatures import WebhookSigner
from worker.outbound import Outbound
from worker.outbox import Delivery, Outbox, Outcome

SCHEDULE: Sequence[float] = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
"""Seconds before each attempt: the first at once, the second five seconds after the first has failed, and so on."""

_ATTEMPT_SECONDS = 20.0
_LEASE_MARGIN_SECONDS = 10.0
_THREADS = 32
_PER_HOST = 4
"""Deliveries to one host at once: a slow receiver holds up no more threads than these."""
_HOST_BUSY_SECONDS = 2.0
_MOST_RETRY_AFTER_SECONDS = 86_400.0
_SLOT_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Deliverer:
    """Delivers what is due, several events at once, few of them to the same host."""

    def __init__(
        self,
        outbox: Outbox,
        outbound: Outbound,
        signer: WebhookSigner,
        *,
        schedule: Sequence[float] = SCHEDULE,
        attempt_seconds: float = _ATTEMPT_SECONDS,
        threads: int = _THREADS,
        per_host: int = _PER_HOST,
        host_busy_seconds: float = _HOST_BUSY_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._outbound = outbound
        self._signer = signer
        self._schedule = tuple(schedule)
        self._attempt_seconds = attempt_seconds
        self._slots = threading.Semaphore(threads)
        self._per_host = per_host
        self._host_busy_seconds = host_busy_seconds
        self._clock = clock
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Begin to deliver everything that is due; return once nothing is any more.

        Raises:
            redis.exceptions.RedisError: the outbox can't be reached.
        """
        while not self._stopping.is_set():
            if not self._slots.acquire(timeout=_SLOT_SECONDS):
                continue
            begun = False
            try:
                delivery = self._outbox.take(lease_seconds=self._attempt_seconds + _LEASE_MARGIN_SECONDS)
                if delivery is None:
                    return
                begun = self._begin(delivery)
            finally:
                if not begun:
                    self._slots.release()

    def stop(self) -> None:
        """Begin nothing more. What is under way ends with the process, and is due again when its lease lapses."""
        self._stopping.set()

    def _begin(self, delivery: Delivery) -> bool:
        """Deliver in a thread of its own, unless enough is under way to the same host."""
        host = urlsplit(delivery.url).hostname or ""
        with self._lock:
            is_busy = self._under_way[host] >= self._per_host
            if not is_busy:
                self._under_way[host] += 1
        if is_busy:
            self._outbox.put_back(delivery, delay_seconds=self._host_busy_seconds)
            return False
        # A daemon: the end of the process waits for nobody's receiver.
        threading.Thread(target=self._deliver, args=(delivery, host), name="webhook", daemon=True).start()
        return True

    def _deliver(self, delivery: Delivery, host: str) -> None:
        try:
            self._attempt(delivery)
        except RedisError as error:  # its lease lapses, and it is delivered once more
            logger.warning("webhook_not_noted", webhook_id=delivery.event.webhook_id, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the same; whatever it was must not end the others' deliveries
            logger.warning("webhook_error", webhook_id=delivery.event.webhook_id, error=type(error).__name__)
        finally:
            with self._lock:
                self._under_way[host] -= 1
                if not self._under_way[host]:
                    del self._under_way[host]
            self._slots.release()

    def _attempt(self, delivery: Delivery) -> None:
        event, body = delivery.event, delivery.event.body()
        headers = self._signer.headers(event.webhook_id, int(self._clock()), body)
        status: int | None = None
        fault: OutboundFault | None = None
        retry_after = 0.0
        started = time.monotonic()
        try:
            with self._outbound.send(
                "POST",
                delivery.url,
                headers={"Content-Type": "application/json", **headers},
                content=body,
                seconds=self._attempt_seconds,
            ) as answer:
                status = answer.status
                retry_after = self._retry_after(answer.headers.get("retry-after", ""))
        except OutboundFailure as failure:
            fault = failure.fault
        seconds = time.monotonic() - started
        outcome, delay = self._conclusion(event.tries + 1, status, retry_after)
        noted = self._outbox.settle(
            delivery, outcome, duration_seconds=seconds, status=status, fault=fault, delay_seconds=delay
        )
        logger.info(
            "webhook_attempted",
            webhook_id=event.webhook_id,
            job_id=event.job_id,
            outcome=str(outcome),
            status=status,
            fault=fault,
            ms=round(seconds * 1000),
            noted=noted,
        )

    def _conclusion(self, tries: int, status: int | None, retry_after: float) -> tuple[Outcome, float]:
        """Return what an attempt means, and in how many seconds the next one is due."""
        if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return Outcome.DELIVERED, 0
        if status == HTTPStatus.GONE:
            return Outcome.DISABLED, 0
        if tries >= len(self._schedule):
            return Outcome.GIVEN_UP, 0
        return Outcome.RETRY, max(self._schedule[tries], retry_after)

    def _retry_after(self, header: str) -> float:
        """Return the seconds that a receiver asks for; 0 if he doesn't, a day if he asks for more."""
        try:
            seconds = float(header) if header.isdecimal() else self._seconds_until(header)
        except (ValueError, OverflowError):
            return 0
        return min(max(seconds, 0.0), _MOST_RETRY_AFTER_SECONDS)

    def _seconds_until(self, date: str) -> float:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - self._clock()
