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
  attach: (lastEventId: string | undefined) => Promise<ReadableStream<Uint8Array> | undefined>;
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
    try {
      const body = await attach(lastEventId);
      if (body === undefined) return;
      for await (const { event, data, id } of messages(alive(body, signal))) {
        patience.renew();
        lastEventId = id ?? lastEventId;
        const told = { event, data: JSON.parse(data) as unknown, id } as StreamEvent;
        yield told;
        signal?.throwIfAborted();
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

/** Yield what comes over a connection. Close it, and throw, when the signal says so or nothing has come for too long. */
async function* alive(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let ended: Error | undefined;
  const end = (reason: Error): void => {
    ended = reason;
    reader.cancel(reason).catch(() => undefined); // one that is broken can't be closed any more
  };
  const abort = (): void => {
    end(signal?.reason as Error);
  };
  signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      const timer = setTimeout(() => {
        end(new TypeError(`nothing has come for ${String(SILENCE_SECONDS)} s`));
      }, SILENCE_SECONDS * 1000);
      const { value, done } = await reader.read().finally(() => {
        clearTimeout(timer);
      });
      if (ended) throw ended;
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    end(new Error("enough was read"));
  }
}
