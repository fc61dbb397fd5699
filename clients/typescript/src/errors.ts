/**
 * What goes wrong, as this client throws it.
 *
 *     ScriptoriumError
 *     ├── ServiceUnreachable   no answer came
 *     └── ProblemError         the service answered with an error; `code` names it
 *
 * A call whose `signal` is aborted throws the signal's own reason instead.
 */

import type { InvalidOption, Problem, ProblemCode } from "./schema.js";

/** The root of every error of this client. */
export class ScriptoriumError extends Error {
  override name = "ScriptoriumError";
}

/** No answer came, or it broke off: `cause` has what the platform says of it. */
export class ServiceUnreachable extends ScriptoriumError {
  override name = "ServiceUnreachable";
}

/** An error that the service answered, be it of the request or, for a result, of the job. */
export class ProblemError extends ScriptoriumError {
  override name = "ProblemError";
  /** The HTTP status. */
  readonly status: number;
  /** Stable, machine-readable. What is no problem document of the gateway has `http_` and its status. */
  readonly code: ProblemCode | (string & {});
  /** The same for every occurrence of the code. */
  readonly title: string;
  /** What happened this time, and what to do about it. */
  readonly detail: string;
  /** The job concerned, where there is one. */
  readonly jobId: string | undefined;
  /** Every option that isn't valid. */
  readonly options: readonly InvalidOption[];
  /** When to come back, in seconds from the answer; undefined where the service doesn't say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(`${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.jobId = problem.job_id ?? undefined;
    this.options = problem.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Return the error that an answer tells of; `body` is what was read of it already, as text or as JSON. */
  static of(response: Response, body: unknown): ProblemError {
    return new ProblemError(problemIn(body) ?? unnamed(response), retryAfter(response));
  }
}

function problemIn(body: unknown): Problem | undefined {
  const found = typeof body === "string" ? parsed(body) : body;
  const isProblem = typeof found === "object" && found !== null && "code" in found && "detail" in found;
  return isProblem ? (found as Problem) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unnamed(response: Response): Problem {
  const title = response.statusText || "No problem document";
  return { code: `http_${String(response.status)}`, status: response.status, title, detail: title };
}

/** Return what `Retry-After` says, in seconds; it is a number of them, or a date. */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("Retry-After");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
