// Generated from the gateway's OpenAPI document by generate.mjs; not to be edited.

/** Every `code` that a problem of the gateway may have. */
export type ProblemCode =
  | "attempts_exhausted"
  | "audio_empty"
  | "audio_expired"
  | "audio_too_long"
  | "audio_undecodable"
  | "clip_outside_audio"
  | "corrections_too_large"
  | "diarization_unavailable"
  | "disk_full"
  | "file_empty"
  | "file_missing"
  | "idempotency_conflict"
  | "internal_error"
  | "invalid_options"
  | "job_cancelled"
  | "job_expired"
  | "job_not_finished"
  | "job_not_found"
  | "keys_not_in_use"
  | "malformed_body"
  | "malware_found"
  | "malware_scan_failed"
  | "media_missing"
  | "media_unavailable"
  | "multipart_required"
  | "no_audio_stream"
  | "no_webhook_event"
  | "not_a_dead_letter"
  | "out_of_disk"
  | "out_of_memory"
  | "queue_full"
  | "range_not_satisfiable"
  | "rate_limited"
  | "redaction_unavailable"
  | "scope_missing"
  | "search_not_in_use"
  | "signing_keys_unavailable"
  | "store_unavailable"
  | "timed_out"
  | "too_many_uploads"
  | "unauthenticated"
  | "unknown_key"
  | "unknown_model"
  | "unsupported_media"
  | "upload_timed_out"
  | "upload_too_large"
  | "upload_too_slow"
  | "uploads_full"
  | "url_empty"
  | "url_host_unknown"
  | "url_not_served"
  | "url_refused"
  | "url_too_large"
  | "url_unreachable"
  | "worker_lost";

export interface paths {
    "/transcribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit audio
         * @description Upload a file to transcribe, or name the URL of one. The answer comes as soon as the job is stored durably.
         */
        post: operations["transcribe_transcribe_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audio/transcriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transcribe, as OpenAI does
         * @description Transcribe a file and answer with its text, at the end or as it comes. The job survives the call.
         */
        post: operations["transcriptions_v1_audio_transcriptions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audio/translations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Translate into English, as OpenAI does
         * @description Transcribe a file into English. The job survives the call.
         */
        post: operations["translations_v1_audio_translations_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models, as OpenAI does
         * @description Return the models that workers serve, the default one first, and the name that stands for it.
         */
        get: operations["models_v1_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a model, as OpenAI does
         * @description Return a model that may be asked for.
         */
        get: operations["model_v1_models__model__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/inference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transcribe, as whisper.cpp's server does
         * @description Transcribe a file and answer with its text. The job survives the call.
         */
        post: operations["inference_inference_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transcribe/async": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit audio, as POST /transcribe
         * @description Upload a file to transcribe, or name the URL of one. The answer comes as soon as the job is stored durably.
         */
        post: operations["transcribe_transcribe_async_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transcribe/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a job to its transcript
         * @description Return a job's status and, once it is completed, its transcript.
         */
        get: operations["job_with_result_transcribe__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a job
         * @description Return a job's status, its progress in audio seconds, its place in the queue and when it will be done.
         */
        get: operations["status_status__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a job live
         * @description Return what has happened to a job and what happens from now on, each event once.
         */
        get: operations["events_events__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/result/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch a transcript
         * @description Return a completed job's transcript, as it was heard or as it was corrected.
         */
        get: operations["result_result__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/job/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel or erase a job
         * @description Cancel a job that waits or runs; erase one that is finished, with audio, transcript, record and webhook log.
         *
         *     What other jobs share with it, they keep.
         */
        delete: operations["remove_job__job_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List jobs
         * @description Return jobs, newest first. A page may hold fewer than `limit`; the last one has no `next_cursor`.
         */
        get: operations["jobs_jobs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audio/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch a job's audio
         * @description Return the audio of a job, as it was sent or as its URL served it, whole or in part.
         *
         *     It is there until the job is finished; then for `KEEP_AUDIO_HOURS`, but not longer than the transcript, not of a job
         *     that was to be redacted, and not where the disk grows short. Jobs that share a transcription have one audio.
         */
        get: operations["audio_audio__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search all transcripts
         * @description Return segments that have all of these words, the newest job's first, each job's in the order of its audio.
         *
         *     Case and accents don't matter. A transcript is found shortly after its job is completed, as it was corrected, and as
         *     long as it is kept. A page may hold fewer hits than `limit`; only a missing `next_cursor` is the end.
         */
        get: operations["search_search_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/result/{job_id}/corrections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a transcript's corrections
         * @description Return what was corrected of a job's transcript, beside what was heard.
         */
        get: operations["corrections_result__job_id__corrections_get"];
        put?: never;
        /**
         * Correct a transcript
         * @description Keep what is really said beside what was heard, as long as that, and answer with all corrections of the job.
         *
         *     What is sent again, or otherwise, replaces what was sent before. It concerns this job alone, and none that shares
         *     its transcription. To send what was heard says that it is right.
         */
        post: operations["correct_result__job_id__corrections_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a job's webhook
         * @description Return whom a job tells of its end, and every attempt to do so.
         */
        get: operations["webhook_webhooks__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{job_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a job's webhook again
         * @description Deliver the latest event of a job once more, with all attempts anew, also if its receiver has answered 410.
         */
        post: operations["replay_webhooks__job_id__replay_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters
         * @description Return failed jobs with the history of their attempts, the latest first.
         */
        get: operations["dead_letters_dead_letters_get"];
        put?: never;
        post?: never;
        /**
         * Purge dead letters
         * @description Erase all dead letters, or those that failed for one reason, with their audio.
         *
         *     Up to 1,000 a call, the oldest first.
         */
        delete: operations["purge_all_dead_letters_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a dead letter
         * @description Return one failed job with the history of its attempts.
         */
        get: operations["dead_letter_dead_letters__job_id__get"];
        put?: never;
        post?: never;
        /**
         * Purge a dead letter
         * @description Erase a failed job with its audio and its history.
         */
        delete: operations["purge_dead_letters__job_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/requeue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Requeue dead letters
         * @description Give all dead letters new attempts, or those that failed for one reason; up to 1,000 a call, the oldest first.
         *
         *     Those whose audio is gone are left.
         */
        post: operations["requeue_all_dead_letters_requeue_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{job_id}/requeue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Requeue a dead letter
         * @description Give a failed job new attempts. It goes on behind the segments that it has.
         */
        post: operations["requeue_dead_letters__job_id__requeue_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Return API keys of all tenants, the latest made or changed first; also those that are revoked or have expired.
         */
        get: operations["keys_keys_get"];
        put?: never;
        /**
         * Make an API key
         * @description Make an API key. The answer holds it; nothing can tell it again.
         */
        post: operations["create_keys_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an API key
         * @description Return what is known of an API key.
         */
        get: operations["key_keys__key_id__get"];
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description Make an API key worthless, for good. Every gateway refuses it within a second; its record stays.
         */
        delete: operations["revoke_keys__key_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{key_id}/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Limit an API key
         * @description Give an API key other limits, in the place of all it has. Every gateway knows them within a second.
         */
        put: operations["limit_keys__key_id__limits_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change limits of an API key
         * @description Give an API key those limits that are named; null takes one away. Every gateway knows them within a second.
         */
        patch: operations["change_keys__key_id__limits_patch"];
        trace?: never;
    };
    "/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase a tenant
         * @description Revoke a tenant's API keys and erase his jobs, up to 500 a call, the oldest first; call again until none remain.
         *
         *     A job that runs stops after its current segment and is erased by a later call. A tenant of tokens (AUTH_MODE=jwt) is
         *     for the identity provider to shut out, or he may post new jobs meanwhile.
         */
        delete: operations["erase_tenants__tenant__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the audit log
         * @description Return entries of the audit log, the latest first.
         *
         *     A page may hold fewer than `limit`, or none; the last one has no `next_cursor`.
         */
        get: operations["audit_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Liveness
         * @description Answer as long as the process can answer; asks nobody else.
         */
        get: operations["health_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readiness
         * @description Tell whether jobs posted now will be done, by whom, and how long the queue is.
         */
        get: operations["ready_health_ready_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Statistics
         * @description Return what the installation has done and is doing.
         */
        get: operations["stats_stats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus metrics
         * @description Return the gateway's metrics and, while Redis answers, what it knows of queue, workers and webhooks.
         */
        get: operations["metrics_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file
         * @description Keep a file for transcripts to come.
         */
        post: operations["upload_v2_upload_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List transcripts
         * @description Return transcripts, newest first: all the jobs there are, whatever API they came by.
         */
        get: operations["transcripts_v2_transcript_get"];
        put?: never;
        /**
         * Transcribe a file
         * @description Transcribe an upload, or what a URL serves; the answer comes as soon as the job is stored durably.
         */
        post: operations["create_v2_transcript_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a transcript
         * @description Return how a transcript stands, and what is said once it is completed.
         */
        get: operations["transcript_v2_transcript__job_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a transcript
         * @description Erase a transcript with its audio, and the upload it was made of; cancel one that runs, to be erased then.
         *
         *     The answer is what it was, without what is said.
         */
        delete: operations["remove_v2_transcript__job_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}/srt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get SubRip captions
         * @description Return a transcript as subtitles.
         */
        get: operations["srt_v2_transcript__job_id__srt_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}/vtt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get WebVTT captions
         * @description Return a transcript as subtitles.
         */
        get: operations["vtt_v2_transcript__job_id__vtt_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}/sentences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get sentences
         * @description Return a transcript in sentences.
         */
        get: operations["get_sentences_v2_transcript__job_id__sentences_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}/paragraphs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get paragraphs
         * @description Return a transcript in paragraphs.
         */
        get: operations["get_paragraphs_v2_transcript__job_id__paragraphs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/transcript/{job_id}/word-search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search words
         * @description Return where words are said.
         */
        get: operations["word_search_v2_transcript__job_id__word_search_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/asr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transcribe a file, and wait for it
         * @description Transcribe a file; the answer is the transcript.
         */
        post: operations["asr_asr_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/detect-language": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Detect the language of a file
         * @description Detect the language that is spoken in the first 30 seconds of a file.
         */
        post: operations["detect_language_detect_language_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version
         * @description Answer as long as the process can answer, as Bazarr's test of a connection asks; asks nobody else.
         */
        get: operations["version_status_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Action
         * @description What somebody did, or wanted to do: the status says which.
         * @enum {string}
         */
        Action: "audio.uploaded" | "job.submitted" | "job.cancelled" | "job.erased" | "transcript.read" | "transcript.followed" | "transcript.found" | "audio.read" | "transcript.corrected" | "webhook.replayed" | "dead_letter.read" | "dead_letter.requeued" | "dead_letter.purged" | "key.read" | "key.created" | "key.changed" | "key.revoked" | "tenant.erased" | "audit.read" | "access.refused";
        /**
         * AssemblyAIError
         * @description What is answered in the place of a transcript.
         */
        AssemblyAIError: {
            /**
             * Error
             * @description What is wrong, and what to do about it.
             */
            error: string;
            /**
             * Code
             * @description The problem's stable name, which is ours.
             * @example job_not_found
             */
            code: string;
        };
        /**
         * AttemptRecord
         * @description How an attempt ended, as the scripts write it into a work's history.
         */
        AttemptRecord: {
            /**
             * Attempt
             * @description 1 for the first; one that was handed back shares its number with the next.
             */
            attempt: number;
            /** Worker */
            worker: string;
            /**
             * Started At Ms
             * @description Milliseconds since 1970.
             */
            started_at_ms: number;
            /**
             * Ended At Ms
             * @description Milliseconds since 1970.
             */
            ended_at_ms: number;
            /**
             * From Ms
             * @description Audio done before it, in milliseconds.
             */
            from_ms: number;
            /**
             * To Ms
             * @description Audio done when it ended, in milliseconds.
             * @default 0
             */
            to_ms?: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "completed" | "cancelled" | "failed" | "error" | "crashed" | "handed_back";
            failure?: components["schemas"]["FailureCode"] | null;
            /** Detail */
            detail?: string | null;
        };
        /**
         * AuditEntryList
         * @description Entries of the audit log, the latest first.
         */
        AuditEntryList: {
            /** Entries */
            entries: components["schemas"]["AuditEntryView"][];
            /**
             * Next Cursor
             * @description `cursor` of the next page; null: there is none.
             */
            next_cursor: string | null;
        };
        /**
         * AuditEntryView
         * @description Something that was done or refused.
         */
        AuditEntryView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            action: components["schemas"]["Action"];
            /**
             * Tenant
             * @description Of who did it; null: nobody knows, as in what comes next.
             */
            tenant: string | null;
            /**
             * Who
             * @description `key:<id>`, `sub:<subject>` of a token, or `anonymous`.
             */
            who: string | null;
            /**
             * Object Id
             * @description The job or the key concerned.
             */
            object_id: string | null;
            /**
             * Status
             * @description How it was answered; null: written down before it was done.
             */
            status: number | null;
            /**
             * Address
             * @description Where it came from; null: those of several clients, counted together.
             */
            address: string | null;
            /**
             * Request Id
             * @description The same as in the logs; null: of several requests.
             */
            request_id: string | null;
            /**
             * Route
             * @description What was asked for by somebody who may not.
             */
            route: string | null;
            /**
             * Times
             * @description Requests that the entry stands for: refused ones are counted by the minute.
             */
            times: number;
        };
        /**
         * CorrectionView
         * @description A corrected segment.
         */
        CorrectionView: {
            /**
             * Segment Id
             * @example 1
             */
            segment_id: number;
            /**
             * Start
             * @description Seconds from the start of the audio.
             */
            start: number;
            /**
             * End
             * @description Seconds from the start of the audio.
             */
            end: number;
            /**
             * Heard
             * @description Its text as it was transcribed.
             */
            heard: string;
            /**
             * Text
             * @description Its text as it was corrected.
             */
            text: string;
            /**
             * Edits
             * @description Words substituted, deleted and inserted; case and punctuation don't count.
             * @example 1
             */
            edits: number;
        };
        /**
         * CorrectionsView
         * @description The corrections of a transcript. `GET /result/{job_id}?corrected=true` is the transcript with them.
         */
        CorrectionsView: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            /**
             * Corrected At
             * @description When something was changed last; null: nobody has corrected it.
             */
            corrected_at: string | null;
            /**
             * Words
             * @description Words of the transcript, as it was heard.
             * @example 22
             */
            words: number;
            /**
             * Edits
             * @description Of all corrections together.
             * @example 1
             */
            edits: number;
            /**
             * Segments
             * @description The segments that were heard otherwise, by their start.
             */
            segments: components["schemas"]["CorrectionView"][];
        };
        /**
         * DeadLetterList
         * @description Dead letters, the latest first.
         */
        DeadLetterList: {
            /** Dead Letters */
            dead_letters: components["schemas"]["DeadLetterView"][];
            /**
             * Total
             * @description How many there are, of this failure if one was asked for.
             */
            total: number;
        };
        /**
         * DeadLetterView
         * @description A failed job with the history of its attempts.
         */
        DeadLetterView: {
            job: components["schemas"]["JobView"];
            /**
             * Job Ids
             * @description All jobs that failed with it, because they asked for the same; requeue and purge concern them all.
             */
            job_ids: string[];
            /**
             * Attempts
             * @description Oldest first; the latest 50.
             */
            attempts: components["schemas"]["AttemptRecord"][];
        };
        /**
         * DeadLettersMoved
         * @description What was done to dead letters.
         */
        DeadLettersMoved: {
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "requeued" | "purged";
            /**
             * Job Ids
             * @description The jobs concerned.
             */
            job_ids: string[];
        };
        /**
         * DetectedLanguage
         * @description The language of the first 30 seconds.
         */
        DetectedLanguage: {
            /**
             * Detected Language
             * @description Its English name.
             * @example german
             */
            detected_language: string;
            /**
             * Language Code
             * @description Whisper's code.
             * @example de
             */
            language_code: string;
            /**
             * Confidence
             * @description 0 to 1.
             * @example 0.98
             */
            confidence: number;
        };
        /**
         * DiarizedTranscription
         * @description A transcript as `diarized_json`.
         */
        DiarizedTranscription: {
            /**
             * Task
             * @default transcribe
             * @constant
             */
            task?: "transcribe";
            /** Duration */
            duration: number;
            /** Text */
            text: string;
            /** Segments */
            segments: components["schemas"]["SpokenSegment"][];
            usage: components["schemas"]["Usage"];
        };
        /**
         * ErasedView
         * @description What an erasure has removed, in numbers.
         */
        ErasedView: {
            /**
             * Records
             * @description Records of jobs.
             * @example 1
             */
            records: number;
            /**
             * Results
             * @example 1
             */
            results: number;
            /**
             * Segments
             * @example 12
             */
            segments: number;
            /**
             * Events
             * @description What followers were told, or could have been.
             * @example 15
             */
            events: number;
            /**
             * Attempts
             * @example 1
             */
            attempts: number;
            /**
             * Webhook Events
             * @description With the log of their deliveries.
             * @example 1
             */
            webhook_events: number;
            /**
             * Idempotency Keys
             * @example 1
             */
            idempotency_keys: number;
            /**
             * Corrections
             * @description Segments that were corrected.
             * @example 2
             */
            corrections: number;
            /**
             * Audio Files
             * @description Of finished jobs the clean-up removes the audio within CLEAN_UP_SECONDS; failed ones keep it.
             * @example 0
             */
            audio_files: number;
            /**
             * Audio Bytes
             * @example 0
             */
            audio_bytes: number;
        };
        /**
         * ErrorDetail
         * @description What went wrong.
         */
        ErrorDetail: {
            /** Message */
            message: string;
            /**
             * Type
             * @description `invalid_request_error`, `requests` (too many), `overloaded` or `server_error`.
             */
            type: string;
            /**
             * Param
             * @description The field that is to blame.
             */
            param?: string | null;
            /**
             * Code
             * @description OpenAI's where it has one, else ours.
             */
            code?: string | null;
        };
        /**
         * Eta
         * @description When a job will be completed, from how fast its lane has been of late.
         */
        Eta: {
            /**
             * Seconds
             * @description From now.
             * @example 42
             */
            seconds: number;
            /**
             * Low Seconds
             * @description If it goes as fast as at its best of late.
             * @example 35.5
             */
            low_seconds: number;
            /**
             * High Seconds
             * @description If it goes as slow as at its worst of late.
             * @example 58
             */
            high_seconds: number;
        };
        /**
         * FailureCode
         * @description Why an attempt or a job failed, as stored on the job and shown to its owner.
         * @enum {string}
         */
        FailureCode: "audio_undecodable" | "no_audio_stream" | "audio_empty" | "audio_too_long" | "clip_outside_audio" | "url_refused" | "url_host_unknown" | "url_not_served" | "url_too_large" | "url_empty" | "url_unreachable" | "out_of_disk" | "malware_found" | "malware_scan_failed" | "media_missing" | "media_unavailable" | "timed_out" | "out_of_memory" | "redaction_unavailable" | "diarization_unavailable" | "internal_error" | "worker_lost" | "attempts_exhausted";
        /**
         * Health
         * @description The process is alive.
         */
        Health: {
            /**
             * Status
             * @default ok
             * @constant
             */
            status?: "ok";
        };
        /**
         * Inference
         * @description A transcript as `json`.
         */
        Inference: {
            /**
             * Text
             * @description One line a segment.
             */
            text: string;
        };
        /**
         * InferredSegment
         * @description A segment of `verbose_json`.
         */
        InferredSegment: {
            /**
             * Id
             * @description Counts from 0.
             */
            id: number;
            /** Text */
            text: string;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Tokens */
            tokens: number[];
            /** Words */
            words: components["schemas"]["InferredWord"][];
            /** Temperature */
            temperature: number;
            /** Avg Logprob */
            avg_logprob: number;
            /** No Speech Prob */
            no_speech_prob: number;
            /**
             * Speaker
             * @description Who speaks, from 0, where told apart.
             */
            speaker?: string | null;
        };
        /**
         * InferredWord
         * @description A word.
         */
        InferredWord: {
            /** Word */
            word: string;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Probability */
            probability: number;
        };
        /**
         * InvalidParameter
         * @description What is wrong with a parameter, as FastAPI says it.
         */
        InvalidParameter: {
            /**
             * Type
             * @default value_error
             */
            type?: string;
            /**
             * Loc
             * @example [
             *       "query",
             *       "language"
             *     ]
             */
            loc: [
                string,
                string
            ];
            /** Msg */
            msg: string;
        };
        /**
         * JobAccepted
         * @description The job is stored and will be done.
         */
        JobAccepted: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            /** @description `queued` for a fresh job; further on for one that shares a work. */
            status: components["schemas"]["JobStatus"];
            /**
             * Cached
             * @description The same audio with the same options was transcribed before: the result is there.
             */
            cached: boolean;
            /**
             * Message
             * @example Accepted. Follow it at /status/5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            message: string;
        };
        /**
         * JobFailure
         * @description Why a job failed.
         */
        JobFailure: {
            /** @example audio_undecodable */
            code: components["schemas"]["FailureCode"];
            /**
             * Detail
             * @example The file is not decodable audio.
             */
            detail: string;
        };
        /**
         * JobList
         * @description A page of jobs, newest first.
         */
        JobList: {
            /** Jobs */
            jobs: components["schemas"]["JobView"][];
            /**
             * Next Cursor
             * @description Pass it as `cursor` for the next page; null on the last one.
             */
            next_cursor: string | null;
        };
        /**
         * JobRemoval
         * @description What DELETE did.
         */
        JobRemoval: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            /**
             * Outcome
             * @description `cancelled`: at once, for it was waiting, or others wait for the same. `cancel_requested`: it is running and stops after its segment. `erased`: it was finished; audio, result and record are gone.
             * @enum {string}
             */
            outcome: "cancelled" | "cancel_requested" | "erased";
            /**
             * Message
             * @example The job was waiting and is cancelled.
             */
            message: string;
            /** @description What was removed, if the job is erased. */
            erased?: components["schemas"]["ErasedView"] | null;
            /**
             * Shared With Other Jobs
             * @description If the job is erased: whether other jobs of the tenant asked for the same; transcript and audio stay for them, until the last is erased.
             */
            shared_with_other_jobs?: boolean | null;
        };
        /**
         * JobStatus
         * @description Where a work stands, and with it its jobs. A request for cancellation is a flag beside it until heeded.
         * @enum {string}
         */
        JobStatus: "queued" | "processing" | "completed" | "failed" | "cancelled";
        /**
         * JobView
         * @description A job as its owner sees it. Times are UTC.
         */
        JobView: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            status: components["schemas"]["JobStatus"];
            /**
             * Model
             * @description The model it is transcribed with.
             * @example base
             */
            model: string;
            /**
             * File Name
             * @description Last part of the file name sent.
             * @example interview.mp3
             */
            file_name: string | null;
            /** @description The options, as validated. */
            options: components["schemas"]["TranscriptionOptions"];
            progress: components["schemas"]["Progress"];
            /**
             * Segments
             * @description Segments committed so far (single job only).
             */
            segments?: number | null;
            /**
             * Queue Position
             * @description 1 is next; null when it isn't waiting (single job only).
             */
            queue_position?: number | null;
            /**
             * Audio Seconds Ahead
             * @description Audio that is due before it; null when it isn't waiting (single job only).
             */
            audio_seconds_ahead?: number | null;
            /** @description When it will be completed; null when it is finished, or while nothing is known of its lane or no worker serves it (single job only). */
            eta?: components["schemas"]["Eta"] | null;
            /**
             * Language
             * @description Given or detected; null while unknown.
             * @example en
             */
            language: string | null;
            /**
             * Attempt
             * @description Attempts begun.
             * @example 1
             */
            attempt: number;
            /**
             * Cached
             * @description Answered from the result of the same audio with the same options.
             */
            cached: boolean;
            /**
             * Cancel Requested
             * @description Cancellation was asked for; the worker stops after its segment.
             */
            cancel_requested: boolean;
            /**
             * Retention Hours
             * @description Hours after its end when everything of it is removed; null: its result goes after RESULT_TTL_HOURS, and its record stays RECORD_TTL_HOURS longer.
             */
            retention_hours: number | null;
            /**
             * Sensitivity
             * @description Its label; null where no labels are set up.
             */
            sensitivity: string | null;
            /** @description Why it failed, if it did. */
            failure: components["schemas"]["JobFailure"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Started At
             * @description When its first attempt began.
             */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /**
             * Expires At
             * @description When its result will be removed, and with a retention everything else of it; null until it ends.
             */
            expires_at: string | null;
        };
        /**
         * JobWithResult
         * @description A job as its owner sees it, and what came of it.
         */
        JobWithResult: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            status: components["schemas"]["JobStatus"];
            /**
             * Model
             * @description The model it is transcribed with.
             * @example base
             */
            model: string;
            /**
             * File Name
             * @description Last part of the file name sent.
             * @example interview.mp3
             */
            file_name: string | null;
            /** @description The options, as validated. */
            options: components["schemas"]["TranscriptionOptions"];
            progress: components["schemas"]["Progress"];
            /**
             * Segments
             * @description Segments committed so far (single job only).
             */
            segments?: number | null;
            /**
             * Queue Position
             * @description 1 is next; null when it isn't waiting (single job only).
             */
            queue_position?: number | null;
            /**
             * Audio Seconds Ahead
             * @description Audio that is due before it; null when it isn't waiting (single job only).
             */
            audio_seconds_ahead?: number | null;
            /** @description When it will be completed; null when it is finished, or while nothing is known of its lane or no worker serves it (single job only). */
            eta?: components["schemas"]["Eta"] | null;
            /**
             * Language
             * @description Given or detected; null while unknown.
             * @example en
             */
            language: string | null;
            /**
             * Attempt
             * @description Attempts begun.
             * @example 1
             */
            attempt: number;
            /**
             * Cached
             * @description Answered from the result of the same audio with the same options.
             */
            cached: boolean;
            /**
             * Cancel Requested
             * @description Cancellation was asked for; the worker stops after its segment.
             */
            cancel_requested: boolean;
            /**
             * Retention Hours
             * @description Hours after its end when everything of it is removed; null: its result goes after RESULT_TTL_HOURS, and its record stays RECORD_TTL_HOURS longer.
             */
            retention_hours: number | null;
            /**
             * Sensitivity
             * @description Its label; null where no labels are set up.
             */
            sensitivity: string | null;
            /** @description Why it failed, if it did. */
            failure: components["schemas"]["JobFailure"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Started At
             * @description When its first attempt began.
             */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /**
             * Expires At
             * @description When its result will be removed, and with a retention everything else of it; null until it ends.
             */
            expires_at: string | null;
            /**
             * Error
             * @description Why it failed, or that it was cancelled; null otherwise.
             */
            error: string | null;
            /** @description The transcript; null until the job is completed. */
            result: components["schemas"]["PlainTranscript"] | null;
        };
        /**
         * KeyCreated
         * @description A new API key.
         */
        KeyCreated: {
            /**
             * Key Id
             * @description The part of the key behind `scr_`.
             * @example 5f0c2a4e9b1d47c8
             */
            key_id: string;
            /** Name */
            name: string;
            /** Tenant */
            tenant: string;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Weight */
            weight: number;
            /** Submit Rate */
            submit_rate: string | null;
            /** Read Rate */
            read_rate: string | null;
            /** Webhook Url */
            webhook_url: string | null;
            /** Retention Hours */
            retention_hours: number | null;
            /** Sensitivity */
            sensitivity: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "valid" | "expired" | "revoked";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Last Used At
             * @description To the minute; null: never.
             */
            last_used_at: string | null;
            /**
             * Key
             * @description The key. Keep it: nothing can tell it again.
             * @example scr_5f0c2a4e9b1d47c8_...
             */
            key: string;
        };
        /**
         * KeyList
         * @description API keys, the latest made or changed first.
         */
        KeyList: {
            /** Keys */
            keys: components["schemas"]["KeyView"][];
            /** Total */
            total: number;
        };
        /**
         * KeyView
         * @description What is known of an API key; the key itself is told once, to who makes it.
         */
        KeyView: {
            /**
             * Key Id
             * @description The part of the key behind `scr_`.
             * @example 5f0c2a4e9b1d47c8
             */
            key_id: string;
            /** Name */
            name: string;
            /** Tenant */
            tenant: string;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Weight */
            weight: number;
            /** Submit Rate */
            submit_rate: string | null;
            /** Read Rate */
            read_rate: string | null;
            /** Webhook Url */
            webhook_url: string | null;
            /** Retention Hours */
            retention_hours: number | null;
            /** Sensitivity */
            sensitivity: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "valid" | "expired" | "revoked";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Last Used At
             * @description To the minute; null: never.
             */
            last_used_at: string | null;
        };
        /**
         * LaneView
         * @description One lane: the queue of one model.
         */
        LaneView: {
            /**
             * Model
             * @example base
             */
            model: string;
            /**
             * Pending Jobs
             * @example 3
             */
            pending_jobs: number;
            /**
             * Pending Audio Seconds
             * @example 412.7
             */
            pending_audio_seconds: number;
        };
        /**
         * ListedTranscript
         * @description A transcript in a list.
         */
        ListedTranscript: {
            /**
             * Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            id: string;
            /** Resource Url */
            resource_url: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "processing" | "completed" | "error";
            /**
             * Created
             * @description ISO 8601, UTC.
             */
            created: string;
            /**
             * Completed
             * @description ISO 8601, UTC; null until it has ended.
             */
            completed: string | null;
            /** Audio Url */
            audio_url: string;
            /** Error */
            error: string | null;
        };
        /**
         * Model
         * @description A model that transcribes.
         */
        Model: {
            /**
             * Id
             * @example base
             */
            id: string;
            /**
             * Object
             * @default model
             * @constant
             */
            object?: "model";
            /**
             * Created
             * @description When its longest-running worker started, in seconds since 1970; 0 if none runs.
             */
            created: number;
            /**
             * Owned By
             * @default scriptorium
             * @constant
             */
            owned_by?: "scriptorium";
        };
        /**
         * ModelList
         * @description The models that may be asked for.
         */
        ModelList: {
            /**
             * Object
             * @default list
             * @constant
             */
            object?: "list";
            /** Data */
            data: components["schemas"]["Model"][];
        };
        /**
         * OpenAIError
         * @description An error in OpenAI's shape.
         */
        OpenAIError: {
            error: components["schemas"]["ErrorDetail"];
        };
        /**
         * OutboundFault
         * @description Why a URL that a user gave was not asked, or gave no answer.
         * @enum {string}
         */
        OutboundFault: "url_refused" | "host_not_found" | "address_refused" | "connection_failed" | "tls_failed" | "timed_out" | "answer_malformed" | "answer_too_large";
        /**
         * Output
         * @description The formats of a transcript.
         * @enum {string}
         */
        Output: "txt" | "vtt" | "srt" | "tsv" | "json";
        /**
         * PageDetails
         * @description Where a page of the list is, and its neighbours.
         */
        PageDetails: {
            /** Limit */
            limit: number;
            /** Result Count */
            result_count: number;
            /** Current Url */
            current_url: string;
            /**
             * Prev Url
             * @description Of the page of older ones; null on the last one.
             */
            prev_url: string | null;
            /**
             * Next Url
             * @description Of the page of newer ones; null where there is nothing to come after.
             */
            next_url: string | null;
        };
        /**
         * ParagraphsView
         * @description A transcript in paragraphs.
         */
        ParagraphsView: {
            /**
             * Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            id: string;
            /** Confidence */
            confidence: number;
            /**
             * Audio Duration
             * @description Seconds.
             */
            audio_duration: number;
            /** Paragraphs */
            paragraphs: components["schemas"]["StretchView"][];
        };
        /**
         * PiiKind
         * @description A kind of personal data, the surest first: what is several at once is called by the first.
         * @enum {string}
         */
        PiiKind: "card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location";
        /**
         * PlainSegment
         * @description A stretch of speech.
         */
        PlainSegment: {
            /**
             * Id
             * @description Counts from 1.
             */
            id: number;
            /**
             * Start
             * @description Seconds from the start of the audio.
             */
            start: number;
            /**
             * End
             * @description Seconds from the start of the audio.
             */
            end: number;
            /**
             * Text
             * @description What is said, without the white space around it.
             */
            text: string;
            /**
             * Words
             * @description Left out unless word timestamps were asked for.
             */
            words?: components["schemas"]["TranscriptWord"][] | null;
            /**
             * Channel
             * @description Channel, from 1; left out unless they are split.
             */
            channel?: number | null;
            /**
             * Speaker
             * @description Who speaks, from 1 in the order of appearance; left out unless `diarize`.
             */
            speaker?: number | null;
            /**
             * Language
             * @description Its language; left out unless `multilingual`.
             */
            language?: string | null;
        };
        /**
         * PlainTranscript
         * @description A transcript with what most clients need.
         */
        PlainTranscript: {
            /**
             * Text
             * @description The whole text.
             */
            text: string;
            /**
             * Language
             * @description Whisper's code of the spoken language, given or detected.
             */
            language: string;
            /**
             * Language Probability
             * @description Certainty of the detection; 1 if the language was given.
             */
            language_probability: number;
            /**
             * Duration Seconds
             * @description Length of the audio.
             */
            duration_seconds: number;
            /** Segments */
            segments: components["schemas"]["PlainSegment"][];
            /**
             * Redacted
             * @description How often each kind asked for was replaced by a placeholder; left out unless `redact` was sent.
             */
            redacted?: {
                [key: string]: number;
            } | null;
        };
        /**
         * Progress
         * @description How far a job is, in audio seconds.
         */
        Progress: {
            /**
             * Audio Seconds Done
             * @description Seconds of audio transcribed, from its start.
             * @example 30
             */
            audio_seconds_done: number;
            /**
             * Audio Seconds Total
             * @description Length of the audio; null while unknown.
             * @example 120.5
             */
            audio_seconds_total: number | null;
            /**
             * Percent
             * @description 0 to 100; null while the length is unknown.
             * @example 24.9
             */
            percent: number | null;
        };
        /**
         * Readiness
         * @description Whether jobs that are posted now will be done.
         */
        Readiness: {
            /**
             * Status
             * @enum {string}
             */
            status: "ready" | "no_workers" | "store_unavailable";
            /** Version */
            version: string;
            /** Redis */
            redis: boolean;
            /** Queue */
            queue: components["schemas"]["LaneView"][];
            /**
             * Workers
             * @description Workers that are alive, each with the model it holds.
             */
            workers: components["schemas"]["WorkerEntry"][];
            /**
             * Mean Latency Seconds
             * @description From acceptance to completion, over all completed jobs; null before the first.
             */
            mean_latency_seconds: number | null;
        };
        /**
         * ResultFormat
         * @description The formats a finished transcript can be downloaded in.
         * @enum {string}
         */
        ResultFormat: "json" | "verbose_json" | "text" | "srt" | "vtt" | "tsv";
        /**
         * Scope
         * @description What a principal may do. None includes another.
         * @enum {string}
         */
        Scope: "submit" | "read" | "admin";
        /**
         * SearchHit
         * @description A segment that has what was looked for.
         */
        SearchHit: {
            /** Job Id */
            job_id: string;
            /**
             * File Name
             * @description Last part of the file name sent.
             */
            file_name: string | null;
            /**
             * Created At
             * Format: date-time
             * @description When the job was posted, in UTC.
             */
            created_at: string;
            /**
             * Segment Id
             * @description As `GET /result/{job_id}?format=verbose_json` has it.
             */
            segment_id: number;
            /**
             * Start
             * @description Seconds from the start of the audio.
             */
            start: number;
            /**
             * End
             * @description Seconds from the start of the audio.
             */
            end: number;
            /**
             * Text
             * @description The segment's text, corrected where it was corrected.
             */
            text: string;
            /**
             * Marks
             * @description Parts of `text` that match, in order: from and to, in Unicode characters, the end not included.
             */
            marks: [
                number,
                number
            ][];
        };
        /**
         * SearchPage
         * @description A page of hits: the newest job's first, each job's in the order of its audio.
         */
        SearchPage: {
            /** Hits */
            hits: components["schemas"]["SearchHit"][];
            /**
             * Next Cursor
             * @description For the next page; null on the last one.
             */
            next_cursor: string | null;
        };
        /**
         * SentencesView
         * @description A transcript in sentences.
         */
        SentencesView: {
            /**
             * Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            id: string;
            /** Confidence */
            confidence: number;
            /**
             * Audio Duration
             * @description Seconds.
             */
            audio_duration: number;
            /** Sentences */
            sentences: components["schemas"]["StretchView"][];
        };
        /**
         * ServerVersion
         * @description What Bazarr shows when somebody tests the connection.
         */
        ServerVersion: {
            /**
             * Version
             * @example 0.1.0
             */
            version: string;
        };
        /**
         * SpokenSegment
         * @description A segment of `diarized_json`, also an event of its stream.
         */
        SpokenSegment: {
            /**
             * Type
             * @default transcript.text.segment
             * @constant
             */
            type?: "transcript.text.segment";
            /** Id */
            id: string;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Text */
            text: string;
            /**
             * Speaker
             * @description A, B, C… in the order of appearance.
             */
            speaker: string;
        };
        /**
         * Stats
         * @description Counters since the installation's first job, and what is going on now.
         */
        Stats: {
            /** Queue */
            queue: components["schemas"]["LaneView"][];
            /** Processing Jobs */
            processing_jobs: number;
            /** Dead Letters */
            dead_letters: number;
            /** Workers */
            workers: components["schemas"]["WorkerEntry"][];
            /** Accepted */
            accepted: number;
            /**
             * Joined
             * @description Accepted jobs that shared a work which waited or ran.
             */
            joined: number;
            /**
             * Cached
             * @description Accepted jobs that were answered from a result.
             */
            cached: number;
            /** Completed */
            completed: number;
            /** Failed */
            failed: number;
            /** Cancelled */
            cancelled: number;
            /**
             * Attempt Errors
             * @description Attempts that ended in a retryable error.
             */
            attempt_errors: number;
            /**
             * Lease Expiries
             * @description Attempts taken back from a worker that stopped answering.
             */
            lease_expiries: number;
            /** Audio Seconds Completed */
            audio_seconds_completed: number;
            /**
             * Processing Seconds
             * @description Attempt time of completed jobs.
             */
            processing_seconds: number;
            /**
             * Rtf
             * @description Processing seconds per audio second of one job (below 1 is faster than real time); jobs that run side by side each count their own time.
             */
            rtf: number | null;
            /** Mean Latency Seconds */
            mean_latency_seconds: number | null;
        };
        /**
         * StretchView
         * @description An utterance, a sentence or a paragraph.
         */
        StretchView: {
            /**
             * Text
             * @example And so my fellow Americans, ask not what your country can do for you.
             */
            text: string;
            /**
             * Start
             * @description Milliseconds from the start of the audio.
             * @example 1250
             */
            start: number;
            /**
             * End
             * @description Milliseconds from the start of the audio.
             * @example 1840
             */
            end: number;
            /**
             * Confidence
             * @description The mean of its words'.
             * @example 0.94
             */
            confidence: number;
            /**
             * Speaker
             * @description `A`, `B`, … in the order of appearance; null unless speakers are told apart.
             */
            speaker?: string | null;
            /**
             * Channel
             * @description `1`, `2`, …; null unless channels are transcribed apart.
             */
            channel?: string | null;
            /** Words */
            words: components["schemas"]["WordView"][];
        };
        /**
         * TenantErasure
         * @description What was removed of a tenant, by this call.
         */
        TenantErasure: {
            /**
             * Tenant
             * @example acme
             */
            tenant: string;
            erased: components["schemas"]["ErasedView"];
            /**
             * Keys
             * @description API keys that were revoked; name, tenant and limits of each are removed, its id stays.
             * @example 2
             */
            keys: number;
            /**
             * Pending
             * @description Jobs that run: they stop after their current segment and are erased by a later call.
             * @example 1
             */
            pending: number;
            /**
             * Remaining
             * @description Jobs that are left, with those that are pending: call again until it is 0.
             * @example 1
             */
            remaining: number;
        };
        /**
         * TranscriptList
         * @description Transcripts, newest first.
         */
        TranscriptList: {
            page_details: components["schemas"]["PageDetails"];
            /** Transcripts */
            transcripts: components["schemas"]["ListedTranscript"][];
        };
        /**
         * TranscriptView
         * @description A transcript as AssemblyAI's clients know it: what was asked for, how it stands, and what is said.
         */
        TranscriptView: {
            /**
             * Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            id: string;
            /**
             * Audio Url
             * @description Where the audio is: the upload it was made of, or the job's own.
             */
            audio_url: string;
            /**
             * Status
             * @description A job that is cancelled is an `error`.
             * @enum {string}
             */
            status: "queued" | "processing" | "completed" | "error";
            /**
             * Error
             * @description Why there is none.
             */
            error: string | null;
            /** Text */
            text: string | null;
            /** Words */
            words: components["schemas"]["WordView"][] | null;
            /**
             * Utterances
             * @description If speakers are told apart, or channels.
             */
            utterances: components["schemas"]["StretchView"][] | null;
            /**
             * Confidence
             * @description The mean of the words'.
             */
            confidence: number | null;
            /**
             * Audio Duration
             * @description Seconds.
             */
            audio_duration: number | null;
            /**
             * Language Code
             * @description Whisper's code, given or detected.
             */
            language_code: string | null;
            /** Language Confidence */
            language_confidence: number | null;
            /** Language Detection */
            language_detection: boolean;
            /** Speaker Labels */
            speaker_labels: boolean;
            /** Multichannel */
            multichannel: boolean;
            /** Keyterms Prompt */
            keyterms_prompt: string[] | null;
            /** Prompt */
            prompt: string | null;
            /** Temperature */
            temperature: number;
            /**
             * Punctuate
             * @description Whisper always does.
             * @constant
             */
            punctuate: true;
            /**
             * Format Text
             * @description Whisper always does.
             * @constant
             */
            format_text: true;
            /** Audio Start From */
            audio_start_from: number | null;
            /** Audio End At */
            audio_end_at: number | null;
            /**
             * Speech Model Used
             * @description The model.
             * @example base
             */
            speech_model_used: string;
            /** Webhook Url */
            webhook_url: string | null;
            /**
             * Webhook Status Code
             * @description Of the receiver's latest answer.
             */
            webhook_status_code: number | null;
            /** Webhook Auth */
            webhook_auth: boolean;
            /** Webhook Auth Header Name */
            webhook_auth_header_name: string | null;
        };
        /**
         * TranscriptWord
         * @description One word and its time.
         */
        TranscriptWord: {
            /**
             * Word
             * @description The word, without the white space around it.
             */
            word: string;
            /**
             * Start
             * @description Seconds from the start of the audio.
             */
            start: number;
            /**
             * End
             * @description Seconds from the start of the audio.
             */
            end: number;
            /**
             * Probability
             * @description The model's probability for the word, 0 to 1.
             */
            probability: number;
        };
        /**
         * Transcription
         * @description A transcript as `json`.
         */
        Transcription: {
            /** Text */
            text: string;
            usage: components["schemas"]["Usage"];
        };
        /**
         * TranscriptionOptions
         * @description The options of one job. Field names are the HTTP form fields, except `whisper_task`, sent as `task`.
         */
        TranscriptionOptions: {
            /**
             * Model
             * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
             */
            model?: string | null;
            /**
             * Language
             * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
             */
            language?: string | null;
            /**
             * Task
             * @description `transcribe` keeps the spoken language, `translate` writes English.
             * @default transcribe
             * @enum {string}
             */
            task?: "transcribe" | "translate";
            /**
             * Initial Prompt
             * @description Text that precedes the audio: sets spelling, names and style.
             */
            initial_prompt?: string | null;
            /**
             * Hotwords
             * @description Words to expect, such as names, given to the model as a hint before every window.
             */
            hotwords?: string | null;
            /**
             * Quality
             * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
             * @default balanced
             * @enum {string}
             */
            quality?: "fast" | "balanced" | "accurate";
            /**
             * Beam Size
             * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
             */
            beam_size?: number | null;
            /**
             * Temperature
             * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
             * @default 0
             */
            temperature?: number;
            /**
             * Vad Filter
             * @description Skip what the voice activity detector finds to be no speech.
             * @default true
             */
            vad_filter?: boolean;
            /**
             * Multilingual
             * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
             * @default false
             */
            multilingual?: boolean;
            /**
             * Channels
             * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
             * @default mix
             * @enum {string}
             */
            channels?: "mix" | "split";
            /**
             * Diarize
             * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
             * @default false
             */
            diarize?: boolean;
            /**
             * Min Speakers
             * @description At least so many, told apart by voice.
             */
            min_speakers?: number | null;
            /**
             * Max Speakers
             * @description At most so many, told apart by voice.
             */
            max_speakers?: number | null;
            /**
             * Word Timestamps
             * @description Give every word its start and end.
             * @default false
             */
            word_timestamps?: boolean;
            /**
             * Clip Start Seconds
             * @description Transcribe from here on.
             * @default 0
             */
            clip_start_seconds?: number;
            /**
             * Clip End Seconds
             * @description Transcribe up to here; to the end if left out.
             */
            clip_end_seconds?: number | null;
            /**
             * Redact
             * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
             * @default []
             */
            redact?: components["schemas"]["PiiKind"][];
        };
        /**
         * TranscriptionSegment
         * @description A segment of `verbose_json`.
         */
        TranscriptionSegment: {
            /**
             * Id
             * @description Counts from 0.
             */
            id: number;
            /** Seek */
            seek: number;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Text */
            text: string;
            /** Tokens */
            tokens: number[];
            /** Temperature */
            temperature: number;
            /** Avg Logprob */
            avg_logprob: number;
            /** Compression Ratio */
            compression_ratio: number;
            /** No Speech Prob */
            no_speech_prob: number;
        };
        /**
         * TranscriptionWord
         * @description A word of `verbose_json`.
         */
        TranscriptionWord: {
            /** Word */
            word: string;
            /** Start */
            start: number;
            /** End */
            end: number;
        };
        /**
         * UploadedFile
         * @description An upload that came before its transcript.
         */
        UploadedFile: {
            /**
             * Upload Url
             * @description For `audio_url`, of as many transcripts as you like; without one, it is gone within hours.
             * @example http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            upload_url: string;
        };
        /**
         * Usage
         * @description What a transcription is charged by: its audio.
         */
        Usage: {
            /**
             * Type
             * @default duration
             * @constant
             */
            type?: "duration";
            /**
             * Seconds
             * @description Length of the audio, rounded up.
             * @example 9
             */
            seconds: number;
        };
        /**
         * VerboseInference
         * @description A transcript as `verbose_json`.
         */
        VerboseInference: {
            /**
             * Task
             * @enum {string}
             */
            task: "transcribe" | "translate";
            /**
             * Language
             * @description English name of the spoken language.
             */
            language: string;
            /**
             * Duration
             * @description Length of the audio in seconds.
             */
            duration: number;
            /** Text */
            text: string;
            /** Segments */
            segments: components["schemas"]["InferredSegment"][];
            /**
             * Detected Language
             * @description The same name; of a language that was sent, that.
             */
            detected_language: string;
            /** Detected Language Probability */
            detected_language_probability: number;
            /**
             * Language Probabilities
             * @description Of the language found, by its code.
             */
            language_probabilities: {
                [key: string]: number;
            };
        };
        /**
         * VerboseSegment
         * @description A stretch of speech, with the figures of its decoding.
         */
        VerboseSegment: {
            /**
             * Id
             * @description Counts from 1.
             */
            id: number;
            /**
             * Seek
             * @description First frame (10 ms) of the window the segment was decoded in.
             */
            seek: number;
            /**
             * Start
             * @description Seconds from the start of the audio.
             */
            start: number;
            /**
             * End
             * @description Seconds from the start of the audio.
             */
            end: number;
            /**
             * Text
             * @description What is said, as the model wrote it: joined, the segments are the whole text.
             */
            text: string;
            /**
             * Tokens
             * @description The model's token ids; none where something is redacted.
             */
            tokens: number[];
            /**
             * Temperature
             * @description Temperature the segment was decoded with.
             */
            temperature: number | null;
            /**
             * Avg Logprob
             * @description Mean log probability of the tokens.
             */
            avg_logprob: number;
            /**
             * Compression Ratio
             * @description Of the text under gzip; a high one tells of repetition.
             */
            compression_ratio: number;
            /**
             * No Speech Prob
             * @description Probability that nothing is said, 0 to 1.
             */
            no_speech_prob: number;
            /**
             * Words
             * @description Left out unless word timestamps were asked for.
             */
            words?: components["schemas"]["TranscriptWord"][] | null;
            /**
             * Channel
             * @description Channel, from 1; left out unless they are split.
             */
            channel?: number | null;
            /**
             * Speaker
             * @description Who speaks, from 1 in the order of appearance; left out unless `diarize`.
             */
            speaker?: number | null;
            /**
             * Language
             * @description Its language; left out unless `multilingual`.
             */
            language?: string | null;
        };
        /**
         * VerboseTranscript
         * @description A transcript in the shape of OpenAI's `verbose_json`.
         */
        VerboseTranscript: {
            /**
             * Task
             * @enum {string}
             */
            task: "transcribe" | "translate";
            /**
             * Language
             * @description Whisper's code of the spoken language, given or detected.
             */
            language: string;
            /**
             * Duration
             * @description Length of the audio in seconds.
             */
            duration: number;
            /**
             * Text
             * @description The whole text.
             */
            text: string;
            /** Segments */
            segments: components["schemas"]["VerboseSegment"][];
            /**
             * Words
             * @description Left out unless word timestamps were asked for.
             */
            words?: components["schemas"]["TranscriptWord"][] | null;
            /**
             * Redacted
             * @description How often each kind asked for was replaced by a placeholder; left out unless `redact` was sent.
             */
            redacted?: {
                [key: string]: number;
            } | null;
        };
        /**
         * VerboseTranscription
         * @description A transcript as `verbose_json`.
         */
        VerboseTranscription: {
            /**
             * Task
             * @enum {string}
             */
            task: "transcribe" | "translate";
            /**
             * Language
             * @description English name of the language; of a translation, always `english`.
             */
            language: string;
            /** Duration */
            duration: number;
            /** Text */
            text: string;
            /**
             * Segments
             * @description Left out if only words were asked for.
             */
            segments?: components["schemas"]["TranscriptionSegment"][] | null;
            /**
             * Words
             * @description Left out unless words were asked for.
             */
            words?: components["schemas"]["TranscriptionWord"][] | null;
            usage: components["schemas"]["Usage"];
        };
        /**
         * WebhookAttemptView
         * @description An attempt to deliver an event.
         */
        WebhookAttemptView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Seconds
             * @description What it took.
             * @example 0.12
             */
            seconds: number;
            /**
             * Status
             * @description HTTP status of the answer; null if none came.
             * @example 503
             */
            status: number | null;
            /**
             * @description Why no answer came.
             * @example timed_out
             */
            fault: components["schemas"]["OutboundFault"] | null;
        };
        /**
         * WebhookEventView
         * @description An event: the job has come to an end.
         */
        WebhookEventView: {
            /**
             * Webhook Id
             * @description The `webhook-id` of every attempt: by it a receiver knows an event that comes twice.
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485-1
             */
            webhook_id: string;
            /**
             * Type
             * @example transcription.completed
             */
            type: string;
            /** @description `due`: delivered now or at `next_attempt_at`. `delivered`: answered 2xx. `given_up`: every attempt failed. `disabled`: answered 410. */
            state: components["schemas"]["WebhookState"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Next Attempt At
             * @description Null when no attempt follows.
             */
            next_attempt_at: string | null;
            /**
             * Attempts
             * @description Oldest first; the latest 50.
             */
            attempts: components["schemas"]["WebhookAttemptView"][];
        };
        /**
         * WebhookLogView
         * @description Whom a job tells of its end, and how that went.
         */
        WebhookLogView: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            /**
             * Url
             * @description Null if nobody is told.
             * @example https://example.com/hooks
             */
            url: string | null;
            /**
             * Disabled
             * @description The receiver has answered 410: it is told nothing more of this job.
             */
            disabled: boolean;
            /**
             * Events
             * @description Oldest first; the latest 20. Empty until the job has ended.
             */
            events: components["schemas"]["WebhookEventView"][];
        };
        /**
         * WebhookReplay
         * @description The event is due again.
         */
        WebhookReplay: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            /**
             * Webhook Id
             * @description As before: a receiver that has it already may drop it.
             */
            webhook_id: string;
        };
        /**
         * WebhookState
         * @description Where an event stands.
         * @enum {string}
         */
        WebhookState: "due" | "delivered" | "given_up" | "disabled";
        /**
         * WhisperAsrError
         * @description What is answered in the place of a transcript.
         */
        WhisperAsrError: {
            /**
             * Detail
             * @description What is wrong, and what to do about it.
             */
            detail: string | components["schemas"]["InvalidParameter"][];
        };
        /**
         * WhisperCppError
         * @description An error in the server's shape.
         */
        WhisperCppError: {
            /** Error */
            error: string;
        };
        /**
         * WordMatch
         * @description Where a word or phrase is said.
         */
        WordMatch: {
            /**
             * Text
             * @example country
             */
            text: string;
            /**
             * Count
             * @example 2
             */
            count: number;
            /**
             * Timestamps
             * @description Start and end of each, in milliseconds.
             */
            timestamps: [
                number,
                number
            ][];
            /**
             * Indexes
             * @description Place of each among the transcript's words: that of its first word.
             */
            indexes: number[];
        };
        /**
         * WordSearchView
         * @description Where words are said.
         */
        WordSearchView: {
            /**
             * Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            id: string;
            /**
             * Total Count
             * @description Of all matches.
             */
            total_count: number;
            /**
             * Matches
             * @description Of the words that are said at all.
             */
            matches: components["schemas"]["WordMatch"][];
        };
        /**
         * WordView
         * @description A word.
         */
        WordView: {
            /**
             * Text
             * @example Americans,
             */
            text: string;
            /**
             * Start
             * @description Milliseconds from the start of the audio.
             * @example 1250
             */
            start: number;
            /**
             * End
             * @description Milliseconds from the start of the audio.
             * @example 1840
             */
            end: number;
            /**
             * Confidence
             * @description The model's probability, 0 to 1.
             * @example 0.97
             */
            confidence: number;
            /**
             * Speaker
             * @description `A`, `B`, … in the order of appearance; null unless speakers are told apart.
             */
            speaker?: string | null;
            /**
             * Channel
             * @description `1`, `2`, …; null unless channels are transcribed apart.
             */
            channel?: string | null;
        };
        /**
         * WorkerEntry
         * @description One worker process; renewed with every heartbeat, gone soon after the last one.
         */
        WorkerEntry: {
            /** Name */
            name: string;
            /** Lane */
            lane: string;
            /** Model */
            model: string;
            /** Device */
            device: string;
            /** Compute Type */
            compute_type: string;
            /** Concurrency */
            concurrency: number;
            /** Running */
            running: number;
            state: components["schemas"]["WorkerState"];
            /** Started At Ms */
            started_at_ms: number;
            /** Metrics Port */
            metrics_port: number;
            /** Version */
            version: string;
            /**
             * Redacts
             * @default []
             */
            redacts?: components["schemas"]["PiiKind"][];
            /**
             * Diarizes
             * @default false
             */
            diarizes?: boolean;
        };
        /**
         * WorkerState
         * @description Distinct states of health, not one boolean.
         * @enum {string}
         */
        WorkerState: "ready" | "stopping";
        /**
         * CorrectedSegment
         * @description What is said in a segment.
         */
        CorrectedSegment: {
            /**
             * Segment Id
             * @description The segment's `id`.
             * @example 1
             */
            segment_id: number;
            /**
             * Text
             * @description What is really said there; empty: nothing.
             * @example And so, my fellow Americans:
             */
            text: string;
        };
        /**
         * SpeakerOptions
         * @description How many speakers there are.
         */
        SpeakerOptions: {
            /** Min Speakers Expected */
            min_speakers_expected?: number | null;
            /** Max Speakers Expected */
            max_speakers_expected?: number | null;
        };
        /**
         * InvalidOption
         * @description One option that isn't valid.
         */
        InvalidOption: {
            /**
             * Option
             * @example beam_size
             */
            option: string;
            /**
             * Message
             * @example Input should be greater than or equal to 1
             */
            message: string;
        };
        /**
         * Problem
         * @description An RFC 9457 problem document.
         */
        Problem: {
            /**
             * Type
             * @description Always about:blank: `code` names the problem.
             * @default about:blank
             */
            type?: string;
            /**
             * Code
             * @description Stable, machine-readable name of the problem.
             * @example job_not_found
             */
            code: string;
            /**
             * Title
             * @description The same for every occurrence of the code.
             * @example No such job
             */
            title: string;
            /**
             * Status
             * @description The HTTP status.
             * @example 404
             */
            status: number;
            /**
             * Detail
             * @description What happened this time, and what to do about it.
             */
            detail: string;
            /**
             * Job Id
             * @description The job concerned, where there is one.
             * @default null
             */
            job_id?: string | null;
            /**
             * Errors
             * @description Every option that isn't valid.
             * @default null
             */
            errors?: components["schemas"]["InvalidOption"][] | null;
        };
        /**
         * JobEvent
         * @description Event `status`: the job has entered a status.
         */
        JobEvent: {
            /**
             * Job Id
             * @example 5f0c2a4e9b1d47c8a36e1f0b7d92c485
             */
            job_id: string;
            status: components["schemas"]["JobStatus"];
            /** Attempt */
            attempt: number;
            /** @default null */
            failure?: components["schemas"]["JobFailure"] | null;
        };
        /**
         * QueueEvent
         * @description Event `queue`: where the job waits.
         */
        QueueEvent: {
            /**
             * Position
             * @description 1 is next.
             * @example 3
             */
            position: number;
            /** @default null */
            eta?: components["schemas"]["Eta"] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Requests that the nearest limit allows in its window. */
        "X-RateLimit-Limit": string;
        /** @description How many of them are left. */
        "X-RateLimit-Remaining": string;
        /** @description When there are more again, as a UNIX time. */
        "X-RateLimit-Reset": string;
        /** @description The same limit in the words of the IETF's draft: `q` requests in `w` seconds. */
        "RateLimit-Policy": string;
        /** @description `r` of them are left, for `t` seconds. */
        RateLimit: string;
    };
    pathItems: never;
}
export type Action = components['schemas']['Action'];
export type AssemblyAiError = components['schemas']['AssemblyAIError'];
export type AttemptRecord = components['schemas']['AttemptRecord'];
export type AuditEntryList = components['schemas']['AuditEntryList'];
export type AuditEntryView = components['schemas']['AuditEntryView'];
export type CorrectionView = components['schemas']['CorrectionView'];
export type CorrectionsView = components['schemas']['CorrectionsView'];
export type DeadLetterList = components['schemas']['DeadLetterList'];
export type DeadLetterView = components['schemas']['DeadLetterView'];
export type DeadLettersMoved = components['schemas']['DeadLettersMoved'];
export type DetectedLanguage = components['schemas']['DetectedLanguage'];
export type DiarizedTranscription = components['schemas']['DiarizedTranscription'];
export type ErasedView = components['schemas']['ErasedView'];
export type ErrorDetail = components['schemas']['ErrorDetail'];
export type Eta = components['schemas']['Eta'];
export type FailureCode = components['schemas']['FailureCode'];
export type Health = components['schemas']['Health'];
export type Inference = components['schemas']['Inference'];
export type InferredSegment = components['schemas']['InferredSegment'];
export type InferredWord = components['schemas']['InferredWord'];
export type InvalidParameter = components['schemas']['InvalidParameter'];
export type JobAccepted = components['schemas']['JobAccepted'];
export type JobFailure = components['schemas']['JobFailure'];
export type JobList = components['schemas']['JobList'];
export type JobRemoval = components['schemas']['JobRemoval'];
export type JobStatus = components['schemas']['JobStatus'];
export type JobView = components['schemas']['JobView'];
export type JobWithResult = components['schemas']['JobWithResult'];
export type KeyCreated = components['schemas']['KeyCreated'];
export type KeyList = components['schemas']['KeyList'];
export type KeyView = components['schemas']['KeyView'];
export type LaneView = components['schemas']['LaneView'];
export type ListedTranscript = components['schemas']['ListedTranscript'];
export type Model = components['schemas']['Model'];
export type ModelList = components['schemas']['ModelList'];
export type OpenAiError = components['schemas']['OpenAIError'];
export type OutboundFault = components['schemas']['OutboundFault'];
export type Output = components['schemas']['Output'];
export type PageDetails = components['schemas']['PageDetails'];
export type ParagraphsView = components['schemas']['ParagraphsView'];
export type PiiKind = components['schemas']['PiiKind'];
export type PlainSegment = components['schemas']['PlainSegment'];
export type PlainTranscript = components['schemas']['PlainTranscript'];
export type Progress = components['schemas']['Progress'];
export type Readiness = components['schemas']['Readiness'];
export type ResultFormat = components['schemas']['ResultFormat'];
export type Scope = components['schemas']['Scope'];
export type SearchHit = components['schemas']['SearchHit'];
export type SearchPage = components['schemas']['SearchPage'];
export type SentencesView = components['schemas']['SentencesView'];
export type ServerVersion = components['schemas']['ServerVersion'];
export type SpokenSegment = components['schemas']['SpokenSegment'];
export type Stats = components['schemas']['Stats'];
export type StretchView = components['schemas']['StretchView'];
export type TenantErasure = components['schemas']['TenantErasure'];
export type TranscriptList = components['schemas']['TranscriptList'];
export type TranscriptView = components['schemas']['TranscriptView'];
export type TranscriptWord = components['schemas']['TranscriptWord'];
export type Transcription = components['schemas']['Transcription'];
export type TranscriptionOptions = components['schemas']['TranscriptionOptions'];
export type TranscriptionSegment = components['schemas']['TranscriptionSegment'];
export type TranscriptionWord = components['schemas']['TranscriptionWord'];
export type UploadedFile = components['schemas']['UploadedFile'];
export type Usage = components['schemas']['Usage'];
export type VerboseInference = components['schemas']['VerboseInference'];
export type VerboseSegment = components['schemas']['VerboseSegment'];
export type VerboseTranscript = components['schemas']['VerboseTranscript'];
export type VerboseTranscription = components['schemas']['VerboseTranscription'];
export type WebhookAttemptView = components['schemas']['WebhookAttemptView'];
export type WebhookEventView = components['schemas']['WebhookEventView'];
export type WebhookLogView = components['schemas']['WebhookLogView'];
export type WebhookReplay = components['schemas']['WebhookReplay'];
export type WebhookState = components['schemas']['WebhookState'];
export type WhisperAsrError = components['schemas']['WhisperAsrError'];
export type WhisperCppError = components['schemas']['WhisperCppError'];
export type WordMatch = components['schemas']['WordMatch'];
export type WordSearchView = components['schemas']['WordSearchView'];
export type WordView = components['schemas']['WordView'];
export type WorkerEntry = components['schemas']['WorkerEntry'];
export type WorkerState = components['schemas']['WorkerState'];
export type CorrectedSegment = components['schemas']['CorrectedSegment'];
export type SpeakerOptions = components['schemas']['SpeakerOptions'];
export type InvalidOption = components['schemas']['InvalidOption'];
export type Problem = components['schemas']['Problem'];
export type JobEvent = components['schemas']['JobEvent'];
export type QueueEvent = components['schemas']['QueueEvent'];
export type HeaderXRateLimitLimit = components['headers']['X-RateLimit-Limit'];
export type HeaderXRateLimitRemaining = components['headers']['X-RateLimit-Remaining'];
export type HeaderXRateLimitReset = components['headers']['X-RateLimit-Reset'];
export type HeaderRateLimitPolicy = components['headers']['RateLimit-Policy'];
export type HeaderRateLimit = components['headers']['RateLimit'];
export type $defs = Record<string, never>;
export interface operations {
    transcribe_transcribe_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: for a day, the same key with the same body is answered with the same job. */
                "idempotency-key"?: string | null;
                /** @description `no-cache` asks for a transcription of its own, whatever was done before. */
                "cache-control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; its name and type don't matter.
                     */
                    file: string;
                    /**
                     * Model
                     * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
                     */
                    model?: string | null;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Format: uri
                     * @description Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.
                     */
                    webhook_url?: string;
                    /** @description Hours after its end when everything of the job is removed: transcript, audio, record, webhook log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more. */
                    retention_hours?: number;
                    /** @description One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send it before the file: a label may have a disk of its own. */
                    sensitivity?: string;
                };
                "application/json": {
                    /**
                     * Model
                     * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
                     */
                    model?: string | null;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Url
                     * Format: uri
                     * @description Where a worker fetches the audio or video file: http or https, on the public internet, without credentials, answered with the file itself or a redirect to it. It is kept until the file is there.
                     * @example https://example.com/episode-12.mp3
                     */
                    url: string;
                    /**
                     * Webhook Url
                     * Format: uri
                     * @description As in the form.
                     */
                    webhook_url?: string | null;
                    /**
                     * Retention Hours
                     * @description As in the form.
                     */
                    retention_hours?: number | null;
                    /**
                     * Sensitivity
                     * @description As in the form.
                     */
                    sensitivity?: string | null;
                };
            };
        };
        responses: {
            /** @description The job is stored durably and will be done; follow `Location`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "queued",
                     *       "cached": false,
                     *       "message": "Accepted. Follow it at /status/5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *     }
                     */
                    "application/json": components["schemas"]["JobAccepted"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload came too slowly or The upload took too long */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Send the file as multipart/form-data or The file is neither audio nor video */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The form has no file or The file is empty or One or more options are not valid or No worker serves this model or The Idempotency-Key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests or The queue is full or Too many uploads at once */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The service takes no more uploads at once or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is short of disk space */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    transcriptions_v1_audio_transcriptions_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description As of `POST /transcribe`. */
                "idempotency-key"?: string | null;
                /** @description `no-cache` asks for a transcription of its own. */
                "cache-control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; its name and type don't matter.
                     */
                    file: string;
                    /** @description A model of `GET /v1/models`, or any of OpenAI's for the service's default. */
                    model?: string;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    "keywords[]"?: string | null;
                    /**
                     * Response Format
                     * @description How the transcript is written.
                     * @default json
                     * @enum {string}
                     */
                    response_format?: "json" | "text" | "srt" | "verbose_json" | "vtt" | "diarized_json";
                    /**
                     * Format: uri
                     * @description Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.
                     */
                    webhook_url?: string;
                    /** @description Hours after its end when everything of the job is removed: transcript, audio, record, webhook log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more. */
                    retention_hours?: number;
                    /** @description One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send it before the file: a label may have a disk of its own. */
                    sensitivity?: string;
                    /**
                     * Timestamp Granularities
                     * @description What of `verbose_json` has times: `segment`, `word` or both. Other formats don't take `word`.
                     * @default [
                     *       "segment"
                     *     ]
                     */
                    "timestamp_granularities[]"?: ("word" | "segment")[];
                    /**
                     * Stream
                     * @description Send the text as server-sent events as it is transcribed; with `json`, `text` and `diarized_json`.
                     * @default false
                     */
                    stream?: boolean;
                    /**
                     * @description Accepted: audio is always cut at its pauses.
                     * @enum {string}
                     */
                    chunking_strategy?: "auto" | "server_vad";
                };
            };
        };
        responses: {
            /** @description The transcript in the format asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "text": "And so my fellow Americans...",
                     *       "usage": {
                     *         "type": "duration",
                     *         "seconds": 11
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Transcription"] | components["schemas"]["VerboseTranscription"] | components["schemas"]["DiarizedTranscription"];
                    /** @example And so my fellow Americans */
                    "text/plain": unknown;
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "application/x-subrip": unknown;
                    /**
                     * @example WEBVTT
                     *
                     *     00:00:00.000 --> 00:00:04.000
                     *     And so my fellow Americans
                     */
                    "text/vtt": unknown;
                    /**
                     * @example data: {"type":"transcript.text.delta","delta":"And so my fellow Americans"}
                     *
                     *     data: {"type":"transcript.text.done","text":"And so my fellow Americans","usage":{"type":"duration","seconds":11}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
        };
    };
    translations_v1_audio_translations_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description As of `POST /transcribe`. */
                "idempotency-key"?: string | null;
                /** @description `no-cache` asks for a transcription of its own. */
                "cache-control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; its name and type don't matter.
                     */
                    file: string;
                    /** @description A model of `GET /v1/models`, or any of OpenAI's for the service's default. */
                    model?: string;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    "keywords[]"?: string | null;
                    /**
                     * Response Format
                     * @description How the transcript is written.
                     * @default json
                     * @enum {string}
                     */
                    response_format?: "json" | "text" | "srt" | "verbose_json" | "vtt";
                    /**
                     * Format: uri
                     * @description Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.
                     */
                    webhook_url?: string;
                    /** @description Hours after its end when everything of the job is removed: transcript, audio, record, webhook log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more. */
                    retention_hours?: number;
                    /** @description One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send it before the file: a label may have a disk of its own. */
                    sensitivity?: string;
                };
            };
        };
        responses: {
            /** @description The translation in the format asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "text": "And so my fellow Americans...",
                     *       "usage": {
                     *         "type": "duration",
                     *         "seconds": 11
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Transcription"] | components["schemas"]["VerboseTranscription"];
                    /** @example And so my fellow Americans */
                    "text/plain": unknown;
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "application/x-subrip": unknown;
                    /**
                     * @example WEBVTT
                     *
                     *     00:00:00.000 --> 00:00:04.000
                     *     And so my fellow Americans
                     */
                    "text/vtt": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
        };
    };
    models_v1_models_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "base",
                     *           "object": "model",
                     *           "created": 1795261816,
                     *           "owned_by": "scriptorium"
                     *         },
                     *         {
                     *           "id": "whisper-1",
                     *           "object": "model",
                     *           "created": 1795261816,
                     *           "owned_by": "scriptorium"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
        };
    };
    model_v1_models__model__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its `id`, or any name that a transcription takes. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "base",
                     *       "object": "model",
                     *       "created": 1795261816,
                     *       "owned_by": "scriptorium"
                     *     }
                     */
                    "application/json": components["schemas"]["Model"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAIError"];
                };
            };
        };
    };
    inference_inference_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file.
                     */
                    file: string;
                    /**
                     * Model
                     * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
                     */
                    model?: string | null;
                    /**
                     * Language
                     * @description Code or English name of the language; `auto` has it detected.
                     * @default auto
                     */
                    language?: string;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding; below 1, as by default.
                     * @default -1
                     */
                    beam_size?: number;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /** @description Accepted; it tunes what is another decoder's. */
                    temperature_inc?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    best_of?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    word_thold?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    entropy_thold?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    logprob_thold?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    no_speech_thold?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_threshold?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_min_speech_duration_ms?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_min_silence_duration_ms?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_max_speech_duration_s?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_speech_pad_ms?: string;
                    /** @description Accepted; it tunes what is another decoder's. */
                    vad_samples_overlap?: string;
                    /**
                     * Format: uri
                     * @description Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.
                     */
                    webhook_url?: string;
                    /** @description Hours after its end when everything of the job is removed: transcript, audio, record, webhook log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more. */
                    retention_hours?: number;
                    /** @description One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send it before the file: a label may have a disk of its own. */
                    sensitivity?: string;
                    /**
                     * Response Format
                     * @description How the transcript is written.
                     * @default json
                     * @enum {string}
                     */
                    response_format?: "json" | "text" | "srt" | "vtt" | "verbose_json";
                    /**
                     * Detect Language
                     * @description Detect the language, whatever `language` says.
                     * @default false
                     */
                    detect_language?: boolean;
                    /**
                     * Translate
                     * @description Translate into English.
                     * @default false
                     */
                    translate?: boolean;
                    /**
                     * Prompt
                     * @description Text that precedes the audio.
                     * @default
                     */
                    prompt?: string;
                    /**
                     * Offset T
                     * @description Milliseconds to skip.
                     * @default 0
                     */
                    offset_t?: number;
                    /**
                     * Duration
                     * @description Milliseconds to transcribe; 0 is up to the end.
                     * @default 0
                     */
                    duration?: number;
                    /**
                     * Max Len
                     * @description Most characters of a segment; 0 is no limit.
                     * @default 0
                     */
                    max_len?: number;
                    /**
                     * Split On Word
                     * @description Accepted: segments are only ever divided between words.
                     * @default false
                     */
                    split_on_word?: boolean;
                    /**
                     * No Timestamps
                     * @description Leave words out of `verbose_json`.
                     * @default false
                     */
                    no_timestamps?: boolean;
                    /**
                     * Vad
                     * @description Skip what is no speech.
                     * @default true
                     */
                    vad?: boolean;
                };
            };
        };
        responses: {
            /** @description The transcript in the format asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "text": " And so my fellow Americans...\n"
                     *     }
                     */
                    "application/json": components["schemas"]["Inference"] | components["schemas"]["VerboseInference"];
                    /** @example And so my fellow Americans */
                    "text/plain": unknown;
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "application/x-subrip": unknown;
                    /**
                     * @example WEBVTT
                     *
                     *     00:00:00.000 --> 00:00:04.000
                     *     And so my fellow Americans
                     */
                    "text/vtt": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperCppError"];
                };
            };
        };
    };
    transcribe_transcribe_async_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: for a day, the same key with the same body is answered with the same job. */
                "idempotency-key"?: string | null;
                /** @description `no-cache` asks for a transcription of its own, whatever was done before. */
                "cache-control"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; its name and type don't matter.
                     */
                    file: string;
                    /**
                     * Model
                     * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
                     */
                    model?: string | null;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Format: uri
                     * @description Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.
                     */
                    webhook_url?: string;
                    /** @description Hours after its end when everything of the job is removed: transcript, audio, record, webhook log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more. */
                    retention_hours?: number;
                    /** @description One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send it before the file: a label may have a disk of its own. */
                    sensitivity?: string;
                };
                "application/json": {
                    /**
                     * Model
                     * @description Model to transcribe with; the service's default model if left out. `GET /health/ready` lists the loaded ones.
                     */
                    model?: string | null;
                    /**
                     * Language
                     * @description Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.
                     */
                    language?: string | null;
                    /**
                     * Task
                     * @description `transcribe` keeps the spoken language, `translate` writes English.
                     * @default transcribe
                     * @enum {string}
                     */
                    task?: "transcribe" | "translate";
                    /**
                     * Initial Prompt
                     * @description Text that precedes the audio: sets spelling, names and style.
                     */
                    initial_prompt?: string | null;
                    /**
                     * Hotwords
                     * @description Words to expect, such as names, given to the model as a hint before every window.
                     */
                    hotwords?: string | null;
                    /**
                     * Quality
                     * @description `fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by the text before, at several times the cost.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "accurate";
                    /**
                     * Beam Size
                     * @description Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.
                     */
                    beam_size?: number | null;
                    /**
                     * Temperature
                     * @description 0 gives the same words every time; above, text is drawn by lot, the more freely the higher.
                     * @default 0
                     */
                    temperature?: number;
                    /**
                     * Vad Filter
                     * @description Skip what the voice activity detector finds to be no speech.
                     * @default true
                     */
                    vad_filter?: boolean;
                    /**
                     * Multilingual
                     * @description Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.
                     * @default false
                     */
                    multilingual?: boolean;
                    /**
                     * Channels
                     * @description `mix` transcribes all channels as one, `split` each apart: its segments carry its number.
                     * @default mix
                     * @enum {string}
                     */
                    channels?: "mix" | "split";
                    /**
                     * Diarize
                     * @description Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo recording are two speakers, by channel. Segments carry the speaker's number.
                     * @default false
                     */
                    diarize?: boolean;
                    /**
                     * Min Speakers
                     * @description At least so many, told apart by voice.
                     */
                    min_speakers?: number | null;
                    /**
                     * Max Speakers
                     * @description At most so many, told apart by voice.
                     */
                    max_speakers?: number | null;
                    /**
                     * Word Timestamps
                     * @description Give every word its start and end.
                     * @default false
                     */
                    word_timestamps?: boolean;
                    /**
                     * Clip Start Seconds
                     * @description Transcribe from here on.
                     * @default 0
                     */
                    clip_start_seconds?: number;
                    /**
                     * Clip End Seconds
                     * @description Transcribe up to here; to the end if left out.
                     */
                    clip_end_seconds?: number | null;
                    /**
                     * Redact
                     * @description Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what each worker redacts.
                     * @default []
                     */
                    redact?: string | ("card" | "iban" | "us_ssn" | "uk_nhs" | "uk_nino" | "es_nif" | "it_fiscal_code" | "pl_pesel" | "email" | "ip" | "url" | "phone" | "name" | "location")[];
                    /**
                     * Url
                     * Format: uri
                     * @description Where a worker fetches the audio or video file: http or https, on the public internet, without credentials, answered with the file itself or a redirect to it. It is kept until the file is there.
                     * @example https://example.com/episode-12.mp3
                     */
                    url: string;
                    /**
                     * Webhook Url
                     * Format: uri
                     * @description As in the form.
                     */
                    webhook_url?: string | null;
                    /**
                     * Retention Hours
                     * @description As in the form.
                     */
                    retention_hours?: number | null;
                    /**
                     * Sensitivity
                     * @description As in the form.
                     */
                    sensitivity?: string | null;
                };
            };
        };
        responses: {
            /** @description The job is stored durably and will be done; follow `Location`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "queued",
                     *       "cached": false,
                     *       "message": "Accepted. Follow it at /status/5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *     }
                     */
                    "application/json": components["schemas"]["JobAccepted"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload came too slowly or The upload took too long */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Send the file as multipart/form-data or The file is neither audio nor video */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The form has no file or The file is empty or One or more options are not valid or No worker serves this model or The Idempotency-Key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests or The queue is full or Too many uploads at once */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The service takes no more uploads at once or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is short of disk space */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    job_with_result_transcribe__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "processing",
                     *       "model": "base",
                     *       "file_name": "interview.mp3",
                     *       "options": {
                     *         "model": null,
                     *         "language": null,
                     *         "task": "transcribe",
                     *         "initial_prompt": null,
                     *         "hotwords": null,
                     *         "quality": "balanced",
                     *         "beam_size": null,
                     *         "temperature": 0,
                     *         "vad_filter": true,
                     *         "multilingual": false,
                     *         "channels": "mix",
                     *         "diarize": false,
                     *         "min_speakers": null,
                     *         "max_speakers": null,
                     *         "word_timestamps": false,
                     *         "clip_start_seconds": 0,
                     *         "clip_end_seconds": null,
                     *         "redact": []
                     *       },
                     *       "progress": {
                     *         "audio_seconds_done": 30,
                     *         "audio_seconds_total": 120.5,
                     *         "percent": 24.9
                     *       },
                     *       "segments": 6,
                     *       "queue_position": null,
                     *       "audio_seconds_ahead": null,
                     *       "eta": {
                     *         "seconds": 21.5,
                     *         "low_seconds": 18,
                     *         "high_seconds": 30.2
                     *       },
                     *       "language": "en",
                     *       "attempt": 1,
                     *       "cached": false,
                     *       "cancel_requested": false,
                     *       "retention_hours": null,
                     *       "sensitivity": "confidential",
                     *       "failure": null,
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "started_at": "2026-11-21T11:50:23.124Z",
                     *       "finished_at": null,
                     *       "expires_at": null,
                     *       "error": null,
                     *       "result": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobWithResult"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The result has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status_status__job_id__get: {
        parameters: {
            query?: {
                /** @description Seconds to wait for another status than the present one, if it isn't final. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "processing",
                     *       "model": "base",
                     *       "file_name": "interview.mp3",
                     *       "options": {
                     *         "model": null,
                     *         "language": null,
                     *         "task": "transcribe",
                     *         "initial_prompt": null,
                     *         "hotwords": null,
                     *         "quality": "balanced",
                     *         "beam_size": null,
                     *         "temperature": 0,
                     *         "vad_filter": true,
                     *         "multilingual": false,
                     *         "channels": "mix",
                     *         "diarize": false,
                     *         "min_speakers": null,
                     *         "max_speakers": null,
                     *         "word_timestamps": false,
                     *         "clip_start_seconds": 0,
                     *         "clip_end_seconds": null,
                     *         "redact": []
                     *       },
                     *       "progress": {
                     *         "audio_seconds_done": 30,
                     *         "audio_seconds_total": 120.5,
                     *         "percent": 24.9
                     *       },
                     *       "segments": 6,
                     *       "queue_position": null,
                     *       "audio_seconds_ahead": null,
                     *       "eta": {
                     *         "seconds": 21.5,
                     *         "low_seconds": 18,
                     *         "high_seconds": 30.2
                     *       },
                     *       "language": "en",
                     *       "attempt": 1,
                     *       "cached": false,
                     *       "cancel_requested": false,
                     *       "retention_hours": null,
                     *       "sensitivity": "confidential",
                     *       "failure": null,
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "started_at": "2026-11-21T11:50:23.124Z",
                     *       "finished_at": null,
                     *       "expires_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_events__job_id__get: {
        parameters: {
            query?: never;
            header?: {
                /** @description Go on behind this event; browsers send it by themselves. */
                "last-event-id"?: string | null;
            };
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `status`, `queue` (place and ETA, while it waits), `segment` as each is committed, `progress`. The stream ends when the job is finished. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: status
                     *     data: {"job_id":"5f0c2a4e9b1d47c8a36e1f0b7d92c485","status":"processing","attempt":1}
                     *     id: 1795261816359-0
                     *
                     *     event: segment
                     *     data: {"id":1,"start":0.0,"end":11.0,"text":"And so my fellow Americans"}
                     *     id: 1795261817042-0:1
                     */
                    "text/event-stream": unknown;
                };
            };
            /** @description The job is finished and everything up to `Last-Event-ID` was all there is. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    result_result__job_id__get: {
        parameters: {
            query?: {
                /** @description How to write the transcript. */
                format?: components["schemas"]["ResultFormat"];
                /** @description Columns of a subtitle line; wide characters count two. */
                max_line_length?: number;
                /** @description Lines of a subtitle. */
                max_lines?: number;
                /** @description Put in what was corrected (`POST /result/{job_id}/corrections`). */
                corrected?: boolean;
                /** @description Seconds to wait for the end of a job under way. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The transcript in the format asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "text": "And so my fellow Americans, ask not what your country can do for you.",
                     *       "language": "en",
                     *       "language_probability": 0.95,
                     *       "duration_seconds": 11,
                     *       "segments": [
                     *         {
                     *           "id": 1,
                     *           "start": 0,
                     *           "end": 11,
                     *           "text": "And so my fellow Americans, ask not what your country can do for you."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PlainTranscript"] | components["schemas"]["VerboseTranscript"];
                    /** @example And so my fellow Americans... */
                    "text/plain": unknown;
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "application/x-subrip": unknown;
                    /**
                     * @example WEBVTT
                     *
                     *     00:00:00.000 --> 00:00:04.000
                     *     And so my fellow Americans
                     */
                    "text/vtt": unknown;
                    /**
                     * @example start	end	text
                     *     0	4000	And so my fellow Americans
                     */
                    "text/tab-separated-values": unknown;
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is not finished or The job was cancelled */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The result has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed or One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_job__job_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "outcome": "erased",
                     *       "message": "Audio, result and record are erased.",
                     *       "erased": {
                     *         "records": 1,
                     *         "results": 1,
                     *         "segments": 12,
                     *         "events": 15,
                     *         "attempts": 1,
                     *         "webhook_events": 1,
                     *         "idempotency_keys": 1,
                     *         "corrections": 2,
                     *         "audio_files": 0,
                     *         "audio_bytes": 0
                     *       },
                     *       "shared_with_other_jobs": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobRemoval"];
                };
            };
            /** @description The job is running and stops after its current segment. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "outcome": "cancel_requested",
                     *       "message": "The job is running and stops after its current segment.",
                     *       "erased": null,
                     *       "shared_with_other_jobs": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobRemoval"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    jobs_jobs_get: {
        parameters: {
            query?: {
                /** @description Only jobs with this status. */
                status?: components["schemas"]["JobStatus"] | null;
                /** @description Only jobs of this model. */
                model?: string | null;
                /** @description Jobs a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "jobs": [
                     *         {
                     *           "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "status": "processing",
                     *           "model": "base",
                     *           "file_name": "interview.mp3",
                     *           "options": {
                     *             "model": null,
                     *             "language": null,
                     *             "task": "transcribe",
                     *             "initial_prompt": null,
                     *             "hotwords": null,
                     *             "quality": "balanced",
                     *             "beam_size": null,
                     *             "temperature": 0,
                     *             "vad_filter": true,
                     *             "multilingual": false,
                     *             "channels": "mix",
                     *             "diarize": false,
                     *             "min_speakers": null,
                     *             "max_speakers": null,
                     *             "word_timestamps": false,
                     *             "clip_start_seconds": 0,
                     *             "clip_end_seconds": null,
                     *             "redact": []
                     *           },
                     *           "progress": {
                     *             "audio_seconds_done": 30,
                     *             "audio_seconds_total": 120.5,
                     *             "percent": 24.9
                     *           },
                     *           "segments": null,
                     *           "queue_position": null,
                     *           "audio_seconds_ahead": null,
                     *           "eta": null,
                     *           "language": "en",
                     *           "attempt": 1,
                     *           "cached": false,
                     *           "cancel_requested": false,
                     *           "retention_hours": null,
                     *           "sensitivity": "confidential",
                     *           "failure": null,
                     *           "created_at": "2026-11-21T11:50:23.091Z",
                     *           "started_at": "2026-11-21T11:50:23.124Z",
                     *           "finished_at": null,
                     *           "expires_at": null
                     *         }
                     *       ],
                     *       "next_cursor": "1795261823091-5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *     }
                     */
                    "application/json": components["schemas"]["JobList"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audio_audio__job_id__get: {
        parameters: {
            query?: never;
            header?: {
                /** @description Bytes wanted, such as `bytes=0-65535`. */
                Range?: string | null;
                /** @description The `ETag` that the part is to be of. */
                "if-range"?: string | null;
            };
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file as it was sent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example fLaC... */
                    "audio/*": string;
                    /** @example fLaC... */
                    "video/*": string;
                    /** @example fLaC... */
                    "application/octet-stream": string;
                };
            };
            /** @description The part of it that `Range` asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example fLaC... */
                    "audio/*": string;
                    /** @example fLaC... */
                    "video/*": string;
                    /** @example fLaC... */
                    "application/octet-stream": string;
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is not finished */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The audio is gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There are no such bytes */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_search_get: {
        parameters: {
            query: {
                /** @description Words that a segment has, all of them: `word`, `"a phrase"`, `begin*`; none of `-word`. */
                q: string;
                /** @description Hits a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hits": [
                     *         {
                     *           "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "file_name": "interview.mp3",
                     *           "created_at": "2026-11-21T11:50:16.359Z",
                     *           "segment_id": 7,
                     *           "start": 31.4,
                     *           "end": 36.9,
                     *           "text": "The budget for next year is half of it.",
                     *           "marks": [
                     *             [
                     *               4,
                     *               10
                     *             ],
                     *             [
                     *               15,
                     *               24
                     *             ]
                     *           ]
                     *         }
                     *       ],
                     *       "next_cursor": "1882508431353675768"
                     *     }
                     */
                    "application/json": components["schemas"]["SearchPage"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Search is not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    corrections_result__job_id__corrections_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "corrected_at": "2026-11-21T12:31:07.514Z",
                     *       "words": 14,
                     *       "edits": 1,
                     *       "segments": [
                     *         {
                     *           "segment_id": 1,
                     *           "start": 0,
                     *           "end": 11,
                     *           "heard": "And so my fellow Americans, ask not what your country can do for you.",
                     *           "text": "And so, my fellow citizens: ask not what your country can do for you.",
                     *           "edits": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CorrectionsView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is not finished or The job was cancelled */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The result has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    correct_result__job_id__corrections_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Text
                     * @description All that is said. It is aligned with what was heard, and each segment has its part of it; all former corrections are replaced. For transcripts of up to 10,000 words.
                     */
                    text?: string | null;
                    /**
                     * Segments
                     * @description Segments to correct; the others stay as they are, corrected before or not.
                     */
                    segments?: components["schemas"]["CorrectedSegment"][] | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "corrected_at": "2026-11-21T12:31:07.514Z",
                     *       "words": 14,
                     *       "edits": 1,
                     *       "segments": [
                     *         {
                     *           "segment_id": 1,
                     *           "start": 0,
                     *           "end": 11,
                     *           "heard": "And so my fellow Americans, ask not what your country can do for you.",
                     *           "text": "And so, my fellow citizens: ask not what your country can do for you.",
                     *           "edits": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CorrectionsView"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is not finished or The job was cancelled */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The result has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The corrections are too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed or One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    webhook_webhooks__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "url": "https://example.com/hooks",
                     *       "disabled": false,
                     *       "events": [
                     *         {
                     *           "webhook_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485-1",
                     *           "type": "transcription.completed",
                     *           "state": "delivered",
                     *           "created_at": "2026-11-21T11:50:31.702Z",
                     *           "next_attempt_at": null,
                     *           "attempts": [
                     *             {
                     *               "at": "2026-11-21T11:50:32.110Z",
                     *               "seconds": 20,
                     *               "status": null,
                     *               "fault": "timed_out"
                     *             },
                     *             {
                     *               "at": "2026-11-21T11:50:57.480Z",
                     *               "seconds": 0.12,
                     *               "status": 204,
                     *               "fault": null
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookLogView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_webhooks__job_id__replay_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is delivered shortly, under the same `webhook-id`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "webhook_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485-1"
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookReplay"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no webhook event */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_dead_letters_get: {
        parameters: {
            query?: {
                /** @description Dead letters a page. */
                limit?: number;
                /** @description How many to pass over. */
                offset?: number;
                /** @description Only those that failed for this reason. */
                failure?: components["schemas"]["FailureCode"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "dead_letters": [
                     *         {
                     *           "job": {
                     *             "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *             "status": "failed",
                     *             "model": "base",
                     *             "file_name": "interview.mp3",
                     *             "options": {
                     *               "model": null,
                     *               "language": null,
                     *               "task": "transcribe",
                     *               "initial_prompt": null,
                     *               "hotwords": null,
                     *               "quality": "balanced",
                     *               "beam_size": null,
                     *               "temperature": 0,
                     *               "vad_filter": true,
                     *               "multilingual": false,
                     *               "channels": "mix",
                     *               "diarize": false,
                     *               "min_speakers": null,
                     *               "max_speakers": null,
                     *               "word_timestamps": false,
                     *               "clip_start_seconds": 0,
                     *               "clip_end_seconds": null,
                     *               "redact": []
                     *             },
                     *             "progress": {
                     *               "audio_seconds_done": 30,
                     *               "audio_seconds_total": 120.5,
                     *               "percent": 24.9
                     *             },
                     *             "segments": null,
                     *             "queue_position": null,
                     *             "audio_seconds_ahead": null,
                     *             "eta": null,
                     *             "language": "en",
                     *             "attempt": 3,
                     *             "cached": false,
                     *             "cancel_requested": false,
                     *             "retention_hours": null,
                     *             "sensitivity": "confidential",
                     *             "failure": {
                     *               "code": "attempts_exhausted",
                     *               "detail": "Attempt 3 of 3 ended in timed_out: No progress for 300 s."
                     *             },
                     *             "created_at": "2026-11-21T11:50:23.091Z",
                     *             "started_at": "2026-11-21T11:50:23.124Z",
                     *             "finished_at": "2026-11-21T12:09:41.300Z",
                     *             "expires_at": "2026-11-22T12:09:41.300Z"
                     *           },
                     *           "job_ids": [
                     *             "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *           ],
                     *           "attempts": [
                     *             {
                     *               "attempt": 3,
                     *               "worker": "gpu-1-4711",
                     *               "started_at_ms": 1795262681300,
                     *               "ended_at_ms": 1795262981300,
                     *               "from_ms": 30000,
                     *               "to_ms": 30000,
                     *               "outcome": "error",
                     *               "failure": "timed_out",
                     *               "detail": "No progress for 300 s (WATCHDOG_SECONDS)."
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterList"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    purge_all_dead_letters_delete: {
        parameters: {
            query?: {
                /** @description Only those that failed for this reason. */
                failure?: components["schemas"]["FailureCode"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "outcome": "purged",
                     *       "job_ids": [
                     *         "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLettersMoved"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letter_dead_letters__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job": {
                     *         "job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *         "status": "failed",
                     *         "model": "base",
                     *         "file_name": "interview.mp3",
                     *         "options": {
                     *           "model": null,
                     *           "language": null,
                     *           "task": "transcribe",
                     *           "initial_prompt": null,
                     *           "hotwords": null,
                     *           "quality": "balanced",
                     *           "beam_size": null,
                     *           "temperature": 0,
                     *           "vad_filter": true,
                     *           "multilingual": false,
                     *           "channels": "mix",
                     *           "diarize": false,
                     *           "min_speakers": null,
                     *           "max_speakers": null,
                     *           "word_timestamps": false,
                     *           "clip_start_seconds": 0,
                     *           "clip_end_seconds": null,
                     *           "redact": []
                     *         },
                     *         "progress": {
                     *           "audio_seconds_done": 30,
                     *           "audio_seconds_total": 120.5,
                     *           "percent": 24.9
                     *         },
                     *         "segments": null,
                     *         "queue_position": null,
                     *         "audio_seconds_ahead": null,
                     *         "eta": null,
                     *         "language": "en",
                     *         "attempt": 3,
                     *         "cached": false,
                     *         "cancel_requested": false,
                     *         "retention_hours": null,
                     *         "sensitivity": "confidential",
                     *         "failure": {
                     *           "code": "attempts_exhausted",
                     *           "detail": "Attempt 3 of 3 ended in timed_out: No progress for 300 s."
                     *         },
                     *         "created_at": "2026-11-21T11:50:23.091Z",
                     *         "started_at": "2026-11-21T11:50:23.124Z",
                     *         "finished_at": "2026-11-21T12:09:41.300Z",
                     *         "expires_at": "2026-11-22T12:09:41.300Z"
                     *       },
                     *       "job_ids": [
                     *         "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       ],
                     *       "attempts": [
                     *         {
                     *           "attempt": 3,
                     *           "worker": "gpu-1-4711",
                     *           "started_at_ms": 1795262681300,
                     *           "ended_at_ms": 1795262981300,
                     *           "from_ms": 30000,
                     *           "to_ms": 30000,
                     *           "outcome": "error",
                     *           "failure": "timed_out",
                     *           "detail": "No progress for 300 s (WATCHDOG_SECONDS)."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is no dead letter */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    purge_dead_letters__job_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "outcome": "purged",
                     *       "job_ids": [
                     *         "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLettersMoved"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is no dead letter */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requeue_all_dead_letters_requeue_post: {
        parameters: {
            query?: {
                /** @description Only those that failed for this reason. */
                failure?: components["schemas"]["FailureCode"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "outcome": "requeued",
                     *       "job_ids": [
                     *         "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLettersMoved"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requeue_dead_letters__job_id__requeue_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "outcome": "requeued",
                     *       "job_ids": [
                     *         "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLettersMoved"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job is no dead letter */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The audio is gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys_keys_get: {
        parameters: {
            query?: {
                /** @description Keys a page. */
                limit?: number;
                /** @description How many to pass over. */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "keys": [
                     *         {
                     *           "key_id": "5f0c2a4e9b1d47c8",
                     *           "name": "web shop",
                     *           "tenant": "acme",
                     *           "scopes": [
                     *             "read",
                     *             "submit"
                     *           ],
                     *           "weight": 1,
                     *           "submit_rate": "100/minute",
                     *           "read_rate": null,
                     *           "webhook_url": null,
                     *           "retention_hours": 72,
                     *           "sensitivity": "confidential",
                     *           "status": "valid",
                     *           "created_at": "2026-11-21T11:50:23.091Z",
                     *           "expires_at": "2027-11-21T11:50:23.091Z",
                     *           "revoked_at": null,
                     *           "last_used_at": "2026-11-21T12:01:10.500Z"
                     *         }
                     *       ],
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_keys_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Weight
                     * @description Its tenant's share of a queue, against 1.
                     * @default 1
                     */
                    weight?: number;
                    /**
                     * Submit Rate
                     * @description In the place of RATE_LIMIT_SUBMIT.
                     * @example 100/minute
                     */
                    submit_rate?: string | null;
                    /**
                     * Read Rate
                     * @description In the place of RATE_LIMIT_READ.
                     * @example 6000/minute
                     */
                    read_rate?: string | null;
                    /**
                     * Expires In Days
                     * @description From now; null: it doesn't expire.
                     */
                    expires_in_days?: number | null;
                    /**
                     * Webhook Url
                     * @description Who is told of the end of its jobs that name nobody.
                     * @example https://example.com/hooks
                     */
                    webhook_url?: string | null;
                    /**
                     * Retention Hours
                     * @description Hours after its end when everything of a job is removed: for jobs that ask for no less, and the most that one may ask for. A minute or more.
                     * @example 72
                     */
                    retention_hours?: number | null;
                    /**
                     * Sensitivity
                     * @description The label of its jobs that name none.
                     * @example confidential
                     */
                    sensitivity?: string | null;
                    /**
                     * Name
                     * @description What to call it.
                     * @example web shop
                     */
                    name: string;
                    /**
                     * Tenant
                     * @description Whose jobs it concerns, in visible ASCII.
                     * @example acme
                     */
                    tenant: string;
                    /**
                     * Scopes
                     * @description `submit`: post audio, cancel and erase. `read`: follow and fetch. `admin`: what concerns all tenants: keys, dead letters, statistics.
                     * @default [
                     *       "submit",
                     *       "read"
                     *     ]
                     */
                    scopes?: components["schemas"]["Scope"][];
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_id": "5f0c2a4e9b1d47c8",
                     *       "name": "web shop",
                     *       "tenant": "acme",
                     *       "scopes": [
                     *         "read",
                     *         "submit"
                     *       ],
                     *       "weight": 1,
                     *       "submit_rate": "100/minute",
                     *       "read_rate": null,
                     *       "webhook_url": null,
                     *       "retention_hours": 72,
                     *       "sensitivity": "confidential",
                     *       "status": "valid",
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "expires_at": "2027-11-21T11:50:23.091Z",
                     *       "revoked_at": null,
                     *       "last_used_at": null,
                     *       "key": "scr_5f0c2a4e9b1d47c8_..."
                     *     }
                     */
                    "application/json": components["schemas"]["KeyCreated"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    key_keys__key_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The part of the key behind `scr_`. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_id": "5f0c2a4e9b1d47c8",
                     *       "name": "web shop",
                     *       "tenant": "acme",
                     *       "scopes": [
                     *         "read",
                     *         "submit"
                     *       ],
                     *       "weight": 1,
                     *       "submit_rate": "100/minute",
                     *       "read_rate": null,
                     *       "webhook_url": null,
                     *       "retention_hours": 72,
                     *       "sensitivity": "confidential",
                     *       "status": "valid",
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "expires_at": "2027-11-21T11:50:23.091Z",
                     *       "revoked_at": null,
                     *       "last_used_at": "2026-11-21T12:01:10.500Z"
                     *     }
                     */
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such key */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_keys__key_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The part of the key behind `scr_`. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_id": "5f0c2a4e9b1d47c8",
                     *       "name": "web shop",
                     *       "tenant": "acme",
                     *       "scopes": [
                     *         "read",
                     *         "submit"
                     *       ],
                     *       "weight": 1,
                     *       "submit_rate": "100/minute",
                     *       "read_rate": null,
                     *       "webhook_url": null,
                     *       "retention_hours": 72,
                     *       "sensitivity": "confidential",
                     *       "status": "revoked",
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "expires_at": "2027-11-21T11:50:23.091Z",
                     *       "revoked_at": "2026-11-21T12:09:41.300Z",
                     *       "last_used_at": "2026-11-21T12:01:10.500Z"
                     *     }
                     */
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such key */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    limit_keys__key_id__limits_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The part of the key behind `scr_`. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Weight
                     * @description Its tenant's share of a queue, against 1.
                     * @default 1
                     */
                    weight?: number;
                    /**
                     * Submit Rate
                     * @description In the place of RATE_LIMIT_SUBMIT.
                     * @example 100/minute
                     */
                    submit_rate?: string | null;
                    /**
                     * Read Rate
                     * @description In the place of RATE_LIMIT_READ.
                     * @example 6000/minute
                     */
                    read_rate?: string | null;
                    /**
                     * Expires In Days
                     * @description From now; null: it doesn't expire.
                     */
                    expires_in_days?: number | null;
                    /**
                     * Webhook Url
                     * @description Who is told of the end of its jobs that name nobody.
                     * @example https://example.com/hooks
                     */
                    webhook_url?: string | null;
                    /**
                     * Retention Hours
                     * @description Hours after its end when everything of a job is removed: for jobs that ask for no less, and the most that one may ask for. A minute or more.
                     * @example 72
                     */
                    retention_hours?: number | null;
                    /**
                     * Sensitivity
                     * @description The label of its jobs that name none.
                     * @example confidential
                     */
                    sensitivity?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_id": "5f0c2a4e9b1d47c8",
                     *       "name": "web shop",
                     *       "tenant": "acme",
                     *       "scopes": [
                     *         "read",
                     *         "submit"
                     *       ],
                     *       "weight": 1,
                     *       "submit_rate": "100/minute",
                     *       "read_rate": null,
                     *       "webhook_url": null,
                     *       "retention_hours": 72,
                     *       "sensitivity": "confidential",
                     *       "status": "valid",
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "expires_at": "2027-11-21T11:50:23.091Z",
                     *       "revoked_at": null,
                     *       "last_used_at": "2026-11-21T12:01:10.500Z"
                     *     }
                     */
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such key */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_keys__key_id__limits_patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The part of the key behind `scr_`. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Weight
                     * @description Its tenant's share of a queue, against 1.
                     * @default 1
                     */
                    weight?: number;
                    /**
                     * Submit Rate
                     * @description In the place of RATE_LIMIT_SUBMIT.
                     * @example 100/minute
                     */
                    submit_rate?: string | null;
                    /**
                     * Read Rate
                     * @description In the place of RATE_LIMIT_READ.
                     * @example 6000/minute
                     */
                    read_rate?: string | null;
                    /**
                     * Expires In Days
                     * @description From now; null: it doesn't expire.
                     */
                    expires_in_days?: number | null;
                    /**
                     * Webhook Url
                     * @description Who is told of the end of its jobs that name nobody.
                     * @example https://example.com/hooks
                     */
                    webhook_url?: string | null;
                    /**
                     * Retention Hours
                     * @description Hours after its end when everything of a job is removed: for jobs that ask for no less, and the most that one may ask for. A minute or more.
                     * @example 72
                     */
                    retention_hours?: number | null;
                    /**
                     * Sensitivity
                     * @description The label of its jobs that name none.
                     * @example confidential
                     */
                    sensitivity?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "key_id": "5f0c2a4e9b1d47c8",
                     *       "name": "web shop",
                     *       "tenant": "acme",
                     *       "scopes": [
                     *         "read",
                     *         "submit"
                     *       ],
                     *       "weight": 1,
                     *       "submit_rate": "100/minute",
                     *       "read_rate": null,
                     *       "webhook_url": null,
                     *       "retention_hours": 72,
                     *       "sensitivity": "confidential",
                     *       "status": "valid",
                     *       "created_at": "2026-11-21T11:50:23.091Z",
                     *       "expires_at": "2027-11-21T11:50:23.091Z",
                     *       "revoked_at": null,
                     *       "last_used_at": "2026-11-21T12:01:10.500Z"
                     *     }
                     */
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description The request body can't be parsed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such key */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description API keys are not in use */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erase_tenants__tenant__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Whose everything is to go. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tenant": "acme",
                     *       "erased": {
                     *         "records": 1,
                     *         "results": 1,
                     *         "segments": 12,
                     *         "events": 15,
                     *         "attempts": 1,
                     *         "webhook_events": 1,
                     *         "idempotency_keys": 1,
                     *         "corrections": 2,
                     *         "audio_files": 0,
                     *         "audio_bytes": 0
                     *       },
                     *       "keys": 2,
                     *       "pending": 1,
                     *       "remaining": 1
                     *     }
                     */
                    "application/json": components["schemas"]["TenantErasure"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_audit_get: {
        parameters: {
            query?: {
                /** @description Only entries from then on: a day or a moment, in UTC unless it says so. */
                since?: string | null;
                /** @description Only entries from before then. */
                until?: string | null;
                /** @description Only what this tenant did. */
                tenant?: string | null;
                /** @description Only this. */
                action?: components["schemas"]["Action"] | null;
                /** @description Only what concerns this job, key or tenant. */
                object_id?: string | null;
                /** @description Entries a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "entries": [
                     *         {
                     *           "at": "2026-11-21T11:52:04.310Z",
                     *           "action": "transcript.read",
                     *           "tenant": "acme",
                     *           "who": "key:5f0c2a4e9b1d47c8",
                     *           "object_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "status": 200,
                     *           "address": "192.0.2.7",
                     *           "request_id": "1b0e4ee02c4a7f4e",
                     *           "route": null,
                     *           "times": 1
                     *         }
                     *       ],
                     *       "next_cursor": "1795261924310-0"
                     *     }
                     */
                    "application/json": components["schemas"]["AuditEntryList"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One or more options are not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    ready_health_ready_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready",
                     *       "version": "0.1.0",
                     *       "redis": true,
                     *       "queue": [
                     *         {
                     *           "model": "base",
                     *           "pending_jobs": 3,
                     *           "pending_audio_seconds": 412.7
                     *         }
                     *       ],
                     *       "workers": [
                     *         {
                     *           "name": "gpu-1-4711",
                     *           "lane": "base",
                     *           "model": "base",
                     *           "device": "cpu",
                     *           "compute_type": "int8_float32",
                     *           "concurrency": 4,
                     *           "running": 2,
                     *           "state": "ready",
                     *           "started_at_ms": 1795261816359,
                     *           "metrics_port": 9101,
                     *           "version": "0.1.0",
                     *           "redacts": [
                     *             "card",
                     *             "iban",
                     *             "email",
                     *             "ip",
                     *             "url",
                     *             "phone"
                     *           ],
                     *           "diarizes": true
                     *         }
                     *       ],
                     *       "mean_latency_seconds": 2.058
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Redis is away, or no worker is ready. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "no_workers",
                     *       "version": "0.1.0",
                     *       "redis": true,
                     *       "queue": [
                     *         {
                     *           "model": "base",
                     *           "pending_jobs": 3,
                     *           "pending_audio_seconds": 412.7
                     *         }
                     *       ],
                     *       "workers": [],
                     *       "mean_latency_seconds": null
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    stats_stats_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "queue": [
                     *         {
                     *           "model": "base",
                     *           "pending_jobs": 3,
                     *           "pending_audio_seconds": 412.7
                     *         }
                     *       ],
                     *       "processing_jobs": 2,
                     *       "dead_letters": 0,
                     *       "workers": [
                     *         {
                     *           "name": "gpu-1-4711",
                     *           "lane": "base",
                     *           "model": "base",
                     *           "device": "cpu",
                     *           "compute_type": "int8_float32",
                     *           "concurrency": 4,
                     *           "running": 2,
                     *           "state": "ready",
                     *           "started_at_ms": 1795261816359,
                     *           "metrics_port": 9101,
                     *           "version": "0.1.0",
                     *           "redacts": [
                     *             "card",
                     *             "iban",
                     *             "email",
                     *             "ip",
                     *             "url",
                     *             "phone"
                     *           ],
                     *           "diarizes": true
                     *         }
                     *       ],
                     *       "accepted": 120,
                     *       "joined": 1,
                     *       "cached": 4,
                     *       "completed": 110,
                     *       "failed": 3,
                     *       "cancelled": 2,
                     *       "attempt_errors": 1,
                     *       "lease_expiries": 0,
                     *       "audio_seconds_completed": 5400,
                     *       "processing_seconds": 980.5,
                     *       "rtf": 0.1816,
                     *       "mean_latency_seconds": 14.2
                     *     }
                     */
                    "application/json": components["schemas"]["Stats"];
                };
            };
            /** @description Valid credentials are needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials don't allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Tokens can't be checked or The store is not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example transcription_queue_depth{lane="base"} 3.0 */
                    "text/plain": unknown;
                };
            };
        };
    };
    upload_v2_upload_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description An audio or video file as it is; the type doesn't matter. */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "upload_url": "http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *     }
                     */
                    "application/json": components["schemas"]["UploadedFile"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    transcripts_v2_transcript_get: {
        parameters: {
            query?: {
                /** @description Transcripts a page. */
                limit?: number;
                /** @description Only those with this status. */
                status?: ("queued" | "processing" | "completed" | "error") | null;
                /** @description Only those of this day, in UTC. */
                created_on?: string | null;
                /** @description Only those that are older than this one. */
                before_id?: string | null;
                /** @description Only those that are newer than this one. */
                after_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "page_details": {
                     *         "limit": 10,
                     *         "result_count": 1,
                     *         "current_url": "http://127.0.0.1:8000/v2/transcript?limit=10",
                     *         "prev_url": null,
                     *         "next_url": "http://127.0.0.1:8000/v2/transcript?limit=10&after_id=5f0c2a4e9b1d47c8a36e1f0b7d92c485"
                     *       },
                     *       "transcripts": [
                     *         {
                     *           "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "resource_url": "http://127.0.0.1:8000/v2/transcript/5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "status": "completed",
                     *           "created": "2026-11-21T11:50:23.091000+00:00",
                     *           "completed": "2026-11-21T11:50:31.702000+00:00",
                     *           "audio_url": "http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *           "error": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TranscriptList"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    create_v2_transcript_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Audio Url
                     * @description The `upload_url` of `POST /v2/upload`, or a URL on the public internet that serves the file.
                     * @example https://example.com/episode-12.mp3
                     */
                    audio_url: string;
                    /**
                     * Language Code
                     * @description `en`, `en_us`, `de`, …; detected if left out.
                     * @example en_us
                     */
                    language_code?: string | null;
                    /**
                     * Language Detection
                     * @description Detect it, whatever `language_code` says.
                     */
                    language_detection?: boolean | null;
                    /**
                     * Speaker Labels
                     * @description Tell speakers apart by their voices.
                     */
                    speaker_labels?: boolean | null;
                    /** Speakers Expected */
                    speakers_expected?: number | null;
                    speaker_options?: components["schemas"]["SpeakerOptions"] | null;
                    /**
                     * Multichannel
                     * @description Transcribe each channel apart.
                     */
                    multichannel?: boolean | null;
                    /**
                     * Dual Channel
                     * @description The same, by its former name.
                     */
                    dual_channel?: boolean | null;
                    /**
                     * Keyterms Prompt
                     * @description Words to expect; with `word_boost` 1,000 characters.
                     */
                    keyterms_prompt?: string[] | null;
                    /**
                     * Word Boost
                     * @description The same, by its former name.
                     */
                    word_boost?: string[] | null;
                    /**
                     * Prompt
                     * @description Text that sets spelling and style.
                     */
                    prompt?: string | null;
                    /** Temperature */
                    temperature?: number | null;
                    /**
                     * Audio Start From
                     * @description Milliseconds.
                     */
                    audio_start_from?: number | null;
                    /**
                     * Audio End At
                     * @description Milliseconds.
                     */
                    audio_end_at?: number | null;
                    /**
                     * Webhook Url
                     * @description Told when the transcript is ready.
                     */
                    webhook_url?: string | null;
                    /**
                     * Webhook Auth Header Name
                     * @description A header that is sent to it.
                     */
                    webhook_auth_header_name?: string | null;
                    /**
                     * Webhook Auth Header Value
                     * @description Its value, never shown.
                     */
                    webhook_auth_header_value?: string | null;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description The transcript is queued durably and will be done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "audio_url": "http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "queued",
                     *       "error": null,
                     *       "text": null,
                     *       "words": null,
                     *       "utterances": null,
                     *       "confidence": null,
                     *       "audio_duration": 11,
                     *       "language_code": null,
                     *       "language_confidence": null,
                     *       "language_detection": true,
                     *       "speaker_labels": false,
                     *       "multichannel": false,
                     *       "keyterms_prompt": [
                     *         "Americans"
                     *       ],
                     *       "prompt": null,
                     *       "temperature": 0,
                     *       "punctuate": true,
                     *       "format_text": true,
                     *       "audio_start_from": null,
                     *       "audio_end_at": null,
                     *       "speech_model_used": "base",
                     *       "webhook_url": "https://example.com/hooks",
                     *       "webhook_status_code": null,
                     *       "webhook_auth": true,
                     *       "webhook_auth_header_name": "X-My-Webhook-Secret"
                     *     }
                     */
                    "application/json": components["schemas"]["TranscriptView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    transcript_v2_transcript__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "audio_url": "http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "completed",
                     *       "error": null,
                     *       "text": "And so my fellow Americans, ask not what your country can do for you.",
                     *       "words": [
                     *         {
                     *           "text": "country",
                     *           "start": 3270,
                     *           "end": 3810,
                     *           "confidence": 0.97,
                     *           "speaker": null,
                     *           "channel": null
                     *         }
                     *       ],
                     *       "utterances": null,
                     *       "confidence": 0.94,
                     *       "audio_duration": 11,
                     *       "language_code": "en",
                     *       "language_confidence": 0.95,
                     *       "language_detection": true,
                     *       "speaker_labels": false,
                     *       "multichannel": false,
                     *       "keyterms_prompt": [
                     *         "Americans"
                     *       ],
                     *       "prompt": null,
                     *       "temperature": 0,
                     *       "punctuate": true,
                     *       "format_text": true,
                     *       "audio_start_from": null,
                     *       "audio_end_at": null,
                     *       "speech_model_used": "base",
                     *       "webhook_url": "https://example.com/hooks",
                     *       "webhook_status_code": 200,
                     *       "webhook_auth": true,
                     *       "webhook_auth_header_name": "X-My-Webhook-Secret"
                     *     }
                     */
                    "application/json": components["schemas"]["TranscriptView"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    remove_v2_transcript__job_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "audio_url": "http://127.0.0.1:8000/v2/upload/5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "status": "completed",
                     *       "error": null,
                     *       "text": null,
                     *       "words": null,
                     *       "utterances": null,
                     *       "confidence": null,
                     *       "audio_duration": 11,
                     *       "language_code": null,
                     *       "language_confidence": null,
                     *       "language_detection": true,
                     *       "speaker_labels": false,
                     *       "multichannel": false,
                     *       "keyterms_prompt": [
                     *         "Americans"
                     *       ],
                     *       "prompt": null,
                     *       "temperature": 0,
                     *       "punctuate": true,
                     *       "format_text": true,
                     *       "audio_start_from": null,
                     *       "audio_end_at": null,
                     *       "speech_model_used": "base",
                     *       "webhook_url": "https://example.com/hooks",
                     *       "webhook_status_code": null,
                     *       "webhook_auth": true,
                     *       "webhook_auth_header_name": "X-My-Webhook-Secret"
                     *     }
                     */
                    "application/json": components["schemas"]["TranscriptView"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    srt_v2_transcript__job_id__srt_get: {
        parameters: {
            query?: {
                /** @description Columns of a caption, which is one line then. */
                chars_per_caption?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "text/plain": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    vtt_v2_transcript__job_id__vtt_get: {
        parameters: {
            query?: {
                /** @description Columns of a caption, which is one line then. */
                chars_per_caption?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example WEBVTT
                     *
                     *     00:00:00.000 --> 00:00:04.000
                     *     And so my fellow
                     */
                    "text/plain": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    get_sentences_v2_transcript__job_id__sentences_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "confidence": 0.94,
                     *       "audio_duration": 11,
                     *       "sentences": [
                     *         {
                     *           "text": "And so my fellow Americans, ask not what your country can do for you.",
                     *           "start": 0,
                     *           "end": 11000,
                     *           "confidence": 0.94,
                     *           "speaker": null,
                     *           "channel": null,
                     *           "words": [
                     *             {
                     *               "text": "country",
                     *               "start": 3270,
                     *               "end": 3810,
                     *               "confidence": 0.97,
                     *               "speaker": null,
                     *               "channel": null
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SentencesView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    get_paragraphs_v2_transcript__job_id__paragraphs_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "confidence": 0.94,
                     *       "audio_duration": 11,
                     *       "paragraphs": [
                     *         {
                     *           "text": "And so my fellow Americans, ask not what your country can do for you.",
                     *           "start": 0,
                     *           "end": 11000,
                     *           "confidence": 0.94,
                     *           "speaker": null,
                     *           "channel": null,
                     *           "words": [
                     *             {
                     *               "text": "country",
                     *               "start": 3270,
                     *               "end": 3810,
                     *               "confidence": 0.97,
                     *               "speaker": null,
                     *               "channel": null
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParagraphsView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    word_search_v2_transcript__job_id__word_search_get: {
        parameters: {
            query?: {
                /** @description Words, numbers or phrases, separated by commas; at least one. */
                words?: string;
            };
            header?: never;
            path: {
                /** @description The id that POST /transcribe answered. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485",
                     *       "total_count": 1,
                     *       "matches": [
                     *         {
                     *           "text": "country",
                     *           "count": 1,
                     *           "timestamps": [
                     *             [
                     *               3270,
                     *               3810
                     *             ]
                     *           ],
                     *           "indexes": [
                     *             9
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["WordSearchView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssemblyAIError"];
                };
            };
        };
    };
    asr_asr_post: {
        parameters: {
            query?: {
                /** @description `false` says that the file may be bare samples, unless it begins as a container does. */
                encode?: boolean;
                /** @description `translate` writes English. */
                task?: "transcribe" | "translate";
                /** @description A Whisper code; detected if left out. */
                language?: string;
                /** @description Text that sets spelling and style. */
                initial_prompt?: string;
                /** @description Words to expect. */
                hotwords?: string;
                /** @description Skip what is no speech. */
                vad_filter?: boolean;
                /** @description Time every word; with `output=json`. */
                word_timestamps?: boolean;
                /** @description Tell speakers apart. */
                diarize?: boolean;
                /** @description At least so many. */
                min_speakers?: number | null;
                /** @description At most so many. */
                max_speakers?: number | null;
                /** @description How to write the transcript. */
                output?: components["schemas"]["Output"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; with `encode=false` also bare samples: signed, 16-bit, little-endian, mono, 16 kHz.
                     */
                    audio_file: string;
                };
            };
        };
        responses: {
            /** @description The transcript as a file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example 1
                     *     00:00:00,000 --> 00:00:04,000
                     *     And so my fellow Americans
                     */
                    "text/plain": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
        };
    };
    detect_language_detect_language_post: {
        parameters: {
            query?: {
                /** @description `false` says that the file may be bare samples, unless it begins as a container does. */
                encode?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description An audio or video file; with `encode=false` also bare samples: signed, 16-bit, little-endian, mono, 16 kHz.
                     */
                    audio_file: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "detected_language": "german",
                     *       "language_code": "de",
                     *       "confidence": 0.98
                     *     }
                     */
                    "application/json": components["schemas"]["DetectedLanguage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhisperAsrError"];
                };
            };
        };
    };
    version_status_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": "0.1.0"
                     *     }
                     */
                    "application/json": components["schemas"]["ServerVersion"];
                };
            };
        };
    };
}
