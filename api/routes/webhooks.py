"""What became of a job's webhook, and to have it sent once more."""

from http import HTTPStatus

from fastapi import APIRouter

from api.access import Reader, Submitter
from api.problems import guarded_responses
from api.routes.jobs import JobId, checked
from api.services import WithServices
from api.webhook_views import WebhookLogView, WebhookReplay
from core.errors import JobNotFound, NoWebhookEvent

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.get("/{job_id}", summary="Show a job's webhook", responses=guarded_responses(JobNotFound))
async def webhook(job_id: JobId, services: WithServices, principal: Reader) -> WebhookLogView:
    """Return whom a job tells of its end, and every attempt to do so."""
    await services.jobs.look(checked(job_id), tenant=principal.tenant)
    return WebhookLogView.of(job_id, await services.webhooks.log(job_id))


@router.post(
    "/{job_id}/replay",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a job's webhook again",
    response_description="It is delivered shortly, under the same `webhook-id`.",
    responses=guarded_responses(JobNotFound, NoWebhookEvent),
)
async def replay(job_id: JobId, services: WithServices, principal: Submitter) -> WebhookReplay:
    """Deliver the latest event of a job once more, with all attempts anew, also if its receiver has answered 410."""
    await services.jobs.look(checked(job_id), tenant=principal.tenant)
    return WebhookReplay(job_id=job_id, webhook_id=await services.webhooks.replay(job_id))
