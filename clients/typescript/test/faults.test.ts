/** What can go wrong between client and service, with servers that go wrong on purpose. */

import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Scriptorium } from "@scriptorium/client";
import { wav } from "./audio.js";
import { all } from "./iteration.js";

const JOB_ID = "0123456789abcdef".repeat(2);
const ACCEPTED = { job_id: JOB_ID, status: "queued", cached: false, message: "Accepted." };

interface Asked {
  method: string | undefined;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Serve answers, one after the other, and return a client of theirs and what it has asked. */
async function served(t: TestContext, ...answers: Answer[]): Promise<{ scriptorium: Scriptorium; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push({ method: request.method, headers: request.headers, body });
      const answer = answers[asked.length - 1];
      assert.ok(answer, `a request too many: ${String(request.method)} ${String(request.url)}`);
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { scriptorium: new Scriptorium({ baseUrl: `http://127.0.0.1:${String(port)}`, patienceSeconds: 20 }), asked };
}

function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return (response) => response.writeHead(status, { "Content-Type": type, ...headers }).end(JSON.stringify(body));
}

function refusal(status: number, code: string, retryAfter: string): Answer {
  const problem = { type: "about:blank", code, title: "No", status, detail: "Not now." };
  return json(status, problem, { "Retry-After": retryAfter });
}

const hangUp: Answer = (response) => response.destroy();

function events(text: string, { thenHangUp = false } = {}): Answer {
  return (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write(text, () => {
      if (thenHangUp) setImmediate(() => response.destroy());
      else response.end();
    });
  };
}

test("a submission is sent again as it was, under one key", async (t) => {
  const { scriptorium, asked } = await served(
    t,
    refusal(503, "store_unavailable", "1"),
    refusal(429, "queue_full", new Date(Date.now() + 500).toUTCString()),
    hangUp,
    (response) => response.writeHead(502).end("<html>"),
    json(202, ACCEPTED),
  );
  const accepted = await scriptorium.submit(wav(1), { language: "de" });
  assert.deepEqual(accepted, ACCEPTED);
  assert.equal(asked.length, 5);
  assert.equal(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size, 1);
  for (const { headers, body } of asked) {
    assert.equal(headers["content-length"], String(body.length));
    assert.ok(body.includes(Buffer.from(wav(1))) && body.includes('name="language"\r\n\r\nde\r\n'));
  }
});

test("a stream, which can't be sent again, is not", async (t) => {
  const { scriptorium, asked } = await served(t, refusal(503, "uploads_full", "1"));
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(wav(1));
  }
  await assert.rejects(scriptorium.submit(pieces()), { code: "uploads_full", retryAfterSeconds: 1 });
  assert.equal(asked[0]?.headers["transfer-encoding"], "chunked");
});

test("what would take too long is not waited for", async (t) => {
  const { scriptorium } = await served(t, refusal(429, "queue_full", "3600"));
  await assert.rejects(scriptorium.submit(wav(1)), { code: "queue_full", retryAfterSeconds: 3600 });
});

test("a removal is sent once, unless it was refused", async (t) => {
  const cancelled = { job_id: JOB_ID, outcome: "cancelled", message: "The job is cancelled." };
  const { scriptorium } = await served(t, refusal(429, "rate_limited", "0"), json(200, cancelled), hangUp);
  assert.equal((await scriptorium.remove(JOB_ID)).outcome, "cancelled");
  await assert.rejects(scriptorium.remove(JOB_ID), { name: "ServiceUnreachable" });
});

test("a pause ends when its call is aborted", async (t) => {
  const { scriptorium } = await served(t, refusal(503, "store_unavailable", "15"));
  const reason = new Error("enough");
  const abort = new AbortController();
  setTimeout(() => {
    abort.abort(reason);
  }, 200);
  await assert.rejects(scriptorium.status(JOB_ID, { signal: abort.signal }), reason);
});

test("an answer that is no problem document has its status", async (t) => {
  const { scriptorium } = await served(t, (response) => response.writeHead(418).end("short and stout"));
  await assert.rejects(scriptorium.status(JOB_ID), { code: "http_418", status: 418, detail: "I'm a Teapot" });
});

test("readiness without workers is an answer", async (t) => {
  const readiness = { status: "no_workers", version: "1", redis: true, queue: [], workers: [] };
  const answer: Answer = (response) =>
    response.writeHead(503, { "Content-Type": "application/json" }).end(JSON.stringify(readiness));
  const { scriptorium } = await served(t, answer);
  const { error } = await scriptorium.api.GET("/health/ready");
  assert.deepEqual(error, readiness);
});

test("events are read however they are cut, and asked for behind the last one with an id", async (t) => {
  const status = (name: string): string => `data: {"job_id":"${JOB_ID}","status":"${name}","attempt":1}`;
  const { scriptorium, asked } = await served(
    t,
    events(`: hello\r\n\r\nevent: status\r\n${status("processing")}\r\nid: 1-0\r\n\r\nevent: queue\ndata: {"posi`, {
      thenHangUp: true,
    }),
    refusal(503, "store_unavailable", "0"),
    events('event: segment\ndata: {"id":1,"start":0,"end":1,\ndata: "text":"Grüße"}\nid: 2-0:1\n\n'),
    events('event: progress\rdata:{"audio_seconds_done":1}\rid\r\r'),
    events(`event: status\n${status("completed")}\nid: 2-0\n\nevent: status\ndata: never read\n\n`),
  );
  const told = await all(scriptorium.stream(JOB_ID));
  assert.deepEqual(
    told.map(({ event, id }) => [event, id]),
    [
      ["status", "1-0"],
      ["segment", "2-0:1"],
      ["progress", ""],
      ["status", "2-0"],
    ],
  );
  assert.equal(told[1]?.event === "segment" && told[1].data.text, "Grüße");
  assert.deepEqual(
    asked.map(({ headers }) => headers["last-event-id"]),
    [undefined, "1-0", "1-0", "2-0:1", ""],
  );
});

test("a stream of which everything was seen is empty", async (t) => {
  const { scriptorium } = await served(t, (response) => response.writeHead(204).end());
  assert.deepEqual(await all(scriptorium.stream(JOB_ID, { lastEventId: "9-0" })), []);
});
