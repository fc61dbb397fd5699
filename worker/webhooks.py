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
from core.tracing import ATTEMPT, FAULT, JOB_ID, NO_TRACES, OUTCOME, STATUS_CODE, Facts, Tracer
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
_PER_TENANT = 16
"""Deliveries for one tenant at once: whoever has many slow receivers leaves threads for others."""
_BUSY_SECONDS = 2.0
_SPREAD_SECONDS = 0.02
_MOST_BUSY_SECONDS = 60.0
"""An event that finds its host or tenant busy waits the first time, the next one longer by the second, up to the third:
a crowd for one host is not looked at again and again."""
_MOST_RETRY_AFTER_SECONDS = 86_400.0
_SLOT_SECONDS = 0.5

_Party = tuple[str, str]
"""A host or a tenant: the kind and its name."""

logger = structlog.get_logger(__name__)


class Deliverer:
    """Delivers what is due, several events at once, few of them to the same host or for the same tenant."""

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
        per_tenant: int = _PER_TENANT,
        busy_seconds: float = _BUSY_SECONDS,
        clock: Callable[[], float] = time.time,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._outbox = outbox
        self._outbound = outbound
        self._signer = signer
        self._schedule = tuple(schedule)
        self._attempt_seconds = attempt_seconds
        self._slots = threading.Semaphore(threads)
        self._per_host = per_host
        self._per_tenant = per_tenant
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._tracer = tracer
        self._under_way: Counter[_Party] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Begin to deliver everything that is due; return once nothing is any more.

        Raises:
            redis.exceptions.RedisError: the outbox can't be reached.
        """
        turned_away: Counter[_Party] = Counter()
        while not self._stopping.is_set():
            if not self._slots.acquire(timeout=_SLOT_SECONDS):
                continue
            begun = False
            try:
                delivery = self._outbox.take(lease_seconds=self._attempt_seconds + _LEASE_MARGIN_SECONDS)
                if delivery is None:
                    return
                begun = self._begin(delivery, turned_away)
            finally:
                if not begun:
                    self._slots.release()

    def stop(self) -> None:
        """Begin nothing more. What is under way ends with the process, and is due again when its lease lapses."""
        self._stopping.set()

    def _begin(self, delivery: Delivery, turned_away: Counter[_Party]) -> bool:
        """Deliver in a thread of its own, unless enough is under way to the same host or for the same tenant."""
        host = ("host", urlsplit(delivery.url).hostname or "")
        tenant = ("tenant", delivery.event.tenant)
        with self._lock:
            busy = next(
                (
                    party
                    for party, most in ((host, self._per_host), (tenant, self._per_tenant))
                    if self._under_way[party] >= most
                ),
                None,
            )
            if busy is None:
                self._under_way.update((host, tenant))
        if busy is not None:
            delay = min(_MOST_BUSY_SECONDS, self._busy_seconds + turned_away[busy] * _SPREAD_SECONDS)
            turned_away[busy] += 1
            self._outbox.put_back(delivery, delay_seconds=delay)
            return False
        # A daemon: the end of the process waits for nobody's receiver.
        threading.Thread(target=self._deliver, args=(delivery, host, tenant), name="webhook", daemon=True).start()
        return True

    def _deliver(self, delivery: Delivery, *parties: _Party) -> None:
        event = delivery.event
        facts: Facts = {JOB_ID: event.job_id, ATTEMPT: event.tries + 1}
        try:
            with self._tracer.span("deliver webhook", facts, kind="client", parent=event.traceparent):
                self._attempt(delivery)
        except RedisError as error:  # its lease lapses, and it is delivered once more
            logger.warning("webhook_not_noted", webhook_id=delivery.event.webhook_id, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the same; whatever it was must not end the others' deliveries
            logger.warning("webhook_error", webhook_id=delivery.event.webhook_id, error=type(error).__name__)
        finally:
            with self._lock:
                self._under_way.subtract(parties)
                self._under_way = +self._under_way
            self._slots.release()

    def _attempt(self, delivery: Delivery) -> None:
        event, call = delivery.event, delivery.call
        body = event.body(call.form)
        headers = self._signer.headers(event.webhook_id, int(self._clock()), body)
        secret = dict([call.secret_header]) if call.secret_header else {}
        status: int | None = None
        fault: OutboundFault | None = None
        retry_after = 0.0
        started = time.monotonic()
        try:
            with self._outbound.send(
                "POST",
                delivery.url,
                headers={**secret, "Content-Type": "application/json", **headers},
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
        self._tracer.current().note({OUTCOME: str(outcome), STATUS_CODE: status, FAULT: fault and str(fault)})
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
