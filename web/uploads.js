// Uploads, a few at a time. What the service can't take just now waits as long as it says; a connection that breaks is
// tried again under the same Idempotency-Key, so that no file becomes two jobs.

import { Problem, problemOf } from "./client.js";
import { pause } from "./dom.js";

const AT_ONCE = 2;
const MOST_BREAKS = 4;

/**
 * @typedef {object} Upload
 * @property {string} id
 * @property {File} file
 * @property {Record<string, string>} options
 * @property {"waiting" | "sending" | "failed"} state
 * @property {number} sent 0 to 1
 * @property {string} note why it waits or what failed
 * @property {AbortController} abort
 */

/** Tells `change` when an upload does, and `accepted` (with {upload, jobId}) when one has become a job. */
export class Uploads extends EventTarget {
  /** @type {Upload[]} */
  #all = [];
  #sending = 0;
  /** Nothing is sent before, in milliseconds since 1970. */
  #pausedUntil = 0;

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    super();
    this.client = client;
    client.addEventListener("key", () => this.#again());
  }

  get all() {
    return this.#all;
  }

  /**
   * Queue files.
   * @param {Iterable<File>} files
   * @param {Record<string, string>} options
   */
  add(files, options) {
    for (const file of files) {
      const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
      this.#all.push({
        id: id.join(""),
        file,
        options,
        state: "waiting",
        sent: 0,
        note: "",
        abort: new AbortController(),
      });
    }
    this.#next();
  }

  /**
   * Give an upload up, whatever state it is in.
   * @param {Upload} upload
   */
  drop(upload) {
    upload.abort.abort();
    this.#all = this.#all.filter((each) => each !== upload);
    this.#changed();
  }

  /**
   * Send a failed one again.
   * @param {Upload} upload
   */
  retry(upload) {
    Object.assign(upload, { state: "waiting", note: "", abort: new AbortController() });
    this.#next();
  }

  /** Send what failed for want of a key. */
  #again() {
    for (const upload of this.#all) if (upload.state === "failed" && upload.note === "needs a key") this.retry(upload);
  }

  #next() {
    for (const upload of this.#all) {
      if (this.#sending >= AT_ONCE) break;
      if (upload.state === "waiting" && !upload.abort.signal.aborted) {
        this.#sending += 1;
        upload.state = "sending";
        this.#deliver(upload).finally(() => {
          this.#sending -= 1;
          this.#next();
        });
      }
    }
    this.#changed();
  }

  /** @param {Upload} upload */
  async #deliver(upload) {
    for (let breaks = 0; ;) {
      await this.#until(this.#pausedUntil, upload);
      if (upload.abort.signal.aborted) return;
      try {
        const { job_id: jobId } = await this.#send(upload);
        this.#all = this.#all.filter((each) => each !== upload);
        this.dispatchEvent(new CustomEvent("accepted", { detail: { upload, jobId } }));
        return;
      } catch (error) {
        if (upload.abort.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(String(error));
        if (problem.status === 0) breaks += 1;
        if (!problem.isPassing || breaks > MOST_BREAKS) {
          upload.state = "failed";
          upload.note = problem.status === 401 ? "needs a key" : problem.message;
          this.#changed();
          return;
        }
        upload.note = problem.message;
        this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + 1000 * (problem.retryAfter ?? 2 ** breaks));
      }
    }
  }

  /**
   * Wait for a time, counting down.
   * @param {number} time
   * @param {Upload} upload
   */
  async #until(time, upload) {
    const why = upload.note;
    for (let left; (left = time - Date.now()) > 0 && !upload.abort.signal.aborted;) {
      upload.sent = 0;
      upload.note = `${why || "The service asks to wait."} Goes on in ${Math.ceil(left / 1000)} s.`;
      this.#changed();
      await pause(Math.min(1, left / 1000), upload.abort.signal);
    }
    upload.note = "";
  }

  /**
   * Post one file, once. By XMLHttpRequest, which alone tells how much of it is sent.
   * @param {Upload} upload
   * @returns {Promise<{job_id: string}>}
   */
  #send(upload) {
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.options)) form.append(name, value);
    form.append("file", upload.file);
    const request = new XMLHttpRequest();
    request.open("POST", "/transcribe");
    for (const [name, value] of Object.entries(this.client.credentials)) request.setRequestHeader(name, value);
    request.setRequestHeader("Idempotency-Key", upload.id);
    const aborted = () => request.abort();
    upload.abort.signal.addEventListener("abort", aborted, { once: true });
    return new Promise((resolve, reject) => {
      request.upload.addEventListener("progress", (event) => {
        upload.sent = event.total ? event.loaded / event.total : 0;
        this.#changed();
      });
      request.addEventListener("load", () => {
        if (request.status < 300) return resolve(JSON.parse(request.responseText));
        if (request.status === 401) this.client.dispatchEvent(new Event("unauthenticated"));
        reject(problemOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
      });
      for (const name of ["error", "abort", "timeout"]) {
        request.addEventListener(name, () => reject(new Problem("The connection broke while the file was sent.")));
      }
      request.send(form);
    });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
