// Plays a job's audio. The waveform is wavesurfer.js's, where it is there; without it everything works by the slider.

import { h, icon, iconButton } from "./dom.js";
import { Problem } from "./client.js";
import { outlineOf, peaksOf } from "./peaks.js";
import { clock } from "./wording.js";

const STEP_SECONDS = 5;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const root = document.documentElement;

/** Tells `time` while it plays and when somebody seeks. */
export class Player extends EventTarget {
  #audio = h("audio", { preload: "metadata" });
  #slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": "Position" });
  #play = iconButton("play", "Play (space)", () => this.toggle(), { class: "play" });
  #now = h("span", { class: "time" }, "0:00");
  #length = h("span", { class: "time muted" });
  #speed = h(
    "select",
    { class: "quiet small", "aria-label": "Speed", title: "Speed" },
    ...SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed}×`)),
  );
  #wave = h("div", { class: "wave", "aria-hidden": "true" });
  #note = h("p", { class: "note", role: "status", hidden: true });
  #closed = new AbortController();
  #seconds = 0;
  /** The audio whole, where it can't be loaded by its address. @type {Blob | null} */
  #content = null;
  /** @type {any} */
  #surfer = null;
  /** @type {Float32Array | null} */
  #peaks = null;

  element = h(
    "section",
    { class: "player", "aria-label": "Player" },
    this.#wave,
    this.#slider,
    h(
      "div",
      { class: "row controls" },
      iconButton("rewind", `Back ${STEP_SECONDS} seconds (←)`, () => this.step(-STEP_SECONDS)),
      this.#play,
      iconButton("forward", `On ${STEP_SECONDS} seconds (→)`, () => this.step(STEP_SECONDS)),
      this.#now,
      this.#length,
      h("span", { class: "grow" }),
      this.#speed,
    ),
    this.#note,
    this.#audio,
  );

  /**
   * @param {import("./client.js").Client} client
   * @param {string} jobId
   */
  constructor(client, jobId) {
    super();
    this.client = client;
    this.address = `/audio/${jobId}`;
    const { signal } = this.#closed;
    for (const name of ["play", "pause", "ended"]) this.#audio.addEventListener(name, () => this.#showState());
    for (const name of ["timeupdate", "seeked"]) this.#audio.addEventListener(name, () => this.#showTime());
    this.#audio.addEventListener("durationchange", () => this.#measured(this.#audio.duration));
    this.#audio.addEventListener("error", () => this.#failed());
    this.#slider.addEventListener("input", () => this.seek(Number(this.#slider.value)));
    this.#speed.addEventListener("change", () => {
      this.#audio.playbackRate = Number(this.#speed.value);
    });
    for (const source of [root, matchMedia("(prefers-color-scheme: dark)")]) {
      source.addEventListener(source === root ? "theme" : "change", () => this.#surfer?.setOptions(this.#colours()), {
        signal,
      });
    }
  }

  get time() {
    return this.#audio.currentTime;
  }

  get isPlaying() {
    return !this.#audio.paused;
  }

  /**
   * Begin to load.
   * @param {number | null} seconds the audio's length, if it is known
   */
  async open(seconds) {
    if (seconds) this.#measured(seconds);
    if (!this.client.key) {
      this.#audio.src = this.address;
      return;
    }
    try {
      // An audio element brings no key.
      this.#content = await (await this.#ask()).blob();
      this.#audio.src = URL.createObjectURL(this.#content);
    } catch (error) {
      if (!this.#closed.signal.aborted) this.#say(error instanceof Problem ? error.message : String(error));
    }
  }

  /**
   * Draw the waveform, or where something is said if that can't be.
   * @param {import("./client.js").Segment[]} segments
   * @param {number} seconds the audio's length
   */
  async draw(segments, seconds) {
    this.#measured(seconds);
    if (!root.dataset.waveform || !this.#seconds) return;
    const { signal } = this.#closed;
    try {
      this.#peaks ??= await peaksOf(async () => (this.#content ?? (await this.#ask())).arrayBuffer(), this.#seconds);
      if (!("WaveSurfer" in window)) await import(root.dataset.waveform);
    } catch {
      return; // not there: the slider is
    }
    if (signal.aborted) return;
    this.#surfer?.destroy();
    this.#wave.replaceChildren();
    this.element.classList.add("with-wave");
    this.#surfer = /** @type {any} */ (window).WaveSurfer.create({
      container: this.#wave,
      media: this.#audio,
      peaks: [this.#peaks ?? outlineOf(segments, this.#seconds)],
      duration: this.#seconds,
      height: "auto",
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
      cursorWidth: 2,
      dragToSeek: true,
      cspNonce: /** @type {HTMLElement | null} */ (document.querySelector("script[nonce]"))?.nonce,
      ...this.#colours(),
    });
  }

  toggle() {
    if (this.#audio.paused) this.#audio.play().catch(() => {});
    else this.#audio.pause();
  }

  /** @param {number} seconds */
  step(seconds) {
    this.seek(this.time + seconds);
  }

  /** @param {number} change -1 slower, 1 faster */
  pace(change) {
    const at = SPEEDS.indexOf(Number(this.#speed.value)) + change;
    this.#speed.value = String(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
    this.#speed.dispatchEvent(new Event("change"));
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.#audio.currentTime = Math.max(0, Math.min(seconds, this.#seconds || seconds));
    this.#showTime();
  }

  close() {
    this.#closed.abort();
    this.#surfer?.destroy();
    this.#audio.pause();
    URL.revokeObjectURL(this.#audio.src);
    this.#audio.removeAttribute("src");
  }

  /** @param {Record<string, string>} [headers] */
  #ask(headers = {}) {
    return this.client.ask(this.address, { headers, signal: this.#closed.signal });
  }

  /** @param {number} seconds */
  #measured(seconds) {
    if (!Number.isFinite(seconds) || seconds <= 0) return; // a recording's head doesn't tell
    this.#seconds = seconds;
    this.#slider.max = String(seconds);
    this.#length.textContent = `/ ${clock(seconds)}`;
  }

  #showState() {
    const { paused } = this.#audio;
    this.#play.replaceChildren(icon(paused ? "play" : "pause"));
    this.#play.title = paused ? "Play (space)" : "Pause (space)";
    this.#play.setAttribute("aria-label", this.#play.title);
    const frame = () => {
      if (this.#audio.paused) return;
      this.dispatchEvent(new Event("time"));
      requestAnimationFrame(frame);
    };
    if (!paused) frame();
  }

  #showTime() {
    const written = clock(this.time);
    this.#now.textContent = written;
    this.#slider.value = String(this.time);
    this.#slider.setAttribute("aria-valuetext", written);
    this.dispatchEvent(new Event("time"));
  }

  /** Find out why nothing can be played, and say it. */
  async #failed() {
    if (this.#closed.signal.aborted) return;
    const isUnknown = this.#audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    try {
      await this.#ask({ Range: "bytes=0-0" });
      this.#say(isUnknown ? "This browser can’t play audio of this format." : "The audio stopped coming.");
    } catch (error) {
      if (error instanceof Problem) this.#say(error.message);
    }
  }

  /** @param {string} text */
  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = false;
    this.element.classList.add("silent");
  }

  /** Colours that the stylesheet has for the theme at hand; a canvas takes none of its variables. */
  #colours() {
    const { color, borderTopColor, outlineColor } = getComputedStyle(this.#wave);
    return { waveColor: color, progressColor: borderTopColor, cursorColor: outlineColor };
  }
}
