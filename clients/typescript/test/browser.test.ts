/** The client in a browser: Chromium loads it as it is built, uses it, and tells what came of it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { API_KEY, required, SERVICE_URL } from "./service.js";

const PACKAGE = new URL("../", import.meta.url);

/** What the page tells when it is done. */
interface Outcome {
  error?: string;
  sent: number[];
  total: number;
  size: number;
  segments: number[];
  fileName: string;
  ofStream: number;
  code: string;
  aborted: string;
}

const PAGE = `<!doctype html>
<script type="importmap">
  { "imports": { "openapi-fetch": "/node_modules/openapi-fetch/dist/index.mjs" } }
</script>
<script type="module">
  import { Scriptorium } from "/dist/index.js";
  import { wav } from "/build/audio.js";

  const tell = (outcome) => fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
  const scriptorium = new Scriptorium(${JSON.stringify({ baseUrl: SERVICE_URL, apiKey: API_KEY })});
  try {
    const told = [];
    const file = new File([wav(60, 20)], "recorded.wav");
    const { job_id: jobId } = await scriptorium.submit(file, {}, { onProgress: (at) => told.push(at) });
    const segments = [];
    for await (const { event, data } of scriptorium.stream(jobId)) if (event === "segment") segments.push(data.id);
    const { file_name: fileName } = await scriptorium.wait(jobId);
    const streamed = await scriptorium.transcribe(new Blob([wav(5, 21)]).stream());
    const code = await scriptorium.submit(wav(1), { language: "klingon" }).catch((error) => error.code);
    const abort = new AbortController();
    const aborting = { signal: abort.signal, onProgress: () => abort.abort(new Error("enough")) };
    const aborted = await scriptorium.submit(wav(200, 22), {}, aborting).catch((error) => error.message);
    await tell({
      sent: told.map(({ sentBytes }) => sentBytes),
      total: told.at(-1).totalBytes,
      size: file.size,
      segments,
      fileName,
      ofStream: streamed.duration_seconds,
      code,
      aborted,
    });
  } catch (error) {
    await tell({ error: String(error.stack) });
  }
</script>`;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/") {
    response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    return;
  }
  try {
    const content = await readFile(new URL(`.${String(request.url)}`, PACKAGE));
    response.writeHead(200, { "Content-Type": "text/javascript" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

/** Open the page in Chromium and return what it tells. */
async function outcomeOf(t: TestContext, port: number): Promise<Outcome> {
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  return await new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      if (request.url === "/outcome") {
        resolve(json(request) as Promise<Outcome>);
        response.end();
      } else void serve(request, response);
    });
    server.listen(port, "127.0.0.1", () => {
      const page = `http://127.0.0.1:${String(port)}/`;
      const options = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
      const chromium = spawn(required("CHROMIUM"), [...options, "--remote-debugging-port=0", page], {
        stdio: "ignore",
      });
      chromium.on("error", reject);
      chromium.on("exit", (status) => {
        reject(new Error(`Chromium has ended: ${String(status)}`));
      });
      t.after(() => chromium.kill());
    });
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
  });
}

test("a browser uploads with progress, follows, waits and aborts", { timeout: 60_000 }, async (t) => {
  const outcome = await outcomeOf(t, Number(required("SCRIPTORIUM_PAGE_PORT")));
  assert.equal(outcome.error, undefined);
  assert.equal(outcome.sent.at(-1), outcome.total);
  assert.ok(outcome.total > outcome.size);
  assert.deepEqual(
    outcome.segments,
    Array.from({ length: 12 }, (_, index) => index + 1),
  );
  assert.equal(outcome.fileName, "recorded.wav");
  assert.equal(outcome.ofStream, 5);
  assert.equal(outcome.code, "invalid_options");
  assert.equal(outcome.aborted, "enough");
});
