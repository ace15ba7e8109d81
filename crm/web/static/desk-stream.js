// What happens, as it happens; after every gap the state is read anew.
import { LiveStream } from "./live-stream.js";
import { heardAt, model, set } from "./desk-model.js";

const handlers = new Map();
let name = null;
let topics = [];
let toldTopics = false;

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
  if (!name || (!topics.length && !toldTopics)) return;
  toldTopics = true;
  fetch("/api/desk/watch", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content,
    },
    body: JSON.stringify({ stream: name, topics }),
  }).catch(() => {}); // the stream is dead then, and will say so
}

function told(kind, message) {
  for (const take of handlers.get(kind) ?? []) take(message);
}

const stream = new LiveStream("/desk/events", {
  heard(message) {
    heardAt(message.at);
    if (message.kind === "lost") refresh();
    else if (message.kind === "logged-out") loggedOut();
    told(message.kind, message);
  },
  opened(stream_name) {
    name = stream_name;
    refresh(); // something may have happened between the page, or the last stream, and this one
    tellTopics();
  },
  lost: () => model.stream !== "off" && set({ stream: "off" }),
  before: refresh,
});

function loggedOut() {
  stream.close();
  set({ loggedOut: true, stream: "off" });
}

export const connect = () => stream.open();

/** Reads everything anew; whether the server was reached. */
export async function refresh() {
  let answer;
  try {
    answer = await fetch("/api/desk/state", { headers: { Accept: "application/json" } });
  } catch {
    return false;
  }
  if (answer.status === 401 || answer.status === 403) {
    loggedOut();
    return false;
  }
  if (!answer.ok) return false;
  const state = await answer.json();
  heardAt(state.now);
  set({ ...state, loggedOut: false, stream: stream.source ? "on" : model.stream });
  told("refreshed", state);
  return true;
}
