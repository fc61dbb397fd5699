// The jobs, as the page knows them: listed every few seconds, and followed live where somebody looks.

import { pause } from "./dom.js";
import { jobEvents } from "./events.js";
import { Problem } from "./client.js";

const PAGE = 30;
const BUSY_SECONDS = 2.5;
const IDLE_SECONDS = 15;
const UNTIL_A_KEY_SECONDS = 86400;
const FOLLOWED_AT_ONCE = 2; // of the six connections that HTTP/1.1 gives a page

/** @typedef {import("./client.js").Job} Job */
/** @typedef {import("./client.js").Segment} Segment */

/** @param {Job | undefined} job */
export function isUnderWay(job) {
  return job !== undefined && (job.status === "queued" || job.status === "processing");
}

/**
 * Tells `list` when the list changes, `job` (detail: Job) when one does, `segment` ({jobId, segment}) as each comes, and
 * `finished` (Job) when one is.
 */
export class Jobs extends EventTarget {
  /** @type {Map<string, Job>} */
  #jobs = new Map();
  /** @type {Map<string, Map<number, Segment>>} */
  #segments = new Map();
  /** @type {Map<string, AbortController>} */
  #followed = new Map();
  #selected = "";
  #filter = "";
  /** @type {string | null} */
  #cursor = null;
  #hasOlder = false;
  #wake = new AbortController();
  isLoaded = false;

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    super();
    this.client = client;
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Those of the list, newest first. */
  get all() {
    return [...this.#jobs.values()]
      .filter((job) => !this.#filter || job.status === this.#filter)
      .sort((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
  }

  get hasOlder() {
    return this.#hasOlder;
  }

  /** @param {string} jobId */
  get(jobId) {
    return this.#jobs.get(jobId);
  }

  /**
   * What has been heard of a job that runs, in the order of the audio.
   * @param {string} jobId
   */
  segments(jobId) {
    return [...(this.#segments.get(jobId)?.values() ?? [])].sort((one, other) => one.start - other.start);
  }

  /** Have the list renewed now. */
  look() {
    this.#wake.abort();
  }

  /**
   * Show jobs of one status only, or all.
   * @param {string} status
   */
  filter(status) {
    this.#filter = status;
    this.#jobs.clear();
    this.#cursor = null;
    this.isLoaded = false;
    this.#changed();
    this.look();
  }

  /**
   * Follow a job before all others; "" for none.
   * @param {string} jobId
   */
  select(jobId) {
    this.#selected = jobId;
    this.#follow();
  }

  /** Renew the list for as long as the page is open. */
  async run() {
    for (;;) {
      this.#wake = new AbortController();
      let seconds = IDLE_SECONDS;
      if (!document.hidden) {
        try {
          await this.#renew();
          if ([...this.#jobs.values()].some(isUnderWay)) seconds = BUSY_SECONDS;
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          seconds = error.status === 401 ? UNTIL_A_KEY_SECONDS : BUSY_SECONDS; // a dialog or the banner says why
        }
      }
      await pause(seconds, this.#wake.signal);
    }
  }

  /** Load the jobs before those that are there. */
  async older() {
    const page = await this.#page(this.#cursor);
    for (const job of page.jobs) this.#put(job);
    this.#changed();
  }

  /**
   * Ask for one job, as it stands.
   * @param {string} jobId
   * @returns {Promise<Job>}
   */
  async renewed(jobId) {
    const job = await this.client.json(`/status/${jobId}`);
    this.#put(job);
    this.#changed();
    return job;
  }

  /**
   * Cancel a job, or erase it when it is finished.
   * @param {string} jobId
   */
  async remove(jobId) {
    const { outcome } = await this.client.json(`/job/${jobId}`, { method: "DELETE" });
    if (outcome === "erased") this.forget(jobId);
    else await this.renewed(jobId);
    return outcome;
  }

  /** @param {string} jobId */
  forget(jobId) {
    this.#jobs.delete(jobId);
    this.#segments.delete(jobId);
    this.#changed();
  }

  async #renew() {
    const filter = this.#filter;
    const known = [...this.#jobs.values()];
    const page = await this.#page(null);
    if (filter !== this.#filter) return;
    const present = new Set(page.jobs.map((job) => job.job_id));
    const oldest = page.next_cursor ? Date.parse(page.jobs.at(-1)?.created_at ?? "") : 0;
    for (const job of known) {
      const isGone = Date.parse(job.created_at) >= oldest && !present.has(job.job_id);
      if (isGone && job.job_id !== this.#selected) this.#jobs.delete(job.job_id);
    }
    for (const job of page.jobs) this.#put(job);
    this.isLoaded = true;
    this.#changed();
  }

  /**
   * @param {string | null} cursor
   * @returns {Promise<{jobs: Job[], next_cursor: string | null}>}
   */
  async #page(cursor) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (this.#filter) query.set("status", this.#filter);
    if (cursor) query.set("cursor", cursor);
    const page = await this.client.json(`/jobs?${query}`);
    if (cursor === this.#cursor) {
      this.#cursor = page.next_cursor;
      this.#hasOlder = page.next_cursor !== null;
    }
    return page;
  }

  /** @param {Job} job */
  #put(job) {
    const former = this.#jobs.get(job.job_id);
    // The list knows no place in the queue; what a followed one was told of it stays.
    const place = former && job.status === "queued" ? { queue_position: former.queue_position, eta: former.eta } : {};
    const now = { ...job, ...(job.queue_position == null ? place : {}) };
    this.#jobs.set(job.job_id, now);
    this.dispatchEvent(new CustomEvent("job", { detail: now }));
    if (isUnderWay(former) && !isUnderWay(now)) this.dispatchEvent(new CustomEvent("finished", { detail: now }));
  }

  #changed() {
    this.dispatchEvent(new Event("list"));
    this.#follow();
  }

  /** Follow the selected job, and running ones as far as there are connections. */
  #follow() {
    const running = [...this.#jobs.values()].filter((job) => job.status === "processing").map((job) => job.job_id);
    const wanted = [...new Set([this.#selected, ...running])]
      .filter((jobId) => isUnderWay(this.#jobs.get(jobId)))
      .slice(0, FOLLOWED_AT_ONCE);
    for (const [jobId, abort] of this.#followed) {
      if (!wanted.includes(jobId)) {
        abort.abort();
        this.#followed.delete(jobId);
      }
    }
    for (const jobId of wanted) if (!this.#followed.has(jobId)) this.#hear(jobId);
  }

  /** @param {string} jobId */
  async #hear(jobId) {
    const abort = new AbortController();
    this.#followed.set(jobId, abort);
    try {
      for await (const { name, data } of jobEvents(this.client, jobId, abort.signal)) this.#heard(jobId, name, data);
      if (!abort.signal.aborted) await this.renewed(jobId);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "job_not_found") this.forget(jobId);
    } finally {
      if (this.#followed.get(jobId) === abort) this.#followed.delete(jobId);
    }
  }

  /**
   * @param {string} jobId
   * @param {string} name
   * @param {any} data
   */
  #heard(jobId, name, data) {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    if (name === "segment") {
      const segments = this.#segments.get(jobId) ?? new Map();
      this.#segments.set(jobId, segments.set(data.id, data));
      this.dispatchEvent(new CustomEvent("segment", { detail: { jobId, segment: data } }));
    } else if (name === "progress") {
      job.progress = { ...job.progress, ...data };
    } else if (name === "queue") {
      Object.assign(job, { queue_position: data.position, eta: data.eta ?? null });
    } else if (name === "status" && (data.status === "queued" || data.status === "processing")) {
      job.status = data.status;
    }
    this.dispatchEvent(new CustomEvent("job", { detail: job }));
    this.dispatchEvent(new Event("list"));
  }
}
