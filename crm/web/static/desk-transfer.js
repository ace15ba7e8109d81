// Handing a call on (K3, K4): to whom, why, what was asked so far; the card is written first, so that it is never missing.
import { ask, toast } from "./office.js";
import { $, data, h, language, put, say, show, shownNumber, word, words } from "./desk-dom.js";
import { model, on, set, tell } from "./desk-model.js";
import { line, phone, presence } from "./desk-phone.js";
import { hear } from "./desk-stream.js";
import { searchField } from "./desk-search.js";

let to = null;
let field = null;
let busy = false;

const labelOf = (entry) => entry[`name_${language}`];
const lineOf = (entry) => [entry.kind_label, entry.office, entry.dial && (entry.extension ?? shownNumber(entry.number))].filter(Boolean).join(" · ");

function open() {
  if (!["talking", "held"].includes(line()?.phase) || model.phone.colleague) return;
  to = null;
  drawChosen();
  $("transfer-question").value = [$("f-question").value, $("f-answer").value].filter((text) => text.trim()).join("\n");
  field.clear();
  $("transfer").showModal();
  $("transfer-search").focus();
  field.search();
}

async function find(text, signal) {
  return (await ask("GET", `/api/directory?lang=${language}&q=${encodeURIComponent(text)}`, undefined, { signal })).entries;
}

function choose(entry) {
  to = entry;
  drawChosen();
  $("transfer-why").focus();
}

function drawChosen() {
  $("transfer-chosen").replaceChildren(...(to ? [h("b", { text: labelOf(to) }), h("span", { class: "path", text: lineOf(to) }), presence(to)] : ["–"]));
  show($("transfer-fault"), false);
  for (const id of ["transfer-blind", "transfer-consult"]) $(id).disabled = Boolean(to) && !to.dial;
}

function fault(text) {
  put($("transfer-fault"), text);
  show($("transfer-fault"), true);
  tell(text, true);
}

/** The card first, then the telephone: so that no transfer is without one. `mode`: blind, attended, null (card only). */
async function transfer(mode) {
  if (busy || !$("transfer").open) return;
  if (!to) {
    fault(words.transfer_choose_first);
    $("transfer-search").focus();
    return;
  }
  if (mode && !to.dial) return;
  busy = true;
  $("transfer").setAttribute("aria-busy", "true");
  let card = null;
  try {
    card = await ask("POST", `/api/cards?lang=${language}`, {
      contact_id: model.contact?.id ?? null,
      call_id: model.call?.call_id ?? null,
      caller_name: model.person?.display_name ?? "",
      to: to.to,
      why: $("transfer-why").selectedOptions[0].textContent,
      question: $("transfer-question").value,
      mode,
      without_call: !mode,
    });
    if (mode === "attended") await phone.consult(card.number_to_dial ?? to.dial);
    else if (mode) await phone.transferBlind(card.number_to_dial ?? to.dial);
    $("transfer").close();
    set({ card });
    if (mode !== "attended") done(card);
  } catch (error) {
    const why = error.cause?.data?.advice ?? (error.code ? word("phone", error.code) : error.data?.advice ?? error.message);
    fault(say("failed", { why: error.data?.detail?.advice ?? why }));
    if (card) withdraw(card);
  } finally {
    busy = false;
    $("transfer").removeAttribute("aria-busy");
  }
}

/** The caller was not handed on after all. */
function withdraw(card) {
  ask("POST", `/api/cards/${card.id}/withdraw`, { reason: words.card_withdrawn }).catch(() => {});
  set({ card: null });
}

function done(card) {
  const text = say("transfer_done", { number: card?.number ?? "" });
  toast(text);
  tell(text);
}

export const transferActions = {
  transfer: open,
  "transfer-blind": () => transfer("blind"),
  "transfer-consult": () => transfer("attended"),
  "transfer-card": () => transfer(null),
};

export function startTransfer() {
  field = searchField($("transfer-search"), $("transfer-found"), {
    find,
    draw: (entry) => [h("span", {}, labelOf(entry), h("span", { class: "path", text: lineOf(entry) })), presence(entry)],
    choose,
    always: true,
    empty: true,
  });
  phone.addEventListener("transferred", ({ detail }) => { if (detail.kind === "attended") done(model.card); });
  phone.addEventListener("consult", ({ detail }) => { if (detail.state === "ended" && model.card && phone.call && !["transferred"].includes(detail.cause)) withdraw(model.card); });
  hear("card", (message) => {
    const mine = message.agent === model.agent.extension || message.staff_id === data.me;
    if (mine && message.handover === "failed" && message.what !== "seen") cameBack(message);
  });
  on(["call"], () => { if (!line() && $("transfer").open) $("transfer").close(); });
}

/** Nobody took the caller: said once a card. */
function cameBack(message) {
  if (cameBack.told === message.id) return;
  cameBack.told = message.id;
  const text = say("transfer_failed", { reason: word("failed", message.reason ?? "unknown"), number: message.number });
  toast(text, "bad");
  tell(text, true);
}
