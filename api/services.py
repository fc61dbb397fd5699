"""What the routes work with, built once by the composition root and handed to each request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.access import Authenticator
from api.activity import ActivityFeed
from api.api_keys import ApiKeyStore
from api.audit import Audit
from api.audit_log import AuditLog
from api.correction_store import CorrectionStore
from api.dead_letter_store import DeadLetterStore
from api.dispatch import TurnSender
from api.eraser import Eraser
from api.events import JobEvents
from api.forecast import Forecast
from api.job_store import JobStore
from api.job_terms import TermsPolicy
from api.kept_uploads import KeptUploads
from api.metrics import GatewayMetrics
from api.page_files import PageFiles
from api.rate_limits import RateLimits
from api.search.service import TranscriptSearch
from api.settings import GatewaySettings
from api.submissions import Submissions
from api.synchronous import SynchronousCalls
from api.uploads import UploadReceiver
from api.waiting import JobWaiter
from api.webhook_store import WebhookStore
from core.media_stores import MediaStores


@dataclass(frozen=True, slots=True)
class Services:
    """The gateway's collaborators."""

    settings: GatewaySettings
    authenticator: Authenticator
    rate_limits: RateLimits
    audit: Audit
    audit_log: AuditLog
    api_keys: ApiKeyStore
    jobs: JobStore
    corrections: CorrectionStore
    dead_letters: DeadLetterStore
    media: MediaStores
    uploads: UploadReceiver
    kept_uploads: KeptUploads
    submissions: Submissions
    waiter: JobWaiter
    synchronous: SynchronousCalls
    turns: TurnSender
    metrics: GatewayMetrics
    activity: ActivityFeed
    forecast: Forecast
    events: JobEvents
    search: TranscriptSearch
    webhooks: WebhookStore
    terms: TermsPolicy
    eraser: Eraser
    page_files: PageFiles


# `async` though it waits for nothing: what isn't goes through a thread for every request.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


WithServices = Annotated[Services, Depends(_services)]
"""Annotation of a route's parameter that receives the services."""
