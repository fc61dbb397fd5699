// Records from the microphone into a file.

import { byId } from "./dom.js";
import { tell } from "./notices.js";
import { clock } from "./wording.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** @type {Record<string, string>} */
const EXTENSIONS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };

/** The buttons for it, the level, and the time. */
export class Recorder {
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {(() => void) | null} */
  #release = null;

  /** @param {(file: File) => void} whenDone */
  constructor(whenDone) {
    this.whenDone = whenDone;
    byId("record").addEventListener("click", () => this.toggle());
    byId("stop").addEventListener("click", () => this.#stop(true));
    byId("discard").addEventListener("click", () => this.#stop(false));
    window.addEventListener("beforeunload", (event) => {
      if (this.#recorder) event.preventDefault();
    });
  }

  /** Begin, or end and keep what there is. */
  async toggle() {
    if (this.#recorder) return this.#stop(true);
    if (!navigator.mediaDevices) {
      return tell("Browsers give the microphone to pages over HTTPS or on this machine only.", "error");
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.#begin(stream);
    } catch (error) {
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      tell(denied ? "The browser was not allowed to use the microphone." : "No microphone was found.", "error");
    }
  }

  /** @param {MediaStream} stream */
  #begin(stream) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
    const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    /** @type {Blob[]} */
    const pieces = [];
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => {
      if (this.#recorder !== recorder) return; // discarded
      this.#recorder = null;
      const type = recorder.mimeType.split(";")[0] ?? "";
      const time = new Date().toLocaleString("sv").replaceAll(":", ".").slice(0, 16);
      this.whenDone(new File(pieces, `Recording ${time}.${EXTENSIONS[type] ?? "webm"}`, { type }));
    });
    recorder.start(1000);
    this.#recorder = recorder;
    this.#release = this.#showLevel(stream);
    this.#show();
    byId("stop").focus();
  }

  /** @param {boolean} keep */
  #stop(keep) {
    const recorder = this.#recorder;
    if (!recorder) return;
    if (!keep) this.#recorder = null;
    recorder.stop();
    this.#release?.();
    byId("recording").hidden = true;
    byId("drop").hidden = false;
    byId("record").focus();
  }

  #show() {
    byId("recording").hidden = false;
    byId("drop").hidden = true;
  }

  /**
   * Show level and time while it records.
   * @param {MediaStream} stream
   * @returns {() => void} ends it and lets the microphone go
   */
  #showLevel(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = Date.now();
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      /** @type {HTMLMeterElement} */ (byId("level")).value = Math.min(1, Math.sqrt(power) * 4);
      byId("recorded").textContent = clock((Date.now() - began) / 1000);
    }, 100);
    return () => {
      clearInterval(timer);
      context.close();
      for (const track of stream.getTracks()) track.stop();
    };
  }
}
