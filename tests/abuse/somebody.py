"""A client with an address of his own on loopback, as people have who come from elsewhere, and with a key or none."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from tests.chaos.client import silence

AUDIO_SECONDS = 1.0


class Somebody:
    """Asks one service after the other; `base_url` is where he asks unless he says otherwise."""

    def __init__(self, address: str, *, key: str | None = None, base_url: str = "") -> None:
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(local_address=address),
            base_url=base_url,
            headers={"X-API-Key": key} if key else None,
            timeout=60,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def request(self, method: str, url: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a request and return the answer, whatever it is; of an endless one, what comes within a minute."""
        return self._http.request(method, url, **arguments)

    def get(self, url: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """GET."""
        return self._http.get(url, **arguments)

    def post(
        self,
        options: Mapping[str, str] | None = None,
        *,
        audio_seconds: float = AUDIO_SECONDS,
        name: str = "audio",
        url: str = "/transcribe",
        headers: Sequence[tuple[str, str]] = (),
    ) -> httpx.Response:
        """POST audio that shares no work of another job."""
        return self._http.post(
            url,
            files={"file": (name, silence(audio_seconds))},
            data=options,
            headers=[("Cache-Control", "no-cache"), *headers],
        )

    def submit(self, options: Mapping[str, str] | None = None, **arguments: Any) -> str:  # noqa: ANN401 - as `post`
        """Post audio and return the id of its job.

        Raises:
            AssertionError: it was not accepted.
        """
        answer = self.post(options, **arguments)
        assert answer.status_code == httpx.codes.ACCEPTED, f"{answer.status_code} {answer.text}"
        job_id: str = answer.json()["job_id"]
        return job_id


def new_key(admin: Somebody, tenant: str, *, rate: str | None) -> str:
    """Return a new key of a tenant's, with its own limits or with everybody's."""
    answer = admin.request(
        "POST",
        "/keys",
        json={"name": tenant, "tenant": tenant, "scopes": ["submit", "read"], "submit_rate": rate, "read_rate": rate},
    )
    assert answer.status_code == httpx.codes.CREATED, answer.text
    key: str = answer.json()["key"]
    return key
