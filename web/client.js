// The service's HTTP API: who asks, what becomes of errors, and waiting where the service asks for it.

import { pause } from "./dom.js";

/** @typedef {"queued" | "processing" | "completed" | "failed" | "cancelled"} Status */
/** @typedef {{word: string, start: number, end: number, probability: number}} Word */
/**
 * @typedef {object} Segment
 * @property {number} id
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {Word[]} [words]
 * @property {number} [speaker]
 * @property {number} [channel]
 */
/** @typedef {{audio_seconds_done: number, audio_seconds_total: number | null, percent: number | null}} Progress */
/**
 * @typedef {object} Job
 * @property {string} job_id
 * @property {Status} status
 * @property {string} model
 * @property {string | null} file_name
 * @property {Record<string, any>} options
 * @property {Progress} progress
 * @property {number | null} queue_position
 * @property {{seconds: number} | null} eta
 * @property {string | null} language
 * @property {boolean} cancel_requested
 * @property {{code: string, detail: string} | null} failure
 * @property {string} created_at
 * @property {string | null} finished_at
 * @property {string | null} expires_at
 */
/** @typedef {{segment_id: number, heard: string, text: string}} CorrectedSegment */
/**
 * @typedef {object} Hit
 * @property {string} job_id
 * @property {string | null} file_name
 * @property {string} created_at
 * @property {number} segment_id
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {[number, number][]} marks
 */

const KEY = "scriptorium.key";
const MOST_WAITS = 6;
const LONGEST_WAIT_SECONDS = 8;

/** What the service, or the way to it, has against a request. `status` is 0 where nobody answered. */
export class Problem extends Error {
  /**
   * @param {string} detail
   * @param {{status?: number, code?: string, retryAfter?: number | null}} [facts] retryAfter in seconds
   */
  constructor(detail, { status = 0, code = "unreachable", retryAfter = null } = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/**
 * Read a problem document, or whatever came in its place.
 * @param {number} status
 * @param {string} body
 * @param {string | null} retryAfter
 */
export function problemOf(status, body, retryAfter) {
  const waits = retryAfter === null ? null : Number(retryAfter) || null;
  try {
    const { code, title, detail, errors } = JSON.parse(body);
    const said = errors
      ? errors.map((/** @type {any} */ each) => `${each.option}: ${each.message}`).join("; ")
      : (detail ?? title);
    return new Problem(said, { status, code, retryAfter: waits });
  } catch {
    return new Problem(`The service answered ${status}.`, { status, code: "unknown", retryAfter: waits });
  }
}

/** Asks the service. Tells `unauthenticated` when a key is needed, `waiting` (with a Problem) and `answered`. */
export class Client extends EventTarget {
  /** The key or token of who uses the page, kept for this tab. */
  get key() {
    return sessionStorage.getItem(KEY) ?? "";
  }

  set key(value) {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  }

  /** @returns {Record<string, string>} */
  get credentials() {
    return this.key ? { Authorization: `Bearer ${this.key}` } : {};
  }

  /**
   * Ask, and return the answer if it is a good one. What only reads waits and asks again when the service is busy.
   * @param {string} path
   * @param {RequestInit} [request]
   * @throws {Problem}
   */
  async ask(path, request = {}) {
    for (let waits = 0; ; waits += 1) {
      try {
        return await this.#once(path, request);
      } catch (error) {
        if (!(error instanceof Problem) || !error.isPassing) throw error;
        this.dispatchEvent(new CustomEvent("waiting", { detail: error }));
        if ((request.method ?? "GET") !== "GET" || waits === MOST_WAITS) throw error;
        await pause(error.retryAfter ?? Math.min(2 ** waits, LONGEST_WAIT_SECONDS), request.signal ?? undefined);
      }
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   */
  async #once(path, request) {
    let answer;
    try {
      answer = await fetch(path, { ...request, headers: { ...this.credentials, ...request.headers } });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw new Problem("The service does not answer.");
    }
    if (!answer.ok) {
      const problem = problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
      if (problem.status === 401) this.dispatchEvent(new Event("unauthenticated"));
      throw problem;
    }
    this.dispatchEvent(new Event("answered"));
    return answer;
  }

  /**
   * Ask for a JSON document, or send one.
   * @param {string} path
   * @param {RequestInit & {json?: unknown}} [request]
   * @returns {Promise<any>}
   */
  async json(path, { json, ...request } = {}) {
    if (json !== undefined) {
      request = { method: "POST", body: JSON.stringify(json), headers: { "Content-Type": "application/json" } };
    }
    return (await this.ask(path, request)).json();
  }
}
