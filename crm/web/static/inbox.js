// The inbox's own page: the lists, live while somebody looks.
import { ask, setBadge, toast } from "./office.js";
import { InboxList } from "./inbox-list.js";
import { LiveStream } from "./live-stream.js";

const data = JSON.parse(document.getElementById("inbox-data").textContent);
const PAUSE_MILLISECONDS = 400;
let timer = null;

async function call(number) {
  try {
    await ask("POST", "/api/telephone/dial", { number });
    toast(data.words.calling);
  } catch (error) {
    toast(data.words.failed.replace("{why}", error.data?.advice ?? error.message), "bad");
  }
}

function changed(counts) {
  setBadge("inbox", counts.missed + counts.callbacks + counts.messages + counts.unfinished);
  setBadge("cards", counts.cards);
}

const list = new InboxList(document.getElementById("inbox"), data, { call, changed });
list.draw(data.inbox);
document.getElementById(location.hash.slice(1))?.scrollIntoView();

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => list.refresh(), PAUSE_MILLISECONDS);
}

const stream = new LiveStream("/desk/events", {
  heard: (message) => ["inbox", "card", "contact"].includes(message.kind) && soon(),
  opened: (name, first) => first || soon(),
  lost: () => {},
});
// A page in the background leaves its place among the few connections to the desk.
document.addEventListener("visibilitychange", () => (document.hidden ? stream.close() : stream.open()));
stream.open();
