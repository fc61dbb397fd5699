"""Takes what is posted most: `POST /transcribe` of a form that comes without an idempotency key."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import Scope

from api.access import require
from api.principal import Scope as Permission
from api.rate_limits import Rate
from api.short_ways import JsonAnswer, RouteName
from api.submissions import Submissions, may_share_work
from api.url_submissions import names_url
from api.views import JobAccepted, status_path

PATH = "/transcribe"


class PlainUploads:
    """The short way of an upload."""

    route = RouteName(PATH)

    def __init__(self, submissions: Submissions) -> None:
        self._submissions = submissions
        self._admit = require(Permission.SUBMIT, rate=Rate.SUBMIT)

    def takes(self, scope: Scope) -> dict[str, str] | None:
        """Return no parameters for an upload; None if a request is none, or if its head is for the route to check."""
        if scope["method"] != "POST" or scope["path"] != PATH:
            return None
        request = Request(scope)
        return None if "idempotency-key" in request.headers or names_url(request) else {}

    async def answer(self, request: Request) -> JsonAnswer:
        """Take an upload."""
        accepted = await self._submissions.of_upload(
            request, await self._admit(request), shares_work=may_share_work(request.headers.get("cache-control", ""))
        )
        location = (b"location", status_path(accepted.job_id).encode())
        return JsonAnswer(HTTPStatus.ACCEPTED, JobAccepted.of(accepted).model_dump_json().encode(), [location])
