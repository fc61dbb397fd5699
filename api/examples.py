"""Examples for the OpenAPI document, one for each route's answer; a test holds them against the schemas."""

from typing import Any, Final

_JOB_ID: Final = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"

_LANE: Final = {"model": "base", "pending_jobs": 3, "pending_audio_seconds": 412.7}

_WORKER: Final = {
    "name": "gpu-1-4711",
    "lane": "base",
    "model": "base",
    "device": "cpu",
    "compute_type": "int8_float32",
    "concurrency": 4,
    "running": 2,
    "state": "ready",
    "started_at_ms": 1795261816359,
    "metrics_port": 9101,
    "version": "0.1.0",
    "redacts": ["card", "iban", "email", "ip", "url", "phone"],
    "diarizes": True,
}

_JOB_ACCEPTED: Final = {
    "job_id": _JOB_ID,
    "status": "queued",
    "cached": False,
    "message": f"Accepted. Follow it at /status/{_JOB_ID}",
}

_JOB: Final = {
    "job_id": _JOB_ID,
    "status": "processing",
    "model": "base",
    "file_name": "interview.mp3",
    "options": {
        "model": None,
        "language": None,
        "task": "transcribe",
        "initial_prompt": None,
        "hotwords": None,
        "quality": "balanced",
        "beam_size": None,
        "temperature": 0.0,
        "vad_filter": True,
        "multilingual": False,
        "channels": "mix",
        "diarize": False,
        "min_speakers": None,
        "max_speakers": None,
        "word_timestamps": False,
        "clip_start_seconds": 0.0,
        "clip_end_seconds": None,
        "redact": [],
    },
    "progress": {"audio_seconds_done": 30.0, "audio_seconds_total": 120.5, "percent": 24.9},
    "segments": 6,
    "queue_position": None,
    "audio_seconds_ahead": None,
    "eta": {"seconds": 21.5, "low_seconds": 18.0, "high_seconds": 30.2},
    "language": "en",
    "attempt": 1,
    "cached": False,
    "cancel_requested": False,
    "retention_hours": None,
    "sensitivity": "confidential",
    "failure": None,
    "created_at": "2026-11-21T11:50:23.091Z",
    "started_at": "2026-11-21T11:50:23.124Z",
    "finished_at": None,
    "expires_at": None,
}

_JOB_LIST: Final = {
    "jobs": [_JOB | {"segments": None, "eta": None}],
    "next_cursor": f"1795261823091-{_JOB_ID}",
}

_ERASED: Final = {
    "records": 1,
    "results": 1,
    "segments": 12,
    "events": 15,
    "attempts": 1,
    "webhook_events": 1,
    "idempotency_keys": 1,
    "corrections": 2,
    "audio_files": 0,
    "audio_bytes": 0,
}

_JOB_ERASED: Final = {
    "job_id": _JOB_ID,
    "outcome": "erased",
    "message": "Audio, result and record are erased.",
    "erased": _ERASED,
    "shared_with_other_jobs": False,
}

_TENANT_ERASED: Final = {"tenant": "acme", "erased": _ERASED, "keys": 2, "pending": 1, "remaining": 1}

_JOB_CANCEL_REQUESTED: Final = {
    "job_id": _JOB_ID,
    "outcome": "cancel_requested",
    "message": "The job is running and stops after its current segment.",
    "erased": None,
    "shared_with_other_jobs": None,
}

_TRANSCRIPT: Final = {
    "text": "And so my fellow Americans, ask not what your country can do for you.",
    "language": "en",
    "language_probability": 0.95,
    "duration_seconds": 11.0,
    "segments": [
        {
            "id": 1,
            "start": 0.0,
            "end": 11.0,
            "text": "And so my fellow Americans, ask not what your country can do for you.",
        }
    ],
}

_CORRECTIONS: Final = {
    "job_id": _JOB_ID,
    "corrected_at": "2026-11-21T12:31:07.514Z",
    "words": 14,
    "edits": 1,
    "segments": [
        {
            "segment_id": 1,
            "start": 0.0,
            "end": 11.0,
            "heard": "And so my fellow Americans, ask not what your country can do for you.",
            "text": "And so, my fellow citizens: ask not what your country can do for you.",
            "edits": 1,
        }
    ],
}

_DEAD_LETTER: Final = {
    "job": _JOB
    | {
        "status": "failed",
        "segments": None,
        "eta": None,
        "attempt": 3,
        "failure": {
            "code": "attempts_exhausted",
            "detail": "Attempt 3 of 3 ended in timed_out: No progress for 300 s.",
        },
        "finished_at": "2026-11-21T12:09:41.300Z",
        "expires_at": "2026-11-22T12:09:41.300Z",
    },
    "job_ids": [_JOB_ID],
    "attempts": [
        {
            "attempt": 3,
            "worker": "gpu-1-4711",
            "started_at_ms": 1795262681300,
            "ended_at_ms": 1795262981300,
            "from_ms": 30000,
            "to_ms": 30000,
            "outcome": "error",
            "failure": "timed_out",
            "detail": "No progress for 300 s (WATCHDOG_SECONDS).",
        }
    ],
}

_DEAD_LETTERS: Final = {"dead_letters": [_DEAD_LETTER], "total": 1}

_REQUEUED: Final = {"outcome": "requeued", "job_ids": [_JOB_ID]}

_PURGED: Final = {"outcome": "purged", "job_ids": [_JOB_ID]}

_KEY: Final = {
    "key_id": "5f0c2a4e9b1d47c8",
    "name": "web shop",
    "tenant": "acme",
    "scopes": ["read", "submit"],
    "weight": 1.0,
    "submit_rate": "100/minute",
    "read_rate": None,
    "webhook_url": None,
    "retention_hours": 72.0,
    "sensitivity": "confidential",
    "status": "valid",
    "created_at": "2026-11-21T11:50:23.091Z",
    "expires_at": "2027-11-21T11:50:23.091Z",
    "revoked_at": None,
    "last_used_at": "2026-11-21T12:01:10.500Z",
}

_NEW_KEY: Final = _KEY | {"last_used_at": None, "key": "scr_5f0c2a4e9b1d47c8_..."}

_KEYS: Final = {"keys": [_KEY], "total": 1}

_REVOKED_KEY: Final = _KEY | {"status": "revoked", "revoked_at": "2026-11-21T12:09:41.300Z"}

_HEALTH: Final = {"status": "ok"}

_READINESS: Final = {
    "status": "ready",
    "version": "0.1.0",
    "redis": True,
    "queue": [_LANE],
    "workers": [_WORKER],
    "mean_latency_seconds": 2.058,
}

_NOT_READY: Final = _READINESS | {"status": "no_workers", "workers": [], "mean_latency_seconds": None}

_STATS: Final = {
    "queue": [_LANE],
    "processing_jobs": 2,
    "dead_letters": 0,
    "workers": [_WORKER],
    "accepted": 120,
    "joined": 1,
    "cached": 4,
    "completed": 110,
    "failed": 3,
    "cancelled": 2,
    "attempt_errors": 1,
    "lease_expiries": 0,
    "audio_seconds_completed": 5400.0,
    "processing_seconds": 980.5,
    "rtf": 0.1816,
    "mean_latency_seconds": 14.2,
}

_WEBHOOK_LOG: Final = {
    "job_id": _JOB_ID,
    "url": "https://example.com/hooks",
    "disabled": False,
    "events": [
        {
            "webhook_id": f"{_JOB_ID}-1",
            "type": "transcription.completed",
            "state": "delivered",
            "created_at": "2026-11-21T11:50:31.702Z",
            "next_attempt_at": None,
            "attempts": [
                {"at": "2026-11-21T11:50:32.110Z", "seconds": 20.0, "status": None, "fault": "timed_out"},
                {"at": "2026-11-21T11:50:57.480Z", "seconds": 0.12, "status": 204, "fault": None},
            ],
        }
    ],
}

_WEBHOOK_REPLAY: Final = {"job_id": _JOB_ID, "webhook_id": f"{_JOB_ID}-1"}

_AUDIT: Final = {
    "entries": [
        {
            "at": "2026-11-21T11:52:04.310Z",
            "action": "transcript.read",
            "tenant": "acme",
            "who": "key:5f0c2a4e9b1d47c8",
            "object_id": _JOB_ID,
            "status": 200,
            "address": "192.0.2.7",
            "request_id": "1b0e4ee02c4a7f4e",
            "route": None,
            "times": 1,
        }
    ],
    "next_cursor": "1795261924310-0",
}

_OPENAI_TRANSCRIPTION: Final = {
    "text": "And so my fellow Americans...",
    "usage": {"type": "duration", "seconds": 11},
}

_OPENAI_MODEL: Final = {"id": "base", "object": "model", "created": 1795261816, "owned_by": "scriptorium"}

_WORD: Final = {
    "text": "country",
    "start": 3270,
    "end": 3810,
    "confidence": 0.97,
    "speaker": None,
    "channel": None,
}

_STRETCH: Final = {
    "text": "And so my fellow Americans, ask not what your country can do for you.",
    "start": 0,
    "end": 11000,
    "confidence": 0.94,
    "speaker": None,
    "channel": None,
    "words": [_WORD],
}

_ASSEMBLYAI_TRANSCRIPT: Final = {
    "id": _JOB_ID,
    "audio_url": f"http://127.0.0.1:8000/v2/upload/{_JOB_ID}",
    "status": "completed",
    "error": None,
    "text": "And so my fellow Americans, ask not what your country can do for you.",
    "words": [_WORD],
    "utterances": None,
    "confidence": 0.94,
    "audio_duration": 11,
    "language_code": "en",
    "language_confidence": 0.95,
    "language_detection": True,
    "speaker_labels": False,
    "multichannel": False,
    "keyterms_prompt": ["Americans"],
    "prompt": None,
    "temperature": 0.0,
    "punctuate": True,
    "format_text": True,
    "audio_start_from": None,
    "audio_end_at": None,
    "speech_model_used": "base",
    "webhook_url": "https://example.com/hooks",
    "webhook_status_code": 200,
    "webhook_auth": True,
    "webhook_auth_header_name": "X-My-Webhook-Secret",
}

_ASSEMBLYAI_UNTOLD: Final = _ASSEMBLYAI_TRANSCRIPT | {
    "status": "queued",
    "text": None,
    "words": None,
    "confidence": None,
    "language_code": None,
    "language_confidence": None,
    "webhook_status_code": None,
}

_ASSEMBLYAI_LIST: Final = {
    "page_details": {
        "limit": 10,
        "result_count": 1,
        "current_url": "http://127.0.0.1:8000/v2/transcript?limit=10",
        "prev_url": None,
        "next_url": f"http://127.0.0.1:8000/v2/transcript?limit=10&after_id={_JOB_ID}",
    },
    "transcripts": [
        {
            "id": _JOB_ID,
            "resource_url": f"http://127.0.0.1:8000/v2/transcript/{_JOB_ID}",
            "status": "completed",
            "created": "2026-11-21T11:50:23.091000+00:00",
            "completed": "2026-11-21T11:50:31.702000+00:00",
            "audio_url": f"http://127.0.0.1:8000/v2/upload/{_JOB_ID}",
            "error": None,
        }
    ],
}

_SENTENCES: Final = {"id": _JOB_ID, "confidence": 0.94, "audio_duration": 11.0, "sentences": [_STRETCH]}

_PARAGRAPHS: Final = {"id": _JOB_ID, "confidence": 0.94, "audio_duration": 11.0, "paragraphs": [_STRETCH]}

_WORD_SEARCH: Final = {
    "id": _JOB_ID,
    "total_count": 1,
    "matches": [{"text": "country", "count": 1, "timestamps": [[3270, 3810]], "indexes": [9]}],
}

_SEARCH: Final = {
    "hits": [
        {
            "job_id": _JOB_ID,
            "file_name": "interview.mp3",
            "created_at": "2026-11-21T11:50:16.359Z",
            "segment_id": 7,
            "start": 31.4,
            "end": 36.9,
            "text": "The budget for next year is half of it.",
            "marks": [[4, 10], [15, 24]],
        }
    ],
    "next_cursor": "1882508431353675768",
}

ANSWERS: Final[dict[tuple[str, str, int], Any]] = {
    ("/transcribe", "post", 202): _JOB_ACCEPTED,
    ("/v1/audio/transcriptions", "post", 200): _OPENAI_TRANSCRIPTION,
    ("/v1/audio/translations", "post", 200): _OPENAI_TRANSCRIPTION,
    ("/v1/models", "get", 200): {"object": "list", "data": [_OPENAI_MODEL, _OPENAI_MODEL | {"id": "whisper-1"}]},
    ("/v1/models/{model}", "get", 200): _OPENAI_MODEL,
    ("/inference", "post", 200): {"text": " And so my fellow Americans...\n"},
    ("/transcribe/async", "post", 202): _JOB_ACCEPTED,
    ("/transcribe/{job_id}", "get", 200): _JOB | {"error": None, "result": None},
    ("/status/{job_id}", "get", 200): _JOB,
    ("/result/{job_id}", "get", 200): _TRANSCRIPT,
    ("/result/{job_id}/corrections", "get", 200): _CORRECTIONS,
    ("/result/{job_id}/corrections", "post", 200): _CORRECTIONS,
    ("/search", "get", 200): _SEARCH,
    ("/job/{job_id}", "delete", 200): _JOB_ERASED,
    ("/job/{job_id}", "delete", 202): _JOB_CANCEL_REQUESTED,
    ("/jobs", "get", 200): _JOB_LIST,
    ("/tenants/{tenant}", "delete", 200): _TENANT_ERASED,
    ("/webhooks/{job_id}", "get", 200): _WEBHOOK_LOG,
    ("/webhooks/{job_id}/replay", "post", 202): _WEBHOOK_REPLAY,
    ("/dead-letters", "get", 200): _DEAD_LETTERS,
    ("/dead-letters", "delete", 200): _PURGED,
    ("/dead-letters/requeue", "post", 200): _REQUEUED,
    ("/dead-letters/{job_id}", "get", 200): _DEAD_LETTER,
    ("/dead-letters/{job_id}", "delete", 200): _PURGED,
    ("/dead-letters/{job_id}/requeue", "post", 200): _REQUEUED,
    ("/keys", "post", 201): _NEW_KEY,
    ("/keys", "get", 200): _KEYS,
    ("/keys/{key_id}", "get", 200): _KEY,
    ("/keys/{key_id}/limits", "put", 200): _KEY,
    ("/keys/{key_id}/limits", "patch", 200): _KEY,
    ("/keys/{key_id}", "delete", 200): _REVOKED_KEY,
    ("/audit", "get", 200): _AUDIT,
    ("/detect-language", "post", 200): {"detected_language": "german", "language_code": "de", "confidence": 0.98},
    ("/status", "get", 200): {"version": "0.1.0"},
    ("/v2/upload", "post", 200): {"upload_url": f"http://127.0.0.1:8000/v2/upload/{_JOB_ID}"},
    ("/v2/transcript", "post", 200): _ASSEMBLYAI_UNTOLD,
    ("/v2/transcript", "get", 200): _ASSEMBLYAI_LIST,
    ("/v2/transcript/{job_id}", "get", 200): _ASSEMBLYAI_TRANSCRIPT,
    ("/v2/transcript/{job_id}", "delete", 200): _ASSEMBLYAI_UNTOLD | {"status": "completed"},
    ("/v2/transcript/{job_id}/sentences", "get", 200): _SENTENCES,
    ("/v2/transcript/{job_id}/paragraphs", "get", 200): _PARAGRAPHS,
    ("/v2/transcript/{job_id}/word-search", "get", 200): _WORD_SEARCH,
    ("/health", "get", 200): _HEALTH,
    ("/health/ready", "get", 200): _READINESS,
    ("/health/ready", "get", 503): _NOT_READY,
    ("/stats", "get", 200): _STATS,
}
"""The JSON answer of a route (path, method) with a status."""
