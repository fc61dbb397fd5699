// Follows a job: server-sent events by fetch, since an EventSource can't bring a key. Whoever is cut off, be it that a
// gateway is restarted, goes on behind the last event he has seen.

import { pause } from "./dom.js";
import { Problem } from "./client.js";

const LONGEST_PAUSE_SECONDS = 10;
const FINISHED = ["completed", "failed", "cancelled"];

/** @typedef {{name: string, data: any}} JobEvent */

/**
 * Yield a job's events until it is finished, or until somebody has enough of it.
 * @param {import("./client.js").Client} client
 * @param {string} jobId
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<JobEvent>}
 * @throws {Problem} there is no such job
 */
export async function* jobEvents(client, jobId, signal) {
  let last = "";
  for (let wait = 0.5; !signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_SECONDS)) {
    try {
      /** @type {Record<string, string>} */
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await client.ask(`/events/${jobId}`, { headers, signal });
      if (answer.status === 204 || !answer.body) return;
      for await (const { id, ...event } of parsed(answer.body)) {
        wait = 0.5;
        last = id || last;
        yield event;
        if (event.name === "status" && FINISHED.includes(event.data.status)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && !error.isPassing) throw error;
    }
    await pause(wait, signal);
  }
}

/**
 * Read what comes over the wire.
 * @param {ReadableStream<any>} body
 */
async function* parsed(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
        );
        if (fields.data) yield { id: fields.id ?? "", name: fields.event ?? "message", data: JSON.parse(fields.data) };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
