// A transcript to read, to hear word by word, and to put right.

import { h, iconButton } from "./dom.js";
import { clock } from "./wording.js";
import { placedWords } from "./words.js";

const COLOURS_OF_SPEAKERS = 6;
const LEFT_ALONE_SECONDS = 4;

/** @typedef {import("./client.js").Segment} Segment */
/** @typedef {import("./words.js").PlacedWord & {element: HTMLElement}} ShownWord */
/** @typedef {{segment: Segment, text: string, element: HTMLLIElement, body: HTMLElement, words: ShownWord[]}} Passage */

/** Tells `seek` (detail: seconds) and `correct` (detail: {segment, text, done}). */
export class Transcript extends EventTarget {
  /** @type {Passage[]} by their start */
  #passages = [];
  /** @type {Passage | null} */
  #current = null;
  /** @type {HTMLElement | null} */
  #lit = null;
  #touched = 0;
  canCorrect = false;

  element = h("ol", { class: "transcript", "aria-label": "Transcript" });

  constructor() {
    super();
    this.element.addEventListener("click", (event) => this.#clicked(event));
    for (const name of ["wheel", "touchmove"]) {
      addEventListener(name, () => (this.#touched = Date.now()), { passive: true });
    }
  }

  get isEmpty() {
    return this.#passages.length === 0;
  }

  get segments() {
    return this.#passages.map(({ segment }) => segment);
  }

  /** The text as it is shown. */
  get text() {
    return this.#passages
      .map(({ text }) => text)
      .filter(Boolean)
      .join("\n");
  }

  /**
   * Show all segments anew.
   * @param {Segment[]} segments by their start
   * @param {Map<number, string>} corrections texts by segment
   */
  show(segments, corrections) {
    this.#current = this.#lit = null;
    this.#passages = segments.map((segment) => this.#passage(segment, corrections.get(segment.id)));
    this.element.replaceChildren(...this.#passages.map(({ element }) => element));
    this.#showSpeakers();
  }

  /**
   * Show one more segment, as it is transcribed.
   * @param {Segment} segment
   */
  add(segment) {
    if (this.#passages.some((passage) => passage.segment.id === segment.id)) return;
    const passage = this.#passage(segment);
    passage.element.classList.add("new");
    const behind = this.#passages.findLastIndex((each) => each.segment.start <= segment.start) + 1;
    this.#passages.splice(behind, 0, passage);
    this.element.insertBefore(passage.element, this.element.children[behind] ?? null);
    this.#showSpeakers();
  }

  /**
   * Light the word that is heard at a time.
   * @param {number} seconds
   * @param {boolean} follow have it in view
   */
  showTime(seconds, follow) {
    const passage = this.#passages.findLast(({ segment }) => segment.start <= seconds + 0.02) ?? null;
    const within = passage && seconds < passage.segment.end + 0.3 ? passage : null;
    if (within !== this.#current) {
      this.#current?.element.classList.remove("current");
      within?.element.classList.add("current");
      this.#current = within;
      if (follow && within && Date.now() - this.#touched > LEFT_ALONE_SECONDS * 1000) {
        within.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
      }
    }
    const word = within?.words.findLast((each) => each.start <= seconds + 0.02)?.element ?? null;
    if (word !== this.#lit) {
      this.#lit?.classList.remove("lit");
      word?.classList.add("lit");
      this.#lit = word;
    }
  }

  /**
   * Seek to a passage before or behind the one at a time.
   * @param {number} seconds
   * @param {number} step -1 or 1
   */
  go(seconds, step) {
    const here = this.#passages.findLastIndex(({ segment }) => segment.start <= seconds + 0.05);
    const passage = this.#passages[Math.max(0, Math.min(this.#passages.length - 1, here + step))];
    if (passage) this.#land(passage);
  }

  /**
   * Go to a segment: seek there, have it in view, put the focus there.
   * @param {number} segmentId
   */
  landOn(segmentId) {
    const passage = this.#passages.find(({ segment }) => segment.id === segmentId);
    if (!passage) return;
    this.#land(passage);
    passage.element.classList.remove("found");
    requestAnimationFrame(() => passage.element.classList.add("found"));
  }

  /** Edit the passage that is heard, or the one that has the focus. */
  edit() {
    const focused = this.#passages.find(({ element }) => element.contains(document.activeElement));
    const passage = focused ?? this.#current ?? this.#passages[0];
    if (passage && this.canCorrect) this.#edit(passage);
  }

  /** @param {Passage} passage */
  #land(passage) {
    this.dispatchEvent(new CustomEvent("seek", { detail: passage.segment.start }));
    passage.element.scrollIntoView({ block: "center" });
    passage.element.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const word = target.closest(".word");
    if (!word || getSelection()?.toString()) return; // somebody selects text to copy it
    const passage = this.#passages.find(({ element }) => element.contains(word));
    const found = passage?.words.find(({ element }) => element === word);
    if (found) this.dispatchEvent(new CustomEvent("seek", { detail: found.start }));
  }

  /**
   * @param {Segment} segment
   * @param {string} [corrected]
   * @returns {Passage}
   */
  #passage(segment, corrected) {
    const body = h("div", { class: "body" });
    const when = h(
      "button",
      {
        type: "button",
        class: "when",
        "aria-label": `Play from ${clock(segment.start)}`,
        onclick: () => this.dispatchEvent(new CustomEvent("seek", { detail: segment.start })),
      },
      clock(segment.start),
    );
    const element = h("li", { class: "passage", "data-segment": segment.id }, h("p", { class: "speaker" }), when, body);
    const passage = { segment, text: segment.text, element, body, words: [] };
    this.#fill(passage, corrected ?? segment.text);
    return passage;
  }

  /**
   * @param {Passage} passage
   * @param {string} text
   */
  #fill(passage, text) {
    const { segment, body, element } = passage;
    passage.text = text;
    passage.words = placedWords(segment, text).map((word) => ({
      ...word,
      element: h("span", { class: "word" }, text.slice(word.from, word.to)),
    }));
    const paragraph = h("p", { class: "text", dir: "auto" });
    let at = 0;
    for (const word of passage.words) {
      paragraph.append(text.slice(at, word.from), word.element);
      at = word.to;
    }
    paragraph.append(text.slice(at));
    if (!text) paragraph.append(h("span", { class: "muted" }, "(nothing)"));
    const isCorrected = text !== segment.text;
    element.classList.toggle("corrected", isCorrected);
    body.replaceChildren(paragraph);
    if (isCorrected)
      body.append(
        h("p", { class: "heard" }, h("span", { class: "badge" }, "Corrected"), " heard: ", h("q", {}, segment.text)),
      );
    body.append(
      iconButton("edit", `Edit the passage at ${clock(segment.start)} (e)`, () => this.#edit(passage), {
        class: "quiet edit",
      }),
    );
  }

  /** @param {Passage} passage */
  #edit(passage) {
    if (passage.body.querySelector("form")) return;
    const { segment } = passage;
    const area = h("textarea", {
      rows: 3,
      maxlength: 4000,
      dir: "auto",
      "aria-label": `What is said at ${clock(segment.start)}`,
    });
    area.value = passage.text;
    const close = () => {
      this.#fill(passage, passage.text);
      passage.element.querySelector("button")?.focus({ preventScroll: true });
    };
    const save = () => {
      const text = area.value.trim().replace(/\s+/g, " ");
      if (text === passage.text) return close();
      form.inert = true;
      const done = (/** @type {boolean} */ isKept) => {
        form.inert = false;
        if (!isKept) return area.focus();
        passage.text = text;
        close();
      };
      this.dispatchEvent(new CustomEvent("correct", { detail: { segment, text, done } }));
    };
    const form = h(
      "form",
      {
        class: "editor",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          save();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          event.stopPropagation();
          if (event.key === "Escape") close();
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
        },
      },
      area,
      h(
        "div",
        { class: "row" },
        h("button", { type: "submit", class: "primary small", title: "Ctrl+Enter" }, "Save"),
        h("button", { type: "button", class: "quiet small", onclick: close, title: "Esc" }, "Leave as it is"),
        passage.text !== segment.text &&
          h(
            "button",
            { type: "button", class: "quiet small", onclick: () => (area.value = segment.text) },
            "Back to what was heard",
          ),
      ),
    );
    passage.body.replaceChildren(form);
    area.focus();
  }

  /** Name who speaks where that changes. */
  #showSpeakers() {
    let former = "";
    for (const { segment, element } of this.#passages) {
      const name = segment.speaker ? `Speaker ${segment.speaker}` : segment.channel ? `Channel ${segment.channel}` : "";
      const number = segment.speaker ?? segment.channel;
      const label = /** @type {HTMLElement} */ (element.querySelector(".speaker"));
      label.hidden = !name || name === former;
      label.textContent = name;
      if (number) element.dataset.speaker = String(((number - 1) % COLOURS_OF_SPEAKERS) + 1);
      former = name;
    }
  }
}
