// The search of the knowledge base as it is typed, and "this answered it" by one key (Alt+A, on what has the focus).

import { ask, toast } from "./office.js";
import { steady } from "./steady-list.js";

const form = document.getElementById("search");
const results = document.getElementById("results");
const PAUSE_MILLISECONDS = 160;
let waiting = null;
let running = null;
const redraw = results && steady(results);

/** The page as the server draws it for this question: one drawing for both ways. */
async function search() {
  const asked = new URLSearchParams(new FormData(form));
  const language = new URLSearchParams(location.search).get("lang");
  if (language) asked.set("lang", language);
  running?.abort();
  running = new AbortController();
  const address = `/knowledge?${asked}`;
  try {
    const answer = await fetch(address, { signal: running.signal, headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    redraw(() => show(page, address));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

/** What has the focus keeps it, wherever it stands now; when it is gone, one types on. */
function show(page, address) {
  const focused = document.activeElement;
  const held = focused.closest("#results [data-kind]");
  results.replaceChildren(...page.getElementById("results").children);
  document.getElementById("count").textContent = page.getElementById("count").textContent;
  document.getElementById("newest").replaceWith(page.getElementById("newest"));
  history.replaceState(null, "", address);
  if (!held) return;
  const again = results.querySelector(`[data-kind="${held.dataset.kind}"][data-ref="${held.dataset.ref}"]`);
  (again?.querySelector(focused.matches("button") ? "button" : "a") ?? form.elements.q).focus();
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(search, PAUSE_MILLISECONDS);
}

async function answered(button) {
  const thing = button.closest("[data-kind]");
  const question = button.dataset.question ?? document.getElementById("q")?.value ?? "";
  try {
    await ask("POST", "/api/knowledge/answered", { kind: thing.dataset.kind, id: Number(thing.dataset.ref), question });
    button.disabled = true;
    toast(button.dataset.thanks ?? results?.dataset.thanks ?? "✓");
  } catch (failed) {
    toast(failed.message, "bad");
  }
}

if (form) {
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  form.querySelector("#q").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      results.querySelector("a")?.focus();
    }
  });
  results.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...results.querySelectorAll("a.result-title")];
    const place = links.indexOf(document.activeElement.closest(".result")?.querySelector("a")) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (place < 0 ? form.querySelector("#q") : links[Math.min(place, links.length - 1)])?.focus();
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answered]");
  if (button) answered(button);
});
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.code !== "KeyA") return;
  const thing = document.activeElement.closest("[data-kind]") ?? document.querySelector("[data-kind]");
  const button = thing?.querySelector("[data-answered]:not(:disabled)");
  if (!button) return;
  event.preventDefault();
  answered(button);
});
