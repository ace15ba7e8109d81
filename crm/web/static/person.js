// One person: the profile saves itself, others' changes appear, numbers, duplicates, merging and its undo.
import { ask, toast } from "./office.js";
import { Autosave, sendLeftovers } from "./autosave.js";

const page = document.getElementById("person");
const parts = document.getElementById("person-parts");
const name = document.getElementById("person-name");
const age = document.getElementById("age");
const id = Number(page.dataset.id);
const user = Number(page.dataset.user);
const era = Number(page.dataset.era);
const path = `/api/people/${id}`;
const language = document.documentElement.lang;
const query = `?lang=${language}`;

const labels = { occupation: {}, province: {} };
const shownAs = (field) => (value) => labels[field][value] ?? value;
const saving = new Autosave({
  kind: "person",
  id,
  version: Number(page.dataset.version),
  user,
  show: { birth_year: (value) => Number(value) + era, occupation: shownAs("occupation"), province: shownAs("province") },
});
saving.bind(document.getElementById("profile"), { state: page.querySelector("[data-autosave-state]") });
const known = ask("GET", path + query).then((person) => {
  for (const [field, value] of Object.entries(person)) saving.values[field] ??= value;
});

/** The choices, so that what another page stored is shown in this page's language. */
ask("GET", `/api/people/choices${query}`).then((choices) => {
  for (const field of Object.keys(labels)) for (const { value, label } of choices[field]) labels[field][value] = label;
}).catch(() => {});

function drawn(fields) {
  if ("display_name" in fields) name.textContent = document.title = fields.display_name;
  if ("birth_year" in fields) {
    age.textContent = fields.birth_year ? age.dataset.words.replace("{age}", Number(page.dataset.year) - fields.birth_year) : "";
  }
}

saving.addEventListener("saved", ({ detail }) => { drawn(detail.fields); later(); });
saving.addEventListener("changed", ({ detail }) => drawn(detail.fields));
saving.addEventListener("moved", async ({ detail }) => {
  await saving.flush();
  location.assign(`/people/${detail.id}?from=${id}`);
});

// -- what is not typed: read anew when something has changed

let timer;
const later = () => { clearTimeout(timer); timer = setTimeout(readParts, 400); };

async function readParts() {
  const answer = await fetch(`/people/${id}/parts${query}`, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const focused = document.activeElement?.closest("#person-parts") ? document.activeElement.id : null;
  const typed = document.getElementById("new-number")?.value;
  const open = parts.querySelector("details")?.open;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text(); // our own page, escaped by the server
  parts.replaceChildren(fresh.content);
  if (open) parts.querySelector("details").open = true;
  if (typed) document.getElementById("new-number").value = typed;
  if (focused) document.getElementById(focused)?.focus();
}

async function change(method, where, body) {
  try {
    const answer = await ask(method, `${path}${where}${query}`, body);
    await readParts();
    return answer ?? {};
  } catch (error) {
    toast(error.data?.detail ?? (error.status ? error.message : page.dataset.failed), "bad");
    return null;
  }
}

const actions = {
  primary: (number) => change("POST", "/numbers", { number, primary: true }),
  removeNumber: (number) => change("DELETE", `/numbers/${encodeURIComponent(number)}`),
  different: (other) => change("POST", "/different", { other: Number(other) }),
  async merge(other) {
    if (!(await saving.flush())) return;
    const done = await change("POST", "/merge", { other: Number(other), client: saving.client });
    if (!done) return;
    refresh(done);
    toast(page.dataset.merged);
    parts.querySelector(`[data-unmerge="${done.merge}"]`)?.focus();
  },
  async unmerge(merge) {
    if (!(await saving.flush())) return;
    const done = await change("POST", "/unmerge", { merge: Number(merge), client: saving.client });
    if (!done) return;
    refresh(done);
    toast(Object.keys(done.stayed).length ? page.dataset.stayed : page.dataset.unmerged);
  },
};

parts.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const action = button && Object.keys(actions).find((one) => one in button.dataset);
  if (action) actions[action](button.dataset[action]);
});

parts.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const fault = form.querySelector(".fault");
  try {
    await ask("POST", `${path}/numbers${query}`, { number: form.elements.number.value });
    form.elements.number.value = "";
    await readParts();
    document.getElementById("new-number").focus();
  } catch (error) {
    fault.textContent = error.data?.detail ?? page.dataset.failed;
    fault.hidden = false;
    form.elements.number.setAttribute("aria-invalid", "true");
  }
});

// -- what others do

function refresh(person) {
  saving.refresh(person, person.version);
  drawn(person);
}

async function readAnew() {
  const person = await ask("GET", path + query).catch(() => null);
  if (!person) return;
  if (person.merged_into) saving.dispatchEvent(new CustomEvent("moved", { detail: { id: person.merged_into } }));
  else refresh(person);
  later();
}

let missed = false;
const events = new EventSource(`${path}/events`);
events.onopen = () => { if (missed) readAnew(); missed = false; };
events.onerror = () => { missed = true; };
events.onmessage = async ({ data }) => {
  const message = JSON.parse(data);
  if (message.kind === "logged-out") return; // the next request says so, and keeps what was typed
  await known.catch(() => {});
  if (message.kind === "lost" || message.reload) readAnew();
  else saving.remote(message);
  if (message.by?.client !== saving.client) later();
};

sendLeftovers(user, [`person/${id}`]);
