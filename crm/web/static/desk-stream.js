// What happens, as it happens. A stream that is silent for too long is dead, whatever the browser believes; after every
// gap the state is read anew.
import { heardAt, model, set } from "./desk-model.js";

const SILENT_MILLISECONDS = 10000; // more than two beats missed
const FIRST_RETRY_MILLISECONDS = 300;
const LONGEST_RETRY_MILLISECONDS = 5000;

const handlers = new Map();
let source = null;
let name = null;
let lastHeard = Date.now();
let retry = FIRST_RETRY_MILLISECONDS;
let topics = [];
let again = null;

/** Calls `take` with each message of this kind. */
export function hear(kind, take) {
  handlers.set(kind, [...(handlers.get(kind) ?? []), take]);
}

/** Which persons and contacts the page shows: changes of these are heard too. */
export function watch(wanted) {
  if (wanted.join() === topics.join()) return;
  topics = wanted;
  tellTopics();
}

function tellTopics() {
  if (!name || (!topics.length && !tellTopics.told)) return;
  tellTopics.told = true;
  fetch("/api/desk/watch", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content,
    },
    body: JSON.stringify({ stream: name, topics }),
  }).catch(() => {}); // the stream is dead then, and will say so
}

export function connect() {
  clearTimeout(again);
  source?.close();
  source = new EventSource("/desk/events");
  lastHeard = Date.now();
  source.onmessage = (event) => {
    lastHeard = Date.now();
    const message = JSON.parse(event.data);
    heardAt(message.at);
    if (message.kind === "hello") opened(message);
    else if (message.kind === "lost") refresh();
    else if (message.kind === "logged-out") set({ loggedOut: true });
    for (const take of handlers.get(message.kind) ?? []) take(message);
  };
  source.onerror = lost;
}

function opened(message) {
  const first = name === null;
  name = message.stream;
  retry = FIRST_RETRY_MILLISECONDS;
  if (!first) refresh();
  else refresh(); // something may have happened between the page and its stream
  tellTopics();
}

function lost() {
  source?.close();
  source = null;
  if (model.stream !== "off") set({ stream: "off" });
  clearTimeout(again);
  again = setTimeout(() => refresh().then((there) => there && connect()), retry);
  retry = Math.min(retry * 2, LONGEST_RETRY_MILLISECONDS);
}

setInterval(() => {
  if (source && Date.now() - lastHeard > SILENT_MILLISECONDS) lost();
}, 1000);
addEventListener("online", () => { if (!source) { retry = FIRST_RETRY_MILLISECONDS; lost(); } });
addEventListener("offline", lost);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });

/** Reads everything anew; whether the server was reached. */
export async function refresh() {
  let answer;
  try {
    answer = await fetch("/api/desk/state", { headers: { Accept: "application/json" } });
  } catch {
    lost();
    return false;
  }
  if (answer.status === 401 || answer.status === 403) {
    set({ loggedOut: true, stream: "off" });
    return false;
  }
  if (!answer.ok) {
    lost();
    return false;
  }
  const state = await answer.json();
  heardAt(state.now);
  set({ ...state, loggedOut: false, stream: source ? "on" : model.stream });
  for (const take of handlers.get("refreshed") ?? []) take(state);
  return true;
}
