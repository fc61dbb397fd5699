// What is asked for with every upload. What was chosen last is chosen again.

import { byId, h } from "./dom.js";
import { LANGUAGES } from "./languages.js";
import { languageName } from "./wording.js";

const KEPT = "options";

/** @typedef {{name: string, label: string, choices: [string, string][], hint?: string}} Choice */

/** @type {Choice[]} */
const CHOICES = [
  {
    name: "language",
    label: "Spoken language",
    choices: [
      ["", "Detect"],
      .../** @type {[string, string][]} */ (LANGUAGES.map((code) => [code, languageName(code)])).sort((a, b) =>
        a[1].localeCompare(b[1]),
      ),
    ],
  },
  {
    name: "task",
    label: "Write",
    choices: [
      ["", "What is said"],
      ["translate", "A translation into English"],
    ],
  },
  {
    name: "quality",
    label: "Quality",
    choices: [
      ["", "Balanced"],
      ["fast", "Fast"],
      ["accurate", "Accurate, several times slower"],
    ],
  },
  { name: "model", label: "Model", choices: [["", "The service’s default"]] },
  {
    name: "speakers",
    label: "Speakers",
    choices: [
      ["", "Don’t tell apart"],
      ["voice", "Tell apart by voice"],
      ["channel", "One on each channel"],
    ],
  },
];

/** The form, and what it stands for. */
export class Options {
  constructor() {
    this.form = /** @type {HTMLFormElement} */ (byId("options"));
    this.form.append(
      ...CHOICES.map(({ name, label, choices }) =>
        field(
          name,
          label,
          h("select", { id: `option-${name}`, name }, ...choices.map(([value, text]) => h("option", { value }, text))),
        ),
      ),
      field(
        "max_speakers",
        "At most so many speakers",
        h("input", {
          id: "option-max_speakers",
          name: "max_speakers",
          type: "number",
          min: 1,
          max: 20,
          inputmode: "numeric",
          placeholder: "any number",
        }),
      ),
      field(
        "initial_prompt",
        "Names and style to expect",
        h("textarea", {
          id: "option-initial_prompt",
          name: "initial_prompt",
          rows: 2,
          maxlength: 4000,
          placeholder: "A talk about Kubernetes, by Łukasz Żak",
        }),
      ),
      h("button", { type: "button", class: "quiet", onclick: () => this.#reset() }, "Back to the defaults"),
    );
    this.form.addEventListener("input", () => this.#keep());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.#restore();
  }

  /**
   * Offer what the service has.
   * @param {{workers: {model: string, diarizes?: boolean}[]}} readiness
   */
  offer({ workers }) {
    const select = this.#select("model");
    const chosen = select.value || (this.#kept.model ?? "");
    const models = [...new Set(workers.map((worker) => worker.model))].sort();
    select.replaceChildren(
      h("option", { value: "" }, "The service’s default"),
      ...models.map((model) => h("option", { value: model }, model)),
    );
    select.value = models.includes(chosen) ? chosen : "";
    const byVoice = /** @type {HTMLOptionElement} */ (this.#select("speakers").options[1]);
    byVoice.disabled = !workers.some((worker) => worker.diarizes);
    byVoice.textContent = byVoice.disabled ? "Tell apart by voice (no worker can)" : "Tell apart by voice";
    this.#show();
  }

  /**
   * Return the fields to send.
   * @returns {Record<string, string>}
   */
  get fields() {
    const { speakers, max_speakers: most, ...plain } = this.#values;
    /** @type {Record<string, string>} */
    const fields = {
      word_timestamps: "true",
      ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value)),
    };
    if (speakers) fields.diarize = "true";
    if (speakers === "channel") fields.channels = "split";
    if (speakers === "voice" && most) fields.max_speakers = most;
    return fields;
  }

  /** @returns {Record<string, string>} */
  get #values() {
    return /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(this.form)));
  }

  /** @returns {Record<string, string>} */
  get #kept() {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  }

  /** @param {string} name */
  #select(name) {
    return /** @type {HTMLSelectElement} */ (this.form.elements.namedItem(name));
  }

  #keep() {
    localStorage.setItem(KEPT, JSON.stringify(this.#values));
    this.#show();
  }

  #restore() {
    for (const [name, value] of Object.entries(this.#kept)) {
      const input = this.form.elements.namedItem(name);
      if (input) /** @type {HTMLInputElement} */ (input).value = value;
    }
    this.#show();
  }

  #reset() {
    this.form.reset();
    this.#keep();
  }

  /** Show in one line what differs from the defaults. */
  #show() {
    byId("field-max_speakers").hidden = this.#values.speakers !== "voice";
    const chosen = CHOICES.map(({ name }) => this.#select(name)).filter((select) => select.value);
    byId("chosen").textContent = chosen.map((select) => select.selectedOptions[0]?.textContent).join(" · ");
  }
}

/**
 * @param {string} name
 * @param {string} label
 * @param {HTMLElement} input
 */
function field(name, label, input) {
  return h("div", { class: "field", id: `field-${name}` }, h("label", { for: `option-${name}` }, label), input);
}
