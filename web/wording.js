// How times, sizes and statuses are written.

/**
 * Return a place in audio: 0:07, 12:30, 1:02:03.
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

const SINCE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/**
 * Return how long ago something was.
 * @param {string} time ISO 8601
 */
export function ago(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  if (seconds > -45) return "just now";
  if (seconds > -3600) return SINCE.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return SINCE.format(Math.round(seconds / 3600), "hour");
  return SINCE.format(Math.round(seconds / 86400), "day");
}

/**
 * Return how long something takes, roughly.
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(bytes < 100 * 1024 * 1024 ? 1 : 0)} MiB`;
}

const LANGUAGE_NAMES = new Intl.DisplayNames("en", { type: "language" });

/**
 * Return a language's English name.
 * @param {string} code
 */
export function languageName(code) {
  return LANGUAGE_NAMES.of(code === "jw" ? "jv" : code) ?? code;
}

/** @type {Record<import("./client.js").Status, string>} */
export const STATUS_WORDS = {
  queued: "Queued",
  processing: "Transcribing",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** @param {{file_name?: string | null}} job */
export function nameOf(job) {
  return job.file_name || "Untitled recording";
}
