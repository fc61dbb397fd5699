"""The client of a Scriptorium: `Scriptorium` with blocking calls, `AsyncScriptorium` with the same as coroutines.

with Scriptorium("http://127.0.0.1:8000") as service:
    print(service.transcribe(Path("interview.mp3"), language="de").text)
"""

from scriptorium.client.calls.transcripts import Format
from scriptorium.client.clients import AsyncScriptorium, Scriptorium
from scriptorium.client.drivers import DEFAULT_SERVER
from scriptorium.client.errors import (
    JobCancelled,
    JobFailed,
    NotAnswered,
    NotAService,
    ServiceError,
    ServiceRefused,
    ServiceUnreachable,
    TimedOut,
)
from scriptorium.client.models import (
    Attempt,
    Correction,
    Corrections,
    DeadLetter,
    Erased,
    Eta,
    Event,
    Failure,
    Health,
    Hit,
    Job,
    Lane,
    Options,
    Progress,
    ProgressEvent,
    QueueEvent,
    Segment,
    SegmentEvent,
    Stats,
    StatusEvent,
    Transcript,
    Word,
    Worker,
)
from scriptorium.client.retries import NO_RETRIES, RetryPolicy
from scriptorium.client.sources import OnUpload, Source
from scriptorium.client.steps import Parameters

__all__ = [
    "DEFAULT_SERVER",
    "NO_RETRIES",
    "AsyncScriptorium",
    "Attempt",
    "Correction",
    "Corrections",
    "DeadLetter",
    "Erased",
    "Eta",
    "Event",
    "Failure",
    "Format",
    "Health",
    "Hit",
    "Job",
    "JobCancelled",
    "JobFailed",
    "Lane",
    "NotAService",
    "NotAnswered",
    "OnUpload",
    "Options",
    "Parameters",
    "Progress",
    "ProgressEvent",
    "QueueEvent",
    "RetryPolicy",
    "Scriptorium",
    "Segment",
    "SegmentEvent",
    "ServiceError",
    "ServiceRefused",
    "ServiceUnreachable",
    "Source",
    "Stats",
    "StatusEvent",
    "TimedOut",
    "Transcript",
    "Word",
    "Worker",
]
