/** Sends requests until they are answered, as long as sending them again can do no harm. */

import { ProblemError, ServiceUnreachable } from "./errors.js";
import { Patience } from "./patience.js";

/** Nothing was done. */
const REFUSED_FOR_NOW: readonly number[] = [429, 503];
/** Something may have been done: what stands between has no answer. */
const LOST_ON_THE_WAY: readonly number[] = [502, 504];

/** One request that may be sent several times. */
export interface Persistent {
  /** Send it and return its answer; a TypeError, as `fetch` throws it, means that there was none. */
  send: () => Promise<Response>;
  /** Whether a request that may have been carried out may be sent again. */
  isRepeatable: boolean;
  patienceSeconds: number;
  signal: AbortSignal | undefined;
}

/** Send a request, again while it is refused for now or gets no answer, and return what is answered in the end. */
export async function persistently({ send, isRepeatable, patienceSeconds, signal }: Persistent): Promise<Response> {
  const patience = new Patience(patienceSeconds);
  for (;;) {
    const outcome = await sent(send, signal);
    if (outcome instanceof ServiceUnreachable) {
      if (!isRepeatable) throw outcome;
      await patience.pauseAfter(outcome, signal);
    } else if (asksForAnotherTry(outcome, isRepeatable)) {
      const problem = ProblemError.of(outcome, await outcome.text());
      await patience.pauseAfter(problem, signal);
    } else {
      return outcome;
    }
  }
}

async function sent(
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response | ServiceUnreachable> {
  try {
    return await send();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TypeError) return new ServiceUnreachable("the service did not answer", { cause: error });
    throw error;
  }
}

function asksForAnotherTry(response: Response, isRepeatable: boolean): boolean {
  // An answer of its own is one, whatever its status: readiness is 503 without workers.
  if (response.headers.get("Content-Type")?.startsWith("application/json")) return false;
  return REFUSED_FOR_NOW.includes(response.status) || (isRepeatable && LOST_ON_THE_WAY.includes(response.status));
}
