"""Put right what was heard wrong, and show what was."""

import asyncio
from collections import Counter
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends

from api.access import Editor, Reader
from api.correction_views import MOST_CORRECTION_BYTES, CorrectedSegment, CorrectionsView, NewCorrections
from api.corrections import Correction, correction_of, shared_out, word_count
from api.json_bodies import json_body, json_request
from api.principal import Principal
from api.problems import guarded_responses
from api.routes.jobs import JobId, looked
from api.services import Services, WithServices
from core.errors import (
    CorrectionsTooLarge,
    InvalidOptions,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    MalformedBody,
    OptionProblem,
)
from core.transcript import Transcript

_MOST_WORDS: Final = 10_000
"""Of a text that is aligned as a whole, on either side, which takes 50 ms at worst."""
_PATH = "/result/{job_id}/corrections"
_NO_TRANSCRIPT = (JobNotFound, JobNotFinished, JobCancelled, JobExpired, JobFailed)

router = APIRouter(tags=["jobs"])
logger = structlog.get_logger(__name__)


@router.post(
    _PATH,
    summary="Correct a transcript",
    responses=guarded_responses(*_NO_TRANSCRIPT, MalformedBody, InvalidOptions, CorrectionsTooLarge),
    openapi_extra=json_request(NewCorrections),
)
async def correct(
    job_id: JobId,
    principal: Editor,
    wanted: Annotated[NewCorrections, Depends(json_body(NewCorrections, most_bytes=MOST_CORRECTION_BYTES))],
    services: WithServices,
) -> CorrectionsView:
    """Keep what is really said beside what was heard, as long as that, and answer with all corrections of the job.

    What is sent again, or otherwise, replaces what was sent before. It concerns this job alone, and none that shares
    its transcription. To send what was heard says that it is right.
    """
    transcript = await _transcript(job_id, services, principal)
    if wanted.segments is None:
        corrections = await asyncio.to_thread(_of_whole_text, transcript, wanted.text or "")
    else:
        corrections = _of_segments(transcript, wanted.segments)
    await services.corrections.keep(job_id, corrections, words=word_count(transcript.text))
    logger.info("transcript_corrected", job_id=job_id, segments=len(corrections))
    return CorrectionsView.of(job_id, transcript, await services.corrections.of(job_id))


@router.get(_PATH, summary="Show a transcript's corrections", responses=guarded_responses(*_NO_TRANSCRIPT))
async def corrections(job_id: JobId, services: WithServices, principal: Reader) -> CorrectionsView:
    """Return what was corrected of a job's transcript, beside what was heard."""
    transcript = await _transcript(job_id, services, principal)
    return CorrectionsView.of(job_id, transcript, await services.corrections.of(job_id))


async def _transcript(job_id: str, services: Services, principal: Principal) -> Transcript:
    state = await looked(job_id, services, principal)
    return await services.jobs.transcript(state.job)


def _of_segments(transcript: Transcript, wanted: list[CorrectedSegment]) -> dict[int, Correction | None]:
    """Return what becomes of each segment that is named.

    Raises:
        InvalidOptions: there is no such segment, or one is named twice.
    """
    known = {segment.id: segment for segment in transcript.segments}
    times = Counter(each.segment_id for each in wanted)
    problems = [
        OptionProblem(
            f"segments.{number}.segment_id",
            "is named twice" if each.segment_id in known else "is none of this transcript's",
        )
        for number, each in enumerate(wanted)
        if each.segment_id not in known or times[each.segment_id] > 1
    ]
    if problems:
        raise InvalidOptions(problems)
    return {each.segment_id: correction_of(known[each.segment_id], each.text) for each in wanted}


def _of_whole_text(transcript: Transcript, text: str) -> dict[int, Correction | None]:
    """Return what becomes of every segment.

    Raises:
        InvalidOptions: there is no segment to hold it.
        CorrectionsTooLarge: it has too many words, or the transcript has.
    """
    if not transcript.segments:
        raise InvalidOptions([OptionProblem("text", "has no place: nothing was heard, so there is no segment")])
    if max(word_count(text), word_count(transcript.text)) > _MOST_WORDS:
        raise CorrectionsTooLarge(
            f"A text is corrected as a whole up to {_MOST_WORDS} words; send the segments that are wrong."
        )
    parts = shared_out(transcript.segments, text)
    return {segment.id: correction_of(segment, parts[segment.id]) for segment in transcript.segments}
