// Elements, made and found.

/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * Make an element. `on…` are listeners, `true` is an attribute without a value, `false` and null leave it out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Return an element of the page.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/**
 * Return an icon, which says nothing to a screen reader.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", new URL(`icons.svg#${name}`, import.meta.url).pathname + `#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Return a button of an icon alone, named for those who don't see it.
 * @param {string} name
 * @param {string} label
 * @param {() => void} act
 * @param {Attributes} [attributes]
 */
export function iconButton(name, label, act, attributes = {}) {
  return h(
    "button",
    { type: "button", class: "quiet", "aria-label": label, title: label, onclick: act, ...attributes },
    icon(name),
  );
}

/**
 * Wait.
 * @param {number} seconds
 * @param {AbortSignal} [signal] ends it early
 */
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => resolve(undefined);
    if (signal?.aborted) return done();
    setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", done, { once: true });
  });
}
