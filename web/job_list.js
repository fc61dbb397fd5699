// The list of uploads and jobs.

import { byId, h, icon, iconButton } from "./dom.js";
import { isUnderWay } from "./jobs.js";
import { ago, clock, languageName, nameOf, size, span, STATUS_WORDS } from "./wording.js";

/** @typedef {import("./client.js").Job} Job */

const STATUS_ICONS = {
  queued: "clock",
  processing: "clock",
  completed: "check",
  failed: "warning",
  cancelled: "close",
};

/** Cards of jobs, each kept while its job is there, so that focus stays where it is. */
export class JobList {
  /** @type {Map<string, {card: HTMLElement, show: (job: Job) => void}>} */
  #cards = new Map();
  #selected = "";

  /**
   * @param {import("./jobs.js").Jobs} jobs
   * @param {(job: Job) => void} remove
   */
  constructor(jobs, remove) {
    this.jobs = jobs;
    this.remove = remove;
    this.list = byId("jobs");
    jobs.addEventListener("list", () => this.#show());
  }

  /** @param {string} jobId */
  select(jobId) {
    this.#selected = jobId;
    this.#show();
  }

  #show() {
    const jobs = this.jobs.all;
    const ids = new Set(jobs.map((job) => job.job_id));
    for (const [jobId, { card }] of this.#cards) {
      if (!ids.has(jobId)) {
        card.remove();
        this.#cards.delete(jobId);
      }
    }
    jobs.forEach((job, place) => {
      const entry = this.#cards.get(job.job_id) ?? this.#made(job);
      entry.show(job);
      entry.card.classList.toggle("selected", job.job_id === this.#selected);
      if (this.list.children[place] !== entry.card)
        this.list.insertBefore(entry.card, this.list.children[place] ?? null);
    });
    const none = byId("no-jobs");
    none.hidden = jobs.length > 0;
    none.textContent = this.jobs.isLoaded ? "Nothing here yet. Drop a file above, or record something." : "Loading…";
    byId("older").hidden = !this.jobs.hasOlder;
  }

  /** @param {Job} job */
  #made(job) {
    const link = h("a", { class: "name", href: `#/job/${job.job_id}` });
    const status = h("span", { class: "chip" });
    const facts = h("span", { class: "facts" });
    const bar = h("progress", { max: 100, "aria-label": "Transcribed" });
    const preview = h("p", { class: "preview" });
    const remove = iconButton("trash", "", () => this.remove(this.jobs.get(job.job_id) ?? job), {
      class: "quiet remove",
    });
    const card = h("li", { class: "card" }, link, remove, h("p", { class: "meta" }, status, facts), bar, preview);
    const entry = {
      card,
      show: (/** @type {Job} */ now) => this.#fill(now, { link, status, facts, bar, preview, remove, card }),
    };
    this.#cards.set(job.job_id, entry);
    return entry;
  }

  /**
   * @param {Job} job
   * @param {{link: HTMLElement, status: HTMLElement, facts: HTMLElement, bar: HTMLProgressElement, preview: HTMLElement, remove: HTMLElement, card: HTMLElement}} parts
   */
  #fill(job, { link, status, facts, bar, preview, remove, card }) {
    card.dataset.status = job.status;
    put(link, nameOf(job));
    if (job.job_id === this.#selected) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const words = statusWords(job);
    if (status.dataset.words !== words) {
      status.dataset.words = words;
      status.replaceChildren(icon(STATUS_ICONS[job.status]), words);
    }
    put(facts, factsOf(job).join(" · "));
    bar.hidden = !isUnderWay(job);
    if (job.progress.percent === null || job.status === "queued") bar.removeAttribute("value");
    else bar.value = job.progress.percent;
    const heard = job.status === "processing" ? this.jobs.segments(job.job_id).at(-1)?.text : "";
    const said = job.failure ? job.failure.detail : (heard ?? "");
    put(preview, said);
    preview.hidden = !said;
    const label = `${isUnderWay(job) ? "Cancel" : "Delete"} ${nameOf(job)}`;
    if (remove.title !== label) {
      remove.title = label;
      remove.setAttribute("aria-label", label);
      remove.replaceChildren(icon(isUnderWay(job) ? "stop" : "trash"));
    }
  }
}

/** @param {Job} job */
export function statusWords(job) {
  if (job.cancel_requested && isUnderWay(job)) return "Stopping…";
  if (job.status === "processing" && job.progress.percent !== null) return `${Math.round(job.progress.percent)} %`;
  return STATUS_WORDS[job.status];
}

/**
 * What is known of a job, in a few words each.
 * @param {Job} job
 */
export function factsOf(job) {
  const length = job.progress.audio_seconds_total;
  const facts = [];
  if (job.status === "queued" && job.queue_position) facts.push(`place ${job.queue_position}`);
  if (isUnderWay(job) && job.eta) facts.push(`about ${span(job.eta.seconds)} left`);
  if (length) facts.push(clock(length));
  if (job.language) facts.push(languageName(job.language));
  facts.push(ago(job.created_at));
  return facts;
}

/**
 * Show uploads as cards above the jobs.
 * @param {import("./uploads.js").Uploads} uploads
 */
export function uploadList(uploads) {
  const list = byId("uploads");
  /** @type {Map<string, {card: HTMLElement, bar: HTMLProgressElement, note: HTMLElement, retry: HTMLElement}>} */
  const cards = new Map();

  /** @param {import("./uploads.js").Upload} upload */
  const made = (upload) => {
    const bar = h("progress", { max: 1, "aria-label": `Upload of ${upload.file.name}` });
    const note = h("span", { class: "facts" });
    const retry = h("button", { type: "button", class: "small", onclick: () => uploads.retry(upload) }, "Try again");
    const drop = iconButton("close", `Don’t upload ${upload.file.name}`, () => uploads.drop(upload), {
      class: "quiet remove",
    });
    const name = h("span", { class: "name" }, upload.file.name);
    const card = h("li", { class: "card upload" }, name, drop, h("p", { class: "meta" }, note, retry), bar);
    list.append(card);
    cards.set(upload.id, { card, bar, note, retry });
    return cards.get(upload.id);
  };

  uploads.addEventListener("change", () => {
    const ids = new Set(uploads.all.map((upload) => upload.id));
    for (const [id, { card }] of cards) {
      if (!ids.has(id)) {
        card.remove();
        cards.delete(id);
      }
    }
    for (const upload of uploads.all) {
      const parts = cards.get(upload.id) ?? made(upload);
      if (!parts) continue;
      const isSending = upload.state === "sending" && !upload.note;
      parts.card.dataset.status = upload.state;
      parts.bar.hidden = !isSending;
      parts.bar.value = upload.sent;
      parts.retry.hidden = upload.state !== "failed";
      put(parts.note, upload.note || (isSending ? sentWords(upload) : `Waits to be sent · ${size(upload.file.size)}`));
    }
  });
}

/** @param {import("./uploads.js").Upload} upload */
function sentWords(upload) {
  if (upload.sent >= 1) return "Being checked and stored…";
  return `${Math.floor(upload.sent * 100)} % of ${size(upload.file.size)} sent`;
}

/**
 * Set a text, if it is another one.
 * @param {HTMLElement} element
 * @param {string} text
 */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
