import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { StreamEvent, UploadProgress } from "@scriptorium/client";
import { ProblemError, Scriptorium, ServiceUnreachable } from "@scriptorium/client";
import { wav } from "./audio.js";
import { all } from "./iteration.js";
import { API_KEY, client, SERVICE_URL } from "./service.js";

const scriptorium = client();

test("a file is transcribed, and its upload tells how far it is", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "scriptorium-")), "ten seconds.wav");
  await writeFile(path, wav(10));
  const told: UploadProgress[] = [];
  const file = new File([await openAsBlob(path)], 'te"n.wav');
  const transcript = await scriptorium.transcribe(file, { language: "en" }, { onProgress: (at) => told.push(at) });
  assert.equal(transcript.duration_seconds, 10);
  assert.equal(transcript.segments.length, 2);
  const last = told.at(-1);
  assert.ok(told.length > 2 && last !== undefined);
  assert.equal(last.sentBytes, last.totalBytes);
  assert.ok(last.sentBytes > file.size);
  const [job] = await all(scriptorium.jobs({ status: "completed" }));
  assert.equal(job?.file_name, "te%22n.wav");
  assert.equal(job.options.language, "en");
});

test("a stream is transcribed, of Node or of the web", async () => {
  const halves = [wav(5, 2).subarray(0, 30_000), wav(5, 2).subarray(30_000)];
  const of = { node: Readable.from(halves), web: Readable.toWeb(Readable.from(halves)) };
  for (const audio of [of.node, of.web as ReadableStream<Uint8Array>]) {
    const told: UploadProgress[] = [];
    const transcript = await scriptorium.transcribe(audio, {}, { onProgress: (at) => told.push(at) });
    assert.equal(transcript.duration_seconds, 5);
    assert.deepEqual(new Set(told.map((at) => at.totalBytes)), new Set([undefined]));
  }
});

test("options arrive as they were given", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(1), {
    quality: "fast",
    word_timestamps: true,
    temperature: 0.2,
    initial_prompt: "Über die Brücke\r\n",
    redact: ["email", "phone"],
    beam_size: null,
  });
  const { options } = await scriptorium.status(jobId);
  assert.equal(options.quality, "fast");
  assert.equal(options.word_timestamps, true);
  assert.equal(options.temperature, 0.2);
  assert.equal(options.initial_prompt, "Über die Brücke\r\n");
  assert.deepEqual(new Set(options.redact as string[]), new Set(["email", "phone"]));
});

test("a job is waited for, and what is waited for is told", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(20, 3));
  const statuses: string[] = [];
  const job = await scriptorium.wait(jobId, { onUpdate: ({ status }) => statuses.push(status) });
  assert.equal(job.status, "completed");
  assert.deepEqual(job.progress, { audio_seconds_done: 20, audio_seconds_total: 20, percent: 100 });
  assert.equal(statuses.at(-1), "completed");
  assert.equal((await scriptorium.wait(jobId)).status, "completed");
});

test("a job is followed, from its beginning and from anywhere", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(20, 4));
  const events = (await all(scriptorium.stream(jobId))).filter(({ id }) => id !== undefined);
  const transcript = await scriptorium.result(jobId);
  assert.deepEqual(
    events.flatMap((event) => (event.event === "segment" ? [event.data] : [])),
    transcript.segments,
  );
  assert.deepEqual(
    events.flatMap((event) => (event.event === "status" ? [event.data.status] : [])),
    ["queued", "processing", "completed"],
  );
  for (const [number, { id }] of events.entries()) {
    const rest = await all(scriptorium.stream(jobId, { lastEventId: id ?? "" }));
    assert.deepEqual(rest, events.slice(number + 1));
  }
});

test("what is transcribed is told while it is", async () => {
  const told: StreamEvent[] = [];
  const { segments } = await scriptorium.transcribe(wav(15, 5), {}, { onEvent: (event) => told.push(event) });
  assert.equal(told.filter(({ event }) => event === "segment").length, segments.length);
});

test("a transcript comes in every format", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(10));
  await scriptorium.wait(jobId);
  assert.match(await scriptorium.result(jobId, { format: "text" }), /^Segment 1/);
  assert.match(await scriptorium.result(jobId, { format: "srt", max_lines: 1 }), /^1\n00:00:00,000 --> /);
  assert.match(await scriptorium.result(jobId, { format: "vtt" }), /^WEBVTT\n/);
  assert.match(await scriptorium.result(jobId, { format: "tsv" }), /^start\tend\ttext\n/);
  const verbose = await scriptorium.result(jobId, { format: "verbose_json" });
  assert.equal(verbose.task, "transcribe");
  assert.equal(verbose.duration, 10);
});

test("one Idempotency-Key is one job", async () => {
  const call = { idempotencyKey: crypto.randomUUID(), noCache: true };
  const first = await scriptorium.submit(wav(1), {}, call);
  assert.equal((await scriptorium.submit(wav(1), {}, call)).job_id, first.job_id);
  assert.notEqual((await scriptorium.submit(wav(1), {}, { noCache: true })).job_id, first.job_id);
  await assert.rejects(scriptorium.submit(wav(2), {}, call), { name: "ProblemError", code: "idempotency_conflict" });
});

test("an aborted call ends, and its job goes on until it is cancelled", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(200, 6), {}, { noCache: true });
  const reason = new Error("enough");
  const waiting = new AbortController();
  const waits = scriptorium.wait(jobId, { signal: waiting.signal });
  const following = new AbortController();
  await assert.rejects(async () => {
    for await (const event of scriptorium.stream(jobId, { signal: following.signal })) {
      if (event.event === "segment") following.abort(reason);
    }
  }, reason);
  waiting.abort(reason);
  await assert.rejects(waits, reason);
  assert.equal((await scriptorium.status(jobId)).status, "processing");
  assert.equal((await scriptorium.remove(jobId)).outcome, "cancel_requested");
  assert.equal((await scriptorium.wait(jobId)).status, "cancelled");
  await assert.rejects(scriptorium.result(jobId), { code: "job_cancelled", status: 409, jobId });
  assert.equal((await scriptorium.remove(jobId)).outcome, "erased");
  await assert.rejects(all(scriptorium.stream(jobId)), { code: "job_not_found" });
});

test("whoever has read enough of a stream leaves it", async () => {
  const { job_id: jobId } = await scriptorium.submit(wav(100, 7), {}, { noCache: true });
  for await (const { event } of scriptorium.stream(jobId)) if (event === "segment") break;
  assert.equal((await scriptorium.status(jobId)).status, "processing");
  await scriptorium.remove(jobId);
});

test("an upload is aborted", async () => {
  const abort = new AbortController();
  const call = {
    signal: abort.signal,
    onProgress: () => {
      abort.abort();
    },
  };
  await assert.rejects(scriptorium.submit(wav(100), {}, call), { name: "AbortError" });
});

test("what is wrong is named", async () => {
  await assert.rejects(scriptorium.submit(wav(1), { language: "klingon" }), (error) => {
    assert.ok(error instanceof ProblemError);
    assert.equal(error.code, "invalid_options");
    assert.equal(error.status, 422);
    assert.deepEqual(
      error.options.map(({ option }) => option),
      ["language"],
    );
    assert.match(error.message, /^invalid_options: .*klingon/);
    return true;
  });
  await assert.rejects(scriptorium.status("0".repeat(32)), { code: "job_not_found", status: 404 });
  await assert.rejects(scriptorium.submit(wav(300)), { code: "upload_too_large", status: 413 });
  const nowhere = new URL("http://nowhere.invalid/a.wav");
  await assert.rejects(scriptorium.transcribe(nowhere), { code: "url_host_unknown", status: 422 });
  const stranger = new Scriptorium({ baseUrl: SERVICE_URL, apiKey: "scr_no" });
  await assert.rejects(stranger.submit(wav(1)), { code: "unauthenticated", status: 401 });
});

test("whoever sends too often comes back when he is told to", async () => {
  const { data: key } = await scriptorium.api.POST("/keys", {
    body: { name: "hasty", tenant: "hasty", scopes: ["submit", "read"], submit_rate: "2/second" },
  });
  assert.ok(key);
  const hasty = new Scriptorium({ baseUrl: `${SERVICE_URL}/`, apiKey: key.key });
  const jobs = await Promise.all([1, 2, 3, 4, 5].map((pitch) => hasty.submit(wav(1, pitch))));
  assert.equal(new Set(jobs.map(({ job_id: id }) => id)).size, 5);
  const impatient = new Scriptorium({ baseUrl: SERVICE_URL, apiKey: key.key, patienceSeconds: 0 });
  await assert.rejects(Promise.all([1, 2, 3, 4, 5].map(() => impatient.submit(wav(1)))), (error) => {
    assert.ok(error instanceof ProblemError && error.code === "rate_limited");
    assert.ok(error.retryAfterSeconds !== undefined && error.retryAfterSeconds > 0);
    return true;
  });
  const known = new Set((await all(hasty.jobs())).map(({ job_id: id }) => id));
  assert.ok(jobs.every(({ job_id: id }) => known.has(id)));
});

test("every route is typed", async () => {
  const { data, response } = await scriptorium.api.GET("/health/ready");
  assert.equal(data?.workers[0]?.model, "base");
  assert.equal(response.status, 200);
  const { error } = await scriptorium.api.GET("/dead-letters/{job_id}", { params: { path: { job_id: "none" } } });
  assert.equal(error?.code, "job_not_found");
});

test("nobody there is said so", async () => {
  const nowhere = new Scriptorium({ baseUrl: "http://127.0.0.1:9", apiKey: API_KEY, patienceSeconds: 0 });
  await assert.rejects(nowhere.status("0".repeat(32)), (error) => {
    assert.ok(error instanceof ServiceUnreachable);
    assert.ok(error.cause instanceof TypeError);
    return true;
  });
});
