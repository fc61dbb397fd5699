"""Has a recording transcribed as any user would: over HTTP, through the gateway, as a job like any other."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from core.errors import OutboundFailure
from core.user_urls import UrlPolicy
from worker.outbound import Outbound

_EVERY_NETWORK: Final = "0.0.0.0/0 ::/0"
"""The address is the operator's own, not a user's."""
_PATIENCE_SECONDS: Final = 1800.0
_ANSWER_SECONDS: Final = 60.0
_WAIT_SECONDS: Final = 10
"""A result is waited for so long at once."""
_PAUSE_SECONDS: Final = 2.0
"""Before something is asked again, if the gateway doesn't say how long."""
_MOST_PAUSE_SECONDS: Final = 60.0
_MOST_ANSWER_BYTES: Final = 16 * 1024 * 1024
_NOT_FINISHED: Final = "job_not_finished"
_TRANSIENT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})


class GatewayRefused(Exception):
    """The gateway did not do what it was asked for, or not in time; the message says what, without any content."""


class FrontDoor:
    """The gateway, for one thread. What it can't do now is asked again, until a deadline.

    Every method may raise `GatewayRefused`, and what `check` raises, which is called several times a second.
    """

    def __init__(self, url: str, key: str, check: Callable[[], None], *, seconds: float = _PATIENCE_SECONDS) -> None:
        """Take the gateway's address and a key for it; no method takes much more than `seconds`."""
        self._url = url.rstrip("/")
        self._headers = {"X-API-Key": key}
        self._check = check
        self._seconds = seconds
        self._outbound = Outbound(UrlPolicy.parse(_EVERY_NETWORK))

    def submit(self, audio: bytes, *, language: str) -> str:
        """Post a recording to be transcribed whatever was done before, and return the id of its job."""
        boundary = secrets.token_hex(16)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Cache-Control": "no-cache",
            # Whichever of several tries was heard, there is one job.
            "Idempotency-Key": secrets.token_hex(16),
        }
        body = _form(boundary, {"language": language}, audio)
        return str(self._json("POST", "/transcribe", headers=headers, content=body)["job_id"])

    def transcript(self, job_id: str) -> str:
        """Wait for a job and return its text."""
        deadline = time.monotonic() + self._seconds
        while True:
            status, body = self._ask("GET", f"/result/{job_id}?wait={_WAIT_SECONDS}")
            if status == HTTPStatus.OK:
                return str(json.loads(body)["text"])
            if _code(body) != _NOT_FINISHED or time.monotonic() > deadline:
                raise _refused("GET", "/result", status, body)

    def jobs(self) -> list[str]:
        """Return the ids of jobs that there are, the newest 200."""
        return [str(job["job_id"]) for job in self._json("GET", "/jobs?limit=200")["jobs"]]

    def erase(self, job_id: str) -> None:
        """Cancel a job that is not finished, and erase it; wait for that."""
        deadline = time.monotonic() + self._seconds
        while True:
            status, body = self._ask("DELETE", f"/job/{job_id}")
            if status == HTTPStatus.NOT_FOUND:
                return
            if status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED} or time.monotonic() > deadline:
                raise _refused("DELETE", "/job", status, body)
            if json.loads(body)["outcome"] == "erased":
                return
            self._pause(0 if status == HTTPStatus.OK else _PAUSE_SECONDS)

    def _json(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - as `_ask` takes it; JSON
        status, body = self._ask(method, path, **request)
        if status >= HTTPStatus.BAD_REQUEST:
            raise _refused(method, path.partition("?")[0], status, body)
        return json.loads(body)

    def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> tuple[int, bytes]:
        """Return status and body of an answer that isn't about the moment only."""
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                with self._outbound.send(
                    method,
                    f"{self._url}{path}",
                    headers={**self._headers, **(headers or {})},
                    content=content,
                    seconds=_ANSWER_SECONDS,
                    check=self._check,
                ) as answer:
                    status, pause = answer.status, answer.headers.get("retry-after", "")
                    body = b"".join(answer.chunks(most_bytes=_MOST_ANSWER_BYTES))
            except OutboundFailure as failure:
                if time.monotonic() > deadline:
                    raise GatewayRefused(f"The gateway (GOLDEN_SET_URL) {failure.detail}.") from None
                pause = ""
            else:
                if status not in _TRANSIENT or time.monotonic() > deadline:
                    return status, body
            self._pause(min(_MOST_PAUSE_SECONDS, float(pause) if pause.isdecimal() else _PAUSE_SECONDS))

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, 0.25))


def _form(boundary: str, fields: Mapping[str, str], audio: bytes) -> bytes:
    """Return a multipart form with some fields and a file."""
    disposition = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    parts = [f'{disposition}{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    head = f'{disposition}file"; filename="reference"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
    return b"".join([*parts, head, audio, f"\r\n--{boundary}--\r\n".encode()])


def _refused(method: str, path: str, status: int, body: bytes) -> GatewayRefused:
    return GatewayRefused(f"The gateway answered {method} {path} with {status} ({_code(body)}).")


def _code(body: bytes) -> str:
    """Return the code of a problem document."""
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return "no problem document"
