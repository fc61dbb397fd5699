// Tells people what happens: a banner for what lasts, messages for what passes, and the same for who listens.

import { byId, h, iconButton } from "./dom.js";
import { Problem } from "./client.js";

const SHOWN_SECONDS = 8;

/**
 * Show a message for a while.
 * @param {string} text
 * @param {"info" | "error"} [kind]
 */
export function tell(text, kind = "info") {
  const toast = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" }, h("p", {}, text));
  const close = () => toast.remove();
  toast.append(iconButton("close", "Close this message", close));
  byId("toasts").append(toast);
  setTimeout(close, SHOWN_SECONDS * 1000 * (kind === "error" ? 2 : 1));
}

/**
 * Show what went wrong.
 * @param {unknown} error
 */
export function tellProblem(error) {
  if (error instanceof Problem && error.status === 401) return; // the dialog asks for the key
  tell(error instanceof Error ? error.message : String(error), "error");
  if (!(error instanceof Problem)) throw error;
}

/**
 * Say something to who doesn't see it.
 * @param {string} text
 */
export function announce(text) {
  byId("announcements").textContent = text;
}

/** Show in a banner, while it lasts, that the service is away or asks to wait. @param {import("./client.js").Client} client */
export function showWaiting(client) {
  const banner = byId("banner");
  client.addEventListener("waiting", (event) => {
    const problem = /** @type {CustomEvent<Problem>} */ (event).detail;
    banner.textContent = `${problem.message} ${problem.retryAfter ? `Waiting ${problem.retryAfter} s.` : "Trying again…"}`;
    banner.hidden = false;
  });
  client.addEventListener("answered", () => {
    banner.hidden = true;
  });
}

/**
 * Ask before something is done that can't be undone.
 * @param {string} title
 * @param {string} text
 * @param {string} action
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, action) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("confirm-dialog"));
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-ok").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
  });
}
