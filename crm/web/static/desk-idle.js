// What waits for this agent when no call does; counts in the bar whether or not.
import { setBadge } from "./office.js";
import { $, data, words } from "./desk-dom.js";
import { model, on } from "./desk-model.js";
import { dial } from "./desk-phone.js";
import { hear } from "./desk-stream.js";
import { InboxList } from "./inbox-list.js";

const PAUSE_MILLISECONDS = 400;
let timer = null;

export function startIdle({ openRecord }) {
  const about = { words: data.inbox.words, language: data.language, zone: data.zone, queues: data.queues, me: data.inbox.me };
  const list = new InboxList($("to-do"), about, { call: dial, open: openRecord, changed });
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => list.refresh(), PAUSE_MILLISECONDS);
  };
  for (const kind of ["inbox", "card", "refreshed"]) hear(kind, soon);
  on(["contact"], () => { if (!model.contact) soon(); });
  list.refresh();
}

function changed(counts) {
  setBadge("inbox", counts.missed + counts.callbacks + counts.messages + counts.unfinished);
  setBadge("cards", counts.cards);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  $("to-do-title").textContent = all ? words.to_do : words.to_do_none;
}
