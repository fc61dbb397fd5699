// What the keyboard does, and the list of it.

import { byId, h } from "./dom.js";

/** @typedef {{keys: string[], does: string, act: () => void}} Shortcut */

/**
 * Listen for keys, outside of what takes text.
 * @param {Shortcut[]} shortcuts
 */
export function listen(shortcuts) {
  const byKey = new Map(shortcuts.flatMap((each) => each.keys.map((key) => [key, each.act])));
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.closest("input:not([type=range]), textarea, select")) return;
    // Space presses what has the focus, and arrows move a slider.
    if (event.key === " " && target.closest("button, a, summary")) return;
    if (event.key.startsWith("Arrow") && target.closest("input[type=range]")) return;
    const act = byKey.get(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
  byId("shortcuts").append(
    ...shortcuts.flatMap(({ keys, does }) => [
      h("dt", {}, ...keys.flatMap((key, place) => [place ? " or " : "", h("kbd", {}, NAMES[key] ?? key)])),
      h("dd", {}, does),
    ]),
  );
}

/** @type {Record<string, string>} */
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
