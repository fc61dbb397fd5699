"""Follows a job live, across whatever breaks in between: no event is missed, and none that has an id comes twice."""

import json
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from scriptorium.client.calls import jobs
from scriptorium.client.errors import ServiceUnreachable
from scriptorium.client.models import FINISHED, Event, ProgressEvent, QueueEvent, SegmentEvent, StatusEvent
from scriptorium.client.server_sent_events import EventReader, ServerSentEvent
from scriptorium.client.steps import Answer, Item, Pause, Repeat, Request, Stream, opened, read

_SILENCE_SECONDS: Final = 30.0
"""The service gives a sign of life every 15 s: a connection that is silent for longer than the time of an answer and
this is none any more."""
_PAUSE_SECONDS: Final = 1.0
"""Before a stream that has brought nothing is opened again."""


def events(job_id: str, last_event_id: str | None = None) -> Stream[Event]:
    """Yield what has happened to a job and what happens from now on, until it is finished.

    A connection that breaks off is made again, at whichever gateway, behind the last event that came.

    Args:
        job_id: Its id.
        last_event_id: Go on behind this event (`event_id`); from the start if None.

    Raises:
        ServiceError: the service isn't there any more, or knows of no such job (any more).
    """
    follower = _Follower(last_event_id)
    known_to_be_finished = False
    while True:
        before = follower.position
        headers = {"Last-Event-ID": before} if before else {}
        answer = yield from opened(
            Request(
                "GET",
                f"/events/{quote(job_id, safe='')}",
                headers=headers,
                repeat=Repeat.ALWAYS,
                wait_seconds=_SILENCE_SECONDS,
            )
        )
        if answer.status == HTTPStatus.NO_CONTENT:
            return
        try:
            yield from _read_to_the_end(answer, follower)
            ended = True
        except ServiceUnreachable:
            ended = False
        if ended and follower.is_at_the_end:
            return
        if follower.position == before:
            # Of a job that was finished before the stream was opened, nothing is left, or it would have come.
            if ended and known_to_be_finished:
                return
            known_to_be_finished = (yield from jobs.job(job_id)).is_finished
            yield Pause(_PAUSE_SECONDS)


class _Follower:
    """Somebody who follows a job: how far he is, and what he has been told of the queue."""

    def __init__(self, position: str | None) -> None:
        self.position = position
        self.is_at_the_end = False
        """Whether the job is finished, by the last status that came."""
        self._queued: QueueEvent | None = None

    def take(self, sent: ServerSentEvent) -> Event | None:
        """Return the event, unless it is of a kind that isn't known, or says of the queue what was said before.

        Raises:
            ValueError: it is no event of a job.
        """
        self.position = sent.event_id or self.position
        event = _event_of(sent)
        if isinstance(event, StatusEvent):
            self.is_at_the_end = event.status in FINISHED
        if isinstance(event, QueueEvent):
            if event == self._queued:
                return None
            self._queued = event
        return event


def _read_to_the_end(answer: Answer, follower: _Follower) -> Stream[Event]:
    reader = EventReader()
    while (piece := (yield from read())) is not None:
        for sent in reader.read(piece):
            try:
                event = follower.take(sent)
            except ValueError:  # pydantic's is one, too
                raise answer.not_as_expected() from None
            if event is not None:
                yield Item(event)


def _event_of(sent: ServerSentEvent) -> Event | None:
    data = json.loads(sent.data)
    match sent.name:
        case "status":
            return StatusEvent.model_validate({**data, "event_id": sent.event_id})
        case "queue":
            return QueueEvent.model_validate({**data, "event_id": sent.event_id})
        case "segment":
            return SegmentEvent.model_validate({"segment": data, "event_id": sent.event_id})
        case "progress":
            return ProgressEvent.model_validate({"progress": data, "event_id": sent.event_id})
        case _:
            return None
