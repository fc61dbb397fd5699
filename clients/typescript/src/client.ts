/** The client: every route typed by the OpenAPI document, and by hand what takes more than one request. */

import type { Client } from "openapi-fetch";
import createClient from "openapi-fetch";
import { ProblemError } from "./errors.js";
import type { StreamEvent } from "./follow.js";
import { follow, isFinished } from "./follow.js";
import type { Bytes } from "./form.js";
import { randomHex } from "./form.js";
import { pause } from "./patience.js";
import { persistently } from "./persistence.js";
import type {
  JobAccepted,
  JobList,
  JobRemoval,
  JobStatus,
  JobView,
  paths,
  PlainTranscript,
  ResultFormat,
  VerboseTranscript,
} from "./schema.js";
import type { UploadProgress } from "./upload.js";
import { repeatable, sendForm } from "./upload.js";

const LONG_POLL_SECONDS = 30;
const SHORTEST_POLL_SECONDS = 1;
/** The service's longest poll takes a minute. */
const LONGEST_ANSWER_SECONDS = 90;

export interface ClientOptions {
  /** Where the service is, such as `https://scribe.example.com`. */
  baseUrl: string;
  /** An API key or a token, where the service asks for one (AUTH_MODE). */
  apiKey?: string;
  /** How long a call goes on trying while the service is away or asks to come back later; 300 by default. */
  patienceSeconds?: number;
  /** Used in the place of the platform's `fetch`. */
  fetch?: typeof fetch;
}

/** Audio or video: a file, its bytes, a stream of them (as Node's `Readable` is one, too), or a URL to fetch it from. */
export type Audio = Bytes | URL;

/** What a job may be asked for, by the names of `POST /transcribe`. */
export type JobOptions = Partial<
  Omit<paths["/transcribe"]["post"]["requestBody"]["content"]["multipart/form-data"], "file">
>;

export interface Call {
  /** Ends the call, not the job. */
  signal?: AbortSignal;
}

export interface SubmitCall extends Call {
  /** Shown with the job; a `File` has its own. */
  fileName?: string;
  /** One key, one job, however often it is sent; one is made up for each call by default. */
  idempotencyKey?: string;
  /** Ask for a transcription of its own, whatever was done before. */
  noCache?: boolean;
  onProgress?: (progress: UploadProgress) => void;
}

export interface WaitCall extends Call {
  /** Told the job as it stands, whenever its status has changed, and every 30 s. */
  onUpdate?: (job: JobView) => void;
}

export interface StreamCall extends Call {
  /** Go on behind this event. */
  lastEventId?: string;
}

export interface TranscribeCall extends SubmitCall {
  /** Told what happens to the job. */
  onEvent?: (event: StreamEvent) => void;
}

type ResultQuery = Omit<NonNullable<paths["/result/{job_id}"]["get"]["parameters"]["query"]>, "format">;

/** What a transcript is in each format. */
export type Transcripts = Record<Exclude<ResultFormat, "json" | "verbose_json">, string> & {
  json: PlainTranscript;
  verbose_json: VerboseTranscript;
};

/**
 * A transcription service.
 *
 * Every method throws a `ProblemError` for what the service refuses, and a `ServiceUnreachable` if it gives no answer for
 * longer than `patienceSeconds`. Requests are sent again where that can do no harm: reads, and submissions, which carry
 * one Idempotency-Key.
 */
export class Scriptorium {
  /** Every route of the service, typed: `client.api.GET("/dead-letters")` (openapi-fetch). */
  readonly api: Client<paths>;

  readonly #baseUrl: string;
  readonly #headers: Headers;
  readonly #patienceSeconds: number;
  readonly #fetch: typeof fetch;

  constructor({ baseUrl, apiKey, patienceSeconds = 300, fetch: given }: ClientOptions) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#headers = new Headers(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` });
    this.#patienceSeconds = patienceSeconds;
    // Looked up at each call, and called as the browser's own wants to be.
    this.#fetch = given ?? ((input, init) => globalThis.fetch(input, init));
    this.api = createClient<paths>({
      baseUrl: this.#baseUrl,
      headers: this.#headers,
      fetch: (request) => this.#sent(request),
    });
  }

  /** Have audio transcribed: the job is stored durably when this returns. */
  async submit(audio: Audio, options: JobOptions = {}, call: SubmitCall = {}): Promise<JobAccepted> {
    const headers = new Headers(this.#headers);
    headers.set("Idempotency-Key", call.idempotencyKey ?? randomHex(16));
    if (call.noCache) headers.set("Cache-Control", "no-cache");
    const response =
      audio instanceof URL
        ? await this.#postUrl(audio, options, headers, call.signal)
        : await this.#postFile(audio, options, headers, call);
    if (!response.ok) throw ProblemError.of(response, await response.text());
    return (await response.json()) as JobAccepted;
  }

  /** Return a job as it stands. */
  async status(jobId: string, { signal }: Call = {}): Promise<JobView> {
    return await this.#poll(jobId, 0, signal);
  }

  /** Wait until a job is completed, failed or cancelled, and return it as it stands then. */
  async wait(jobId: string, { signal, onUpdate }: WaitCall = {}): Promise<JobView> {
    let former: JobStatus | undefined;
    for (;;) {
      const asked = performance.now();
      const job = await this.#poll(jobId, LONG_POLL_SECONDS, signal);
      onUpdate?.(job);
      if (isFinished(job.status)) return job;
      // A gateway that stops answers long polls at once.
      const rest = SHORTEST_POLL_SECONDS - (performance.now() - asked) / 1000;
      if (job.status === former && rest > 0) await pause(rest, signal);
      former = job.status;
    }
  }

  /**
   * Yield what happens to a job, from its beginning or behind `lastEventId`, until it is finished.
   *
   * A connection that is cut is made again: every lasting event comes once, and none is missed.
   */
  async *stream(jobId: string, { signal, lastEventId }: StreamCall = {}): AsyncGenerator<StreamEvent, void, undefined> {
    yield* follow({
      attach: async (last) => {
        const data = await answered(
          this.api.GET("/events/{job_id}", {
            params: { path: { job_id: jobId }, header: last === undefined ? {} : { "last-event-id": last } },
            parseAs: "stream",
            signal: signal ?? null,
          }),
        );
        return data as ReadableStream<Uint8Array> | undefined; // nothing, if it is 204
      },
      lastEventId,
      patienceSeconds: this.#patienceSeconds,
      signal,
    });
  }

  /** Return a completed job's transcript in a format, `json` by default; of a failed job, throw why it failed. */
  async result<F extends ResultFormat = "json">(
    jobId: string,
    { format, signal, ...query }: ResultQuery & { format?: F } & Call = {},
  ): Promise<Transcripts[F]> {
    const isJson = format === undefined || format === "json" || format === "verbose_json";
    const data = await answered(
      this.api.GET("/result/{job_id}", {
        params: { path: { job_id: jobId }, query: format === undefined ? query : { ...query, format } },
        parseAs: isJson ? "json" : "text",
        signal: signal ?? null,
      }),
    );
    return data as Transcripts[F];
  }

  /** Submit audio, wait, and return the transcript; if the job fails, throw why. */
  async transcribe(audio: Audio, options: JobOptions = {}, call: TranscribeCall = {}): Promise<PlainTranscript> {
    const { job_id: jobId } = await this.submit(audio, options, call);
    if (call.onEvent) for await (const event of this.stream(jobId, call)) call.onEvent(event);
    else await this.wait(jobId, call);
    return await this.result(jobId, call.signal && { signal: call.signal });
  }

  /** Yield jobs, newest first. */
  async *jobs(filter: { status?: JobStatus; model?: string } & Call = {}): AsyncGenerator<JobView, void, undefined> {
    const { signal, ...query } = filter;
    let cursor: string | null = null;
    do {
      const page: JobList = await answered(
        this.api.GET("/jobs", {
          params: { query: cursor === null ? query : { ...query, cursor } },
          signal: signal ?? null,
        }),
      );
      yield* page.jobs;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  /** Cancel a job that waits or runs; erase one that is finished, with everything that was kept of it. */
  async remove(jobId: string, { signal }: Call = {}): Promise<JobRemoval> {
    return await answered(
      this.api.DELETE("/job/{job_id}", { params: { path: { job_id: jobId } }, signal: signal ?? null }),
    );
  }

  async #poll(jobId: string, seconds: number, signal: AbortSignal | undefined): Promise<JobView> {
    return await answered(
      this.api.GET("/status/{job_id}", {
        params: { path: { job_id: jobId }, query: { wait: seconds } },
        signal: signal ?? null,
      }),
    );
  }

  async #postUrl(url: URL, options: JobOptions, headers: Headers, signal: AbortSignal | undefined): Promise<Response> {
    headers.set("Content-Type", "application/json");
    return await this.#sent(
      new Request(`${this.#baseUrl}/transcribe`, {
        method: "POST",
        headers,
        body: JSON.stringify({ url, ...options }),
        signal: signal ?? null,
      }),
    );
  }

  async #postFile(
    audio: Bytes,
    options: JobOptions,
    headers: Headers,
    { fileName, onProgress, signal }: SubmitCall,
  ): Promise<Response> {
    const file = await repeatable(audio);
    const canRepeat = file instanceof Blob || file instanceof Uint8Array;
    const upload = {
      url: `${this.#baseUrl}/transcribe`,
      headers,
      fields: fieldsOf(options),
      file,
      fileName: fileName ?? (file instanceof File ? file.name : "audio"),
      onProgress,
      signal,
    };
    return await persistently({
      send: () => sendForm(upload, this.#fetch),
      isRepeatable: true,
      patienceSeconds: canRepeat ? this.#patienceSeconds : 0,
      signal,
    });
  }

  async #sent(request: Request): Promise<Response> {
    return await persistently({
      send: () => this.#fetchOnce(request),
      isRepeatable: ["GET", "HEAD", "PUT"].includes(request.method) || request.headers.has("Idempotency-Key"),
      patienceSeconds: this.#patienceSeconds,
      signal: request.signal,
    });
  }

  /** Fetch, and give up a read that isn't answered in time: a connection may be dead without anybody's saying so. */
  async #fetchOnce(request: Request): Promise<Response> {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(request.signal.reason);
    };
    const giveUp = (): void => {
      controller.abort(new TypeError(`no answer for ${String(LONGEST_ANSWER_SECONDS)} s`));
    };
    const timer = request.method === "GET" ? setTimeout(giveUp, LONGEST_ANSWER_SECONDS * 1000) : undefined;
    request.signal.addEventListener("abort", abort);
    try {
      request.signal.throwIfAborted();
      // The signal apart: Node forgets one that only a request holds.
      return await this.#fetch(request.clone(), { signal: controller.signal });
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", abort);
    }
  }
}

/** Return what a call was answered with, or throw the error that it was answered with. */
async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw ProblemError.of(response, error);
  return data as T;
}

/** Return options as a form's fields: lists with commas, nothing for what isn't set. */
function fieldsOf(options: JobOptions): Map<string, string> {
  const given = Object.entries<unknown>(options).filter(([, value]) => value !== undefined && value !== null);
  return new Map(given.map(([name, value]) => [name, String(value)]));
}
