/** Follows a job by its events, each once, whatever breaks in between. */

import { ServiceUnreachable } from "./errors.js";
import { Patience } from "./patience.js";
import type { JobEvent, JobStatus, PlainSegment, Progress, QueueEvent } from "./schema.js";
import { messages } from "./sse.js";

/** What happens to a job. An event with an `id` is lasting: behind it one can go on. */
export type StreamEvent = { id: string | undefined } & (
  | { event: "status"; data: JobEvent }
  | { event: "queue"; data: QueueEvent }
  | { event: "segment"; data: PlainSegment }
  | { event: "progress"; data: Progress }
);

/** How to reach a job's events. */
export interface Followed {
  /** Ask for the events behind the last one that was seen, if there was one; undefined: it was the last of all. */
  attach: (lastEventId: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | undefined>;
  lastEventId: string | undefined;
  patienceSeconds: number;
  signal: AbortSignal | undefined;
}

/** Three comments that keep the connection alive have not come: it is dead, and nobody said so. */
const SILENCE_SECONDS = 50;

/** Return whether nothing more happens to a job with a status. */
export function isFinished(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Yield a job's events until it is finished, attaching again behind the last one after every cut. */
export async function* follow({ attach, lastEventId, patienceSeconds, signal }: Followed): AsyncGenerator<StreamEvent> {
  const patience = new Patience(patienceSeconds);
  for (;;) {
    let cut = new ServiceUnreachable("the events broke off");
    const silence = new Silence();
    try {
      const body = await attach(lastEventId, signal ? AbortSignal.any([signal, silence.signal]) : silence.signal);
      if (body === undefined) return;
      for await (const { event, data, id } of messages(silence.watched(body))) {
        patience.renew();
        lastEventId = id ?? lastEventId;
        const told = { event, data: JSON.parse(data) as unknown, id } as StreamEvent;
        yield told;
        if (told.event === "status" && isFinished(told.data.status)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TypeError)) throw error;
      cut = new ServiceUnreachable(cut.message, { cause: error });
    }
    await patience.pauseAfter(cut, signal);
  }
}

/** Aborts a connection over which nothing has come for too long. */
class Silence {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async *watched(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
      for (;;) {
        const timer = setTimeout(() => {
          this.#controller.abort(new TypeError(`nothing has come for ${String(SILENCE_SECONDS)} s`));
        }, SILENCE_SECONDS * 1000);
        const { value, done } = await reader.read().finally(() => {
          clearTimeout(timer);
        });
        if (done) return;
        yield value;
      }
    } finally {
      // Whoever has read enough has the connection closed; one that is broken can't be closed any more.
      await reader.cancel().catch(() => undefined);
    }
  }
}
