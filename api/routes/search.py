"""Look for words in all transcripts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.access import Reader
from api.audit import note
from api.problems import guarded_responses
from api.search import query as search_query
from api.search_views import SearchPage
from api.services import WithServices
from core.errors import InvalidOptions, SearchNotInUse

router = APIRouter(tags=["jobs"])


@router.get("/search", summary="Search all transcripts", responses=guarded_responses(InvalidOptions, SearchNotInUse))
async def search(
    services: WithServices,
    principal: Reader,
    request: Request,
    *,
    q: Annotated[
        str,
        Query(
            max_length=search_query.MOST_CHARACTERS,
            description='Words that a segment has, all of them: `word`, `"a phrase"`, `begin*`; none of `-word`.',
            examples=['budget "next year" -draft'],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=100, description="Hits a page.")] = 20,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,19}$")
    ] = None,
) -> SearchPage:
    """Return segments that have all of these words, the newest job's first, each job's in the order of its audio.

    Case and accents don't matter. A transcript is found shortly after its job is completed, as it was corrected, and as
    long as it is kept. A page may hold fewer hits than `limit`; only a missing `next_cursor` is the end.
    """
    wanted = search_query.Query.parse(q)
    page = await services.search.page(principal.tenant, wanted, limit=limit, cursor=cursor)
    note(request, *dict.fromkeys(hit.job_id for hit in page.hits))
    return SearchPage.model_validate(page)
