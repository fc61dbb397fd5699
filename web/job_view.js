// One job, opened: its facts, its audio, its transcript as it comes and when it is there.

import { h, icon, iconButton } from "./dom.js";
import { factsOf, statusWords } from "./job_list.js";
import { isUnderWay } from "./jobs.js";
import { announce, tell, tellProblem } from "./notices.js";
import { Player } from "./player.js";
import { Problem } from "./client.js";
import { Transcript } from "./transcript.js";
import { nameOf } from "./wording.js";

/** @typedef {import("./client.js").Job} Job */

/** @type {[string, string, string][]} format, extension, what it is for */
const FORMATS = [
  ["text", "txt", "Text"],
  ["srt", "srt", "Subtitles, SubRip"],
  ["vtt", "vtt", "Subtitles, WebVTT"],
  ["tsv", "tsv", "Table, tab-separated"],
  ["json", "json", "JSON"],
  ["verbose_json", "verbose.json", "JSON with all figures"],
];

/** Where to go once the transcript is there. @typedef {{segment?: number, at?: number}} Place */

export class JobView {
  #title = h("h1", { tabindex: -1 });
  #facts = h("p", { class: "facts" });
  #bar = h("progress", { max: 100, "aria-label": "Transcribed" });
  #tools = h("div", { class: "row tools" });
  #state = h("div", { class: "state", role: "status" });
  #transcript = new Transcript();
  #closed = new AbortController();
  /** The status that is shown; the tools are made anew when it changes. */
  #shown = "";
  /** @type {Place} */
  #place = {};

  /**
   * @param {{client: import("./client.js").Client, jobs: import("./jobs.js").Jobs, remove: (job: Job) => void}} services
   * @param {string} jobId
   */
  constructor({ client, jobs, remove }, jobId) {
    this.client = client;
    this.jobs = jobs;
    this.remove = remove;
    this.jobId = jobId;
    this.player = new Player(client, jobId);
    this.element = h(
      "article",
      { class: "job" },
      h(
        "header",
        {},
        h("a", { class: "button quiet narrow-only", href: "#/", "aria-label": "Back to the list" }, icon("back")),
        h("div", { class: "grow" }, this.#title, this.#facts),
        this.#tools,
      ),
      this.#bar,
      this.player.element,
      this.#state,
      this.#transcript.element,
    );
    const { signal } = this.#closed;
    jobs.addEventListener("job", (event) => this.#changed(/** @type {CustomEvent<Job>} */ (event).detail), { signal });
    jobs.addEventListener("segment", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail), { signal });
    this.player.addEventListener("time", () => this.#transcript.showTime(this.player.time, this.player.isPlaying));
    this.#transcript.addEventListener("seek", (event) =>
      this.player.seek(/** @type {CustomEvent<number>} */ (event).detail),
    );
    this.#transcript.addEventListener("correct", (event) => this.#correct(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {Place} place */
  async open(place) {
    this.#place = place;
    try {
      const job = await this.jobs.renewed(this.jobId);
      if (this.#closed.signal.aborted) return;
      this.jobs.select(this.jobId);
      this.player.open(job.progress.audio_seconds_total);
      for (const segment of this.jobs.segments(this.jobId)) this.#transcript.add(segment);
      this.#changed(job);
      this.#title.focus({ preventScroll: true });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.#closed.signal.aborted || error.status === 401) return;
      const isGone = error.code === "job_not_found";
      this.player.element.hidden = this.#bar.hidden = true;
      this.#title.textContent = isGone ? "There is no such transcript" : "This can’t be shown just now";
      this.#say(isGone ? "It was deleted, or its time was over." : error.message, "warning");
    }
  }

  /** @param {Place} place */
  go(place) {
    if (place.segment) this.#transcript.landOn(place.segment);
    else if (place.at !== undefined) this.player.seek(place.at);
  }

  /** @param {number} step */
  passage(step) {
    this.#transcript.go(this.player.time, step);
  }

  edit() {
    this.#transcript.edit();
  }

  close() {
    this.#closed.abort();
    this.player.close();
    this.jobs.select("");
  }

  /** @param {Job} job */
  #changed(job) {
    if (job.job_id !== this.jobId || this.#closed.signal.aborted) return;
    document.title = `${nameOf(job)} · Scriptorium`;
    this.#title.textContent = nameOf(job);
    this.#facts.textContent = [statusWords(job), ...factsOf(job)].join(" · ");
    this.#bar.hidden = !isUnderWay(job);
    if (job.status === "processing" && job.progress.percent !== null) this.#bar.value = job.progress.percent;
    else this.#bar.removeAttribute("value");
    const shown = `${job.status} ${job.cancel_requested}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#showTools(job);
    this.#showState(job);
  }

  /** @param {Job} job */
  #showTools(job) {
    const isDone = job.status === "completed";
    this.#tools.replaceChildren(
      ...(isDone ? [this.#downloads(job), iconButton("copy", "Copy the text", () => this.#copy())] : []),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": isUnderWay(job) ? "Cancel" : "Delete",
          disabled: job.cancel_requested && isUnderWay(job),
          onclick: () => this.remove(job),
        },
        icon(isUnderWay(job) ? "stop" : "trash"),
        h("span", { class: isDone ? "wide-only" : "" }, isUnderWay(job) ? "Cancel" : "Delete"),
      ),
    );
  }

  /** @param {Job} job */
  #showState(job) {
    this.#state.replaceChildren();
    switch (job.status) {
      case "queued":
        return this.#say("It waits for its turn. The text appears here as it is transcribed.", "clock");
      case "processing":
        return this.#transcript.isEmpty && this.#say("Listening… The text appears here as it is transcribed.", "clock");
      case "completed":
        return this.#load();
      case "cancelled":
        return this.#say("This was cancelled; there is no transcript.", "close");
      case "failed":
        this.#say(job.failure?.detail ?? "It failed.", "warning");
        this.#state.append(
          h("p", { class: "muted" }, `Reason: ${job.failure?.code ?? "unknown"}`),
          h("button", { type: "button", onclick: () => this.#again() }, icon("again"), "Try again"),
        );
    }
  }

  /**
   * @param {string} text
   * @param {string} sign
   */
  #say(text, sign) {
    this.#state.replaceChildren(h("p", { class: "says" }, icon(sign), text));
  }

  /** Show the transcript, which is whole now. */
  async #load() {
    try {
      const [transcript, { segments }] = await Promise.all([
        this.client.json(`/result/${this.jobId}`),
        this.client.json(`/result/${this.jobId}/corrections`),
      ]);
      if (this.#closed.signal.aborted) return;
      this.#transcript.canCorrect = true;
      this.element.classList.add("done");
      this.#transcript.show(
        transcript.segments,
        new Map(
          segments.map((/** @type {import("./client.js").CorrectedSegment} */ each) => [each.segment_id, each.text]),
        ),
      );
      this.#state.replaceChildren();
      if (this.#transcript.isEmpty) this.#say("Nothing was said in it.", "check");
      await this.player.draw(transcript.segments, transcript.duration_seconds);
      this.go(this.#place);
      this.#place = {};
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!this.#closed.signal.aborted) this.#say(error.message, "warning");
    }
  }

  /** @param {{jobId: string, segment: import("./client.js").Segment}} heard */
  #heard({ jobId, segment }) {
    if (jobId !== this.jobId || this.#transcript.canCorrect) return;
    this.#state.replaceChildren();
    this.#transcript.add(segment);
  }

  /** @param {{segment: import("./client.js").Segment, text: string, done: (isKept: boolean) => void}} correction */
  async #correct({ segment, text, done }) {
    try {
      await this.client.json(`/result/${this.jobId}/corrections`, {
        json: { segments: [{ segment_id: segment.id, text }] },
      });
      done(true);
      announce("The correction is kept.");
    } catch (error) {
      done(false);
      tellProblem(error);
    }
  }

  async #again() {
    try {
      await this.client.ask(`/dead-letters/${this.jobId}/requeue`, { method: "POST" });
      await this.jobs.renewed(this.jobId);
    } catch (error) {
      tellProblem(error);
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#transcript.text);
      tell("The text is in the clipboard.");
    } catch {
      tell("The browser did not allow it; download the text instead.", "error");
    }
  }

  /** @param {Job} job */
  #downloads(job) {
    const menu = h(
      "details",
      { class: "menu" },
      h("summary", { class: "button", "aria-label": "Download" }, icon("download"), h("span", {}, "Download")),
      h(
        "ul",
        {},
        ...FORMATS.map(([format, extension, label]) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "quiet",
                "data-format": format,
                onclick: () => {
                  menu.open = false;
                  this.#download(job, format, extension);
                },
              },
              label,
              h("span", { class: "muted" }, `.${extension}`),
            ),
          ),
        ),
      ),
    );
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(/** @type {Node | null} */ (event.relatedTarget))) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector("summary")?.focus();
    });
    return menu;
  }

  /**
   * @param {Job} job
   * @param {string} format
   * @param {string} extension
   */
  async #download(job, format, extension) {
    try {
      const answer = await this.client.ask(`/result/${this.jobId}?format=${format}&corrected=true`);
      const address = URL.createObjectURL(await answer.blob());
      h("a", { href: address, download: `${nameOf(job).replace(/\.[^.]{1,5}$/, "")}.${extension}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      tellProblem(error);
    }
  }
}
