"""Corrections in Redis: kept as long as the transcript that they are of, and counted over all of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis

from api.corrections import Correction, Corrections
from api.disk_sync import DiskSync
from core.errors import CorrectionsTooLarge, JobExpired, StoreUnavailable
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.work import optional_moment

_MOST_BYTES: Final = 1024 * 1024
"""Of corrections kept for one job: the words of twenty hours."""
_SEGMENT: Final = "segment:"


@dataclass(frozen=True, slots=True)
class CorrectionTotals:
    """How much was corrected, since ever; what is corrected again counts as it is now."""

    submissions: int = 0
    """That changed something."""
    jobs: int = 0
    """Of which the transcript was corrected, or found right."""
    edits: int = 0
    """Words substituted, deleted and inserted in their transcripts."""
    words: int = 0
    """Of those transcripts, as they were heard."""


class CorrectionStore:
    """Corrections, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._correct = client.register_script(JobScript.CORRECT.source)
        self._disk = DiskSync(client)

    async def of(self, job_id: str) -> Corrections:
        """Return the corrections of a job; none if it has none."""
        record = cast("dict[str, str]", await self._client.hgetall(self._keys.corrections(job_id)))
        return Corrections(
            segments={
                int(name.removeprefix(_SEGMENT)): Correction(**json.loads(correction))
                for name, correction in record.items()
                if name.startswith(_SEGMENT)
            },
            edits=int(record.get("edits", 0)),
            corrected_at=optional_moment(record.get("at_ms")),
        )

    async def keep(self, job_id: str, wanted: Mapping[int, Correction | None], *, words: int) -> None:
        """Put corrections in the place of what was told about these segments before; None: as it was heard.

        `words` is how many the transcript has, as it was heard.

        Raises:
            JobExpired: the transcript is gone.
            CorrectionsTooLarge: they are more than are kept of one job; nothing was changed.
            StoreUnavailable: Redis took them and could not say in time that they are on its disk.
        """
        segments = [
            {"id": segment_id, **({"correction": _as_json(correction)} if correction else {})}
            for segment_id, correction in wanted.items()
        ]
        arguments: dict[str, Any] = {
            "job_id": job_id,
            "segments": segments,
            "words": words,
            "most_bytes": _MOST_BYTES,
        }
        answer, on_disk = await self._disk.run(self._correct, args=script_arguments(self._keys.prefix, arguments))
        if answer == "gone":
            raise JobExpired(f"The result of job '{job_id}' has just expired, or was erased.")
        if answer == "full":
            raise CorrectionsTooLarge(f"Of one job at most {_MOST_BYTES} bytes of corrections are kept.")
        if not on_disk:
            raise StoreUnavailable("The store is too slow to say that they are on its disk. Send them again.")

    async def totals(self) -> CorrectionTotals:
        """Return how much was corrected."""
        counters = cast("dict[str, str]", await self._client.hgetall(self._keys.correction_counters))
        return CorrectionTotals(**{name: int(number) for name, number in counters.items()})


def _as_json(correction: Correction) -> str:
    return json.dumps({"text": correction.text, "edits": correction.edits}, ensure_ascii=False)
