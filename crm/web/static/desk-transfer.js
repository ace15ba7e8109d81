// Handing a call on (K3, K4): to whom, why, what was asked so far; the card is written first, so that it is never missing.
import { ask, toast } from "./office.js";
import { $, h, language, put, say, show, shownNumber, word, words } from "./desk-dom.js";
import { model, on, tell } from "./desk-model.js";
import { line, phone, presence } from "./desk-phone.js";
import { hear } from "./desk-stream.js";
import { searchField } from "./desk-search.js";

let to = null;
let field = null;
let busy = false;

const isNumber = (text) => /^[+*#]?[\d\s().-]{2,}$/.test(text);
const labelOf = (entry) => entry[`label_${language}`] ?? entry[`name_${language}`] ?? entry.name ?? entry.number;

function open() {
  if (!["talking", "held"].includes(line()?.phase) || model.phone.colleague) return;
  to = null;
  put($("transfer-chosen"), "–");
  show($("transfer-fault"), false);
  $("transfer-question").value = [$("f-question").value, $("f-answer").value].filter((text) => text.trim()).join("\n");
  field.clear();
  $("transfer").showModal();
  $("transfer-search").focus();
  field.search();
}

async function find(text, signal) {
  const found = await ask("GET", `/api/directory?q=${encodeURIComponent(text)}`, undefined, { signal });
  const entries = found.entries ?? found;
  return isNumber(text) ? [...entries, { kind: "outside", number: text.replace(/[^\d+]/g, ""), name: text }] : entries;
}

function choose(entry) {
  to = entry;
  $("transfer-chosen").replaceChildren(labelOf(entry), " ", presence(entry.presence) ?? "");
  show($("transfer-fault"), false);
  $("transfer-why").focus();
}

function fault(text) {
  put($("transfer-fault"), text);
  show($("transfer-fault"), true);
}

const target = (entry) => ({ kind: entry.kind, name: entry.name, extension: entry.extension, number: entry.number });

async function transfer(mode) {
  if (busy || !$("transfer").open) return;
  if (!to) {
    fault(words.transfer_choose_first);
    $("transfer-search").focus();
    return;
  }
  busy = true;
  let card = null;
  try {
    card = await ask("POST", "/api/cards", {
      contact_id: model.contact?.id ?? null,
      call_id: model.call?.call_id ?? null,
      to: target(to),
      why: $("transfer-why").value,
      question: $("transfer-question").value,
      mode: mode === "consult" ? "attended" : "blind",
    });
    const number = card.number_to_dial ?? to.extension ?? to.number;
    if (mode === "consult") await phone.consult(number);
    else await phone.transferBlind(number);
    $("transfer").close();
    if (mode !== "consult") done(card);
    else model.card = card;
  } catch (error) {
    const why = error.cause?.data?.detail ?? (error.code ? word("phone", error.code) : error.message);
    fault(say("failed", { why }));
    if (card) ask("POST", `/api/cards/${card.id}/withdraw`, { reason: "telephone" }).catch(() => {});
  } finally {
    busy = false;
  }
}

function done(card) {
  const text = say("transfer_done", { number: card?.number ?? "" });
  toast(text);
  tell(text);
}

export const transferActions = {
  transfer: open,
  "transfer-blind": () => transfer("blind"),
  "transfer-consult": () => transfer("consult"),
};

export function startTransfer() {
  field = searchField($("transfer-search"), $("transfer-found"), {
    find,
    draw: (entry) => [
      h("span", {}, labelOf(entry), h("span", { class: "path", text: [word("", entry.kind) || words[entry.kind], entry.extension ?? shownNumber(entry.number)].filter(Boolean).join(" · ") })),
      presence(entry.presence),
    ],
    choose,
    always: true,
    empty: true,
  });
  phone.addEventListener("transferred", ({ detail }) => { if (detail.kind === "attended") done(model.card); });
  hear("card", (message) => {
    if (message.handover === "failed") toast(say("transfer_failed", { reason: word("failed", message.reason) }), "bad");
  });
  on(["call"], () => { if (!line() && $("transfer").open) $("transfer").close(); });
}
