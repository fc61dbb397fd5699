// The page's composition root: makes everything once, and shows what the address says.

import { Client } from "./client.js";
import { byId, h, icon } from "./dom.js";
import { JobList, uploadList } from "./job_list.js";
import { isUnderWay, Jobs } from "./jobs.js";
import { JobView } from "./job_view.js";
import { announce, confirmed, showWaiting, tellProblem } from "./notices.js";
import { Options } from "./options.js";
import { Recorder } from "./recorder.js";
import { SearchView } from "./search_view.js";
import { listen } from "./shortcuts.js";
import { themeSwitch } from "./theme.js";
import { Uploads } from "./uploads.js";
import { nameOf, STATUS_WORDS } from "./wording.js";

const client = new Client();
const jobs = new Jobs(client);
const uploads = new Uploads(client);
const options = new Options();
const main = byId("main");
const query = /** @type {HTMLInputElement} */ (byId("query"));

/** @type {JobView | SearchView | null} */
let view = null;

/** @param {import("./client.js").Job} job */
async function remove(job) {
  if (!isUnderWay(job)) {
    const text = "Audio, transcript and corrections are removed for good.";
    if (!(await confirmed(`Delete ${nameOf(job)}?`, text, "Delete"))) return;
  }
  try {
    const outcome = await jobs.remove(job.job_id);
    announce(outcome === "erased" ? `${nameOf(job)} is deleted.` : `${nameOf(job)} is cancelled.`);
    if (outcome === "erased" && view instanceof JobView && view.jobId === job.job_id) location.hash = "#/";
  } catch (error) {
    tellProblem(error);
  }
}

const list = new JobList(jobs, remove);
uploadList(uploads);
showWaiting(client);
themeSwitch(/** @type {HTMLButtonElement} */ (byId("theme")));
const recorder = new Recorder((file) => uploads.add([file], options.fields));

/** Show what the address says. */
function route() {
  const [path = "", search] = location.hash.slice(1).split("?");
  const asked = new URLSearchParams(search);
  const jobId = path.match(/^\/job\/([0-9a-f]+)$/)?.[1] ?? "";
  const place = {
    segment: Number(asked.get("segment")) || undefined,
    at: asked.has("at") ? Number(asked.get("at")) : undefined,
  };
  if (jobId && view instanceof JobView && view.jobId === jobId) return view.go(place);
  view?.close();
  view = null;
  document.title = "Scriptorium";
  if (jobId) {
    view = new JobView({ client, jobs, remove }, jobId);
    view.open(place);
  } else if (path === "/search" && asked.get("q")) {
    view = new SearchView(client, asked.get("q") ?? "");
    query.value = asked.get("q") ?? "";
    view.open();
  }
  main.replaceChildren(view?.element ?? welcome());
  main.scrollTop = 0;
  document.body.dataset.view = jobId ? "job" : view ? "search" : "home";
  list.select(jobId);
}

function welcome() {
  return h(
    "div",
    { class: "welcome" },
    icon("quill"),
    h("h1", {}, "Speech, written down"),
    h(
      "p",
      {},
      "Drop recordings anywhere on this page, or record something. The text appears while it is transcribed; open a transcript to listen, to correct it, and to download it.",
    ),
    h("p", { class: "muted" }, "Press ", h("kbd", {}, "?"), " for all keys."),
  );
}

/** Ask for the key; whatever was refused for want of it is asked for again. */
function askForKey() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("key-dialog"));
  if (dialog.open) return;
  byId("key").hidden = false;
  byId("key-error").textContent = client.key ? "The service does not know this key." : "";
  const field = /** @type {HTMLInputElement} */ (byId("key-field"));
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
}
byId("key-dialog").addEventListener("close", () => {
  const dialog = /** @type {HTMLDialogElement} */ (byId("key-dialog"));
  if (dialog.returnValue !== "ok") return;
  client.key = /** @type {HTMLInputElement} */ (byId("key-field")).value.trim();
  client.dispatchEvent(new Event("key"));
  jobs.look();
  view?.close();
  view = null;
  route();
});
byId("key-cancel").addEventListener("click", () => /** @type {HTMLDialogElement} */ (byId("key-dialog")).close());
byId("key").addEventListener("click", askForKey);
byId("key").hidden = !client.key;
client.addEventListener("unauthenticated", askForKey);

// Files, chosen and dropped.
const files = /** @type {HTMLInputElement} */ (byId("files"));
byId("choose").addEventListener("click", () => files.click());
files.addEventListener("change", () => {
  uploads.add(files.files ?? [], options.fields);
  files.value = "";
});
const veil = byId("veil");
let dragging = 0;
addEventListener("dragenter", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  dragging += 1;
  veil.classList.add("shown");
});
addEventListener("dragleave", () => {
  dragging = Math.max(0, dragging - 1);
  if (!dragging) veil.classList.remove("shown");
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  dragging = 0;
  veil.classList.remove("shown");
  uploads.add(event.dataTransfer?.files ?? [], options.fields);
});
addEventListener("beforeunload", (event) => {
  if (uploads.all.some((upload) => upload.state !== "failed")) event.preventDefault();
});

uploads.addEventListener("accepted", async (event) => {
  const { upload, jobId } = /** @type {CustomEvent} */ (event).detail;
  announce(`${upload.file.name} is uploaded.`);
  try {
    await jobs.renewed(jobId);
  } catch (error) {
    tellProblem(error);
  }
  // Whoever sends one file wants to see it; whoever sends many is left where he is.
  if (!uploads.all.length && view === null) location.hash = `#/job/${jobId}`;
});
jobs.addEventListener("finished", (event) => {
  const job = /** @type {CustomEvent<import("./client.js").Job>} */ (event).detail;
  announce(`${nameOf(job)}: ${STATUS_WORDS[job.status]}.`);
});

byId("status").addEventListener("change", (event) =>
  jobs.filter(/** @type {HTMLSelectElement} */ (event.target).value),
);
byId("older").addEventListener("click", () => jobs.older().catch(tellProblem));
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = query.value.trim();
  if (wanted) location.hash = `#/search?${new URLSearchParams({ q: wanted })}`;
});
query.addEventListener("keydown", (event) => {
  if (event.key === "Escape") query.blur();
});
byId("help").addEventListener("click", help);

function help() {
  /** @type {HTMLDialogElement} */ (byId("help-dialog")).showModal();
}

/** @param {(view: JobView) => void} act */
function onJob(act) {
  return () => {
    if (view instanceof JobView) act(view);
  };
}

listen([
  { keys: [" ", "k"], does: "Play or pause", act: onJob(({ player }) => player.toggle()) },
  { keys: ["ArrowLeft", "j"], does: "Back 5 seconds", act: onJob(({ player }) => player.step(-5)) },
  { keys: ["ArrowRight", "l"], does: "On 5 seconds", act: onJob(({ player }) => player.step(5)) },
  { keys: ["p", "ArrowUp"], does: "Previous passage", act: onJob((job) => job.passage(-1)) },
  { keys: ["n", "ArrowDown"], does: "Next passage", act: onJob((job) => job.passage(1)) },
  { keys: ["<"], does: "Slower", act: onJob(({ player }) => player.pace(-1)) },
  { keys: [">"], does: "Faster", act: onJob(({ player }) => player.pace(1)) },
  { keys: ["e"], does: "Edit the passage", act: onJob((job) => job.edit()) },
  { keys: ["/"], does: "Search in all transcripts", act: () => query.select() },
  { keys: ["u"], does: "Choose files to upload", act: () => files.click() },
  { keys: ["r"], does: "Record, and stop", act: () => recorder.toggle() },
  { keys: ["Escape"], does: "Back to the start", act: () => (location.hash = "#/") },
  { keys: ["?"], does: "This list", act: help },
]);

addEventListener("hashchange", route);
route();
jobs.run();
// Also what is not ready says what it has.
fetch("/health/ready")
  .then((answer) => answer.json())
  .then((readiness) => options.offer(readiness))
  .catch(() => {}); // the service's defaults are what there is
