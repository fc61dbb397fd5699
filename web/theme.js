// Light or dark: as the system has it, until somebody chooses.

const THEMES = ["system", "light", "dark"];

/**
 * Let a button go through the themes.
 * @param {HTMLButtonElement} button
 */
export function themeSwitch(button) {
  const root = document.documentElement;
  const show = () => {
    const label = `Theme: ${root.dataset.theme ?? "system"}`;
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length] ?? "system";
    if (next === "system") {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    show();
    root.dispatchEvent(new Event("theme"));
  });
  show();
}
