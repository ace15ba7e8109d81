// What happens, as it happens; after every gap the state is read anew.
import { LiveStream } from "./live-stream.js";
import { csrf, renewSession } from "./office.js";
import { data } from "./desk-dom.js";
import { heardAt, inLanguage, model, set } from "./desk-model.js";

const LOG_IN_MILLISECONDS = 3000;
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
      "X-CSRF-Token": csrf(),
    },
    body: JSON.stringify({ stream: name, topics }),
  }).catch(() => {}); // the stream is dead then, and will say so
}

function told(kind, message) {
  for (const take of handlers.get(kind) ?? []) take(message);
}

const toldAt = new Map(); // kind → when it was told last
/** Parts of the state that messages tell of as well. */
const PARTS = { state: ["state"], call: ["call", "profile"], heard: ["heard"], waiting: ["waiting"] };

const stream = new LiveStream("/desk/events", {
  heard(message) {
    heardAt(message.at);
    toldAt.set(message.kind, Date.parse(message.at));
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

/** Until the same person has logged in again, in whatever tab: then the page begins anew; what was typed is kept. */
function loggedOut() {
  if (model.loggedOut) return;
  stream.close();
  set({ loggedOut: true, stream: "off" });
  const timer = setInterval(async () => {
    const session = await renewSession(data.me);
    if (session?.staff_id !== data.me) return;
    clearInterval(timer);
    location.reload();
  }, LOG_IN_MILLISECONDS);
}

document.addEventListener("logged-out", (event) => {
  event.preventDefault(); // the page stays, with everything on it
  loggedOut();
});

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
  const state = inLanguage(await answer.json());
  heardAt(state.now);
  for (const [kind, parts] of Object.entries(PARTS)) {
    if ((toldAt.get(kind) ?? 0) > Date.parse(state.now)) for (const part of parts) delete state[part]; // older than what was told
  }
  set({ ...state, loggedOut: false, stream: stream.source ? "on" : model.stream });
  told("refreshed", state);
  return true;
}
