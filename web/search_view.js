// What a search in all transcripts finds, by transcript.

import { h, icon } from "./dom.js";
import { Problem } from "./client.js";
import { ago, clock, nameOf } from "./wording.js";

/** @typedef {import("./client.js").Hit} Hit */

export class SearchView {
  #closed = new AbortController();
  #title = h("h1", { tabindex: -1 });
  #count = h("p", { class: "facts", role: "status" });
  #found = h("div", { class: "found-jobs" });
  #more = h("button", { type: "button", hidden: true, onclick: () => this.#load() }, "Show more");
  /** @type {Map<string, HTMLElement>} */
  #lists = new Map();
  #hits = 0;
  /** @type {string | null} */
  #cursor = null;

  element = h(
    "section",
    { class: "results", "aria-label": "Search results" },
    h(
      "header",
      {},
      h("a", { class: "button quiet narrow-only", href: "#/", "aria-label": "Back to the list" }, icon("back")),
      h("div", { class: "grow" }, this.#title, this.#count),
    ),
    this.#found,
    this.#more,
  );

  /**
   * @param {import("./client.js").Client} client
   * @param {string} query
   */
  constructor(client, query) {
    this.client = client;
    this.query = query;
    this.#title.textContent = `“${query}”`;
    document.title = `${query} · Scriptorium`;
  }

  async open() {
    this.#count.textContent = "Searching…";
    await this.#load();
  }

  close() {
    this.#closed.abort();
  }

  async #load() {
    const query = new URLSearchParams({ q: this.query, limit: "50" });
    if (this.#cursor) query.set("cursor", this.#cursor);
    try {
      const { hits, next_cursor: next } = await this.client.json(`/search?${query}`, { signal: this.#closed.signal });
      for (const hit of hits) this.#show(hit);
      this.#hits += hits.length;
      this.#cursor = next;
      this.#more.hidden = !next;
      this.#count.textContent = this.#hits
        ? `${this.#hits}${next ? " or more" : ""} ${this.#hits === 1 ? "passage" : "passages"} in ${this.#lists.size} ${this.#lists.size === 1 ? "transcript" : "transcripts"}`
        : "Nothing was found. Transcripts can be searched once they are completed.";
    } catch (error) {
      if (!(error instanceof Problem)) {
        if (this.#closed.signal.aborted) return;
        throw error;
      }
      this.#count.textContent = error.message;
    }
  }

  /** @param {Hit} hit */
  #show(hit) {
    let list = this.#lists.get(hit.job_id);
    if (!list) {
      list = h("ol", {});
      this.#lists.set(hit.job_id, list);
      this.#found.append(
        h(
          "section",
          {},
          h(
            "h2",
            {},
            h("a", { href: `#/job/${hit.job_id}` }, nameOf(hit)),
            " ",
            h("small", { class: "muted" }, ago(hit.created_at)),
          ),
          list,
        ),
      );
    }
    const text = h("span", { class: "hit-text", dir: "auto" });
    let at = 0;
    for (const [from, to] of hit.marks) {
      text.append(hit.text.slice(at, from), h("mark", {}, hit.text.slice(from, to)));
      at = to;
    }
    text.append(hit.text.slice(at));
    const href = `#/job/${hit.job_id}?segment=${hit.segment_id}`;
    list.append(h("li", {}, h("a", { class: "hit", href }, h("span", { class: "when" }, clock(hit.start)), text)));
  }
}
