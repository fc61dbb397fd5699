/** How long a call goes on trying while the service is away, or asks to come back later. */

import type { ScriptoriumError } from "./errors.js";
import { ProblemError } from "./errors.js";

const FIRST_PAUSE_SECONDS = 0.5;
const LONGEST_PAUSE_SECONDS = 30;

/** Pauses between tries: as long as the service asks for, else longer each time and by chance, so that clients spread. */
export class Patience {
  readonly #seconds: number;
  #waited = 0;
  #tries = 0;

  /** Take how many seconds may be waited in all, until `renew`. */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Start anew, since the service has answered. */
  renew(): void {
    this.#waited = 0;
    this.#tries = 0;
  }

  /** Pause before another try; throw the error that makes it necessary if that would take too long in all. */
  async pauseAfter(error: ScriptoriumError, signal: AbortSignal | undefined): Promise<void> {
    const seconds = (error instanceof ProblemError ? error.retryAfterSeconds : undefined) ?? this.#backOff();
    this.#tries += 1;
    this.#waited += seconds;
    if (this.#waited > this.#seconds) throw error;
    await pause(seconds, signal);
  }

  #backOff(): number {
    const longest = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** this.#tries);
    return longest * (0.5 + Math.random() / 2);
  }
}

/** Wait for some seconds, or throw a signal's reason as soon as it is aborted. */
export async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
