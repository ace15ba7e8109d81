// The telephone's panel: what rings, what is said with, and the keys for it. The telephone itself is phone.js.
import { ask, toast } from "./office.js";
import { Phone } from "./phone.js";
import { $, data, h, language, length, put, say, show, shownNumber, word, words } from "./desk-dom.js";
import { change, eachTick, model, now, on, tell } from "./desk-model.js";
import { colleagueName, queueLabel } from "./desk-caller.js";
import { searchField } from "./desk-search.js";
import { isEnding, nextStep, showEnding } from "./desk-steps.js";

const OPEN = new Set(["ringing", "talking", "held"]);

export const phone = new Phone({ notice });

function notice(call) {
  const name = model.person?.display_name ?? call.name;
  return { title: say("announce_ringing", { who: shownNumber(call.number) }), body: [name, queueLabel(model.call?.queue)].filter(Boolean).join(" · ") };
}

/** What goes on on this agent's line, whichever telephone it is: null or {phase, number, name, since, held, queue}. */
export function line() {
  const own = model.phone.call;
  const told = model.call && OPEN.has(model.call.phase) ? model.call : null;
  if (own && (own.direction === "out" || !told)) {
    const phase = own.state === "talking" ? (own.held ? "held" : "talking") : own.state;
    return { phase, number: own.number, name: nameOf(own), since: own.talking_since ?? own.began, direct: true };
  }
  if (!told) return null;
  const phase = own?.state === "talking" && own.held ? "held" : told.phase;
  const since = Date.parse(told.answered_at ?? told.rang_at ?? told.arrived_at);
  return { phase, number: told.number, name: callerName(), since: own ? own.talking_since ?? since : since, direct: false };
}

const nameOf = (call) => (data.colleagues[call.number] ? colleagueName(call.number) : call.name);
const callerName = () => model.person?.display_name ?? (model.profile && !model.profile.people?.length ? words.new_caller : "");
/** The telephone in this page, and nowhere else, can do something with the call. */
const canAct = () => model.phone.kind === "desk" || (model.phone.kind === "browser" && model.phone.call !== null);

function draw() {
  const shown = line();
  const { phone: telephone } = model;
  $("line").dataset.phase = shown?.phase ?? "none";
  show($("line-call"), shown);
  show($("line-none"), !shown);
  if (!shown) drawEnded();
  if (shown) {
    put($("line-phase"), { ringing: words.ringing_in, calling: words.ringing_out, talking: words.talking, held: words.held }[shown.phase]);
    put($("line-who"), shown.name || shownNumber(shown.number));
    put($("line-number"), shown.name ? shownNumber(shown.number) : "");
  }
  drawKeys(shown?.phase, shown?.direct);
  drawConsult(telephone);
  put($("telephone-kind"), kindText(telephone));
  show($("devices-open"), telephone.kind === "browser");
  drawTime();
}

/** After the call: how long it was, and what the caller says of it. */
function drawEnded() {
  const { call, contact } = model;
  const ended = call?.phase === "ended" && contact?.call_id === call.call_id ? call : null;
  const talked = ended ? (Date.parse(ended.agent_ended_at ?? ended.ended_at) - Date.parse(ended.answered_at)) / 1000 : 0;
  put($("line-none-text"), ended ? `${words.ended} · ${say("talked", { time: length(talked) })}` : words.no_call);
  const { survey } = ended ?? {};
  put($("survey"), survey ? word("survey", survey) : "");
  $("survey").dataset.level = { impressed: "good", satisfied: "good", not_satisfied: "bad", asked: "info" }[survey] ?? "";
  show($("survey"), survey);
}

function kindText(telephone) {
  if (!model.agent.extension) return words.telephone_none;
  const kind = telephone.kind === "desk" ? words.telephone_desk : words.telephone_browser;
  const auto = telephone.autoAnswer ? ` · ${words.auto_answer_on}` : "";
  return `${kind} · ${model.agent.extension}${auto}`;
}

function drawKeys(phase, direct) {
  const act = canAct();
  const talking = phase === "talking" || phase === "held";
  show($("answer"), act && phase === "ringing");
  show($("reject"), act && phase === "ringing");
  for (const id of ["hold", "mute", "keypad-open", "transfer-open"]) show($(id), act && talking);
  show($("mute"), act && talking && model.phone.kind === "browser");
  show($("keypad-open"), act && talking && model.phone.kind === "browser");
  show($("end"), act && (talking || phase === "calling"));
  show($("keypad"), !$("keypad").hidden && talking);
  const held = phase === "held";
  $("hold").setAttribute("aria-pressed", String(held));
  put($("hold-text"), held ? words.resume : words.hold);
  $("mute").setAttribute("aria-pressed", String(model.phone.muted));
  put($("mute-text"), model.phone.muted ? words.unmute : words.mute);
  const straight = direct || isEnding();
  $("end").classList.toggle("now", isEnding());
  put($("end-text"), direct ? words.hang_up : straight ? words.end_now : words.end);
}

function drawConsult({ colleague, together }) {
  show($("consult"), colleague);
  if (!colleague) return;
  const name = nameOf(colleague) || shownNumber(colleague.number);
  const talking = colleague.state === "talking";
  put($("consult-text"), say(talking ? "consult_with" : "consult_calling", { name }));
  put($("consult-complete"), `${words.consult_complete} ${name}`);
  show($("consult-complete"), talking);
  show($("consult-swap"), talking);
  show($("consult-join"), talking && !together);
}

function drawTime() {
  const shown = line();
  if (!shown) return;
  const here = model.phone.call ? Date.now() : now();
  put($("line-time"), length((here - shown.since) / 1000));
}

/** Gives the telephone an order; says why when it cannot. */
async function order(what) {
  try {
    await what();
    return true;
  } catch (error) {
    const why = error.cause?.data?.advice ?? word("phone", error.code ?? "failed");
    toast(say("failed", { why }), "bad");
    tell(say("failed", { why }), true);
    return false;
  }
}

/** Calls a number, or an extension. */
export function dial(number) {
  const plain = number.startsWith("+66") ? `0${number.slice(3)}` : number.replace(/[^\d+*#]/g, "");
  if (plain) order(() => phone.dial(plain));
}

export const hangUp = () => order(() => phone.hangUp());

export const phoneActions = {
  answer: () => line()?.phase === "ringing" && order(() => phone.answer()),
  reject: () => line()?.phase === "ringing" && order(() => phone.reject()),
  hold: () => ["talking", "held"].includes(line()?.phase) && order(() => (line().phase === "held" ? phone.resume() : phone.hold())),
  mute: () => ["talking", "held"].includes(line()?.phase) && phone.mute(!model.phone.muted),
  keypad() {
    if ($("keypad-open").hidden) return;
    const open = $("keypad").hidden;
    show($("keypad"), open);
    $("keypad-open").setAttribute("aria-expanded", String(open));
    if (open) $("keypad").querySelector("button").focus();
  },
  /** The end of a caller's call in one key: the ending script first, then we hang up and the caller is asked. */
  end() {
    const shown = line();
    if (!shown || shown.phase === "ringing") return;
    if (shown.direct || isEnding()) {
      hangUp();
      return;
    }
    showEnding(true);
    nextStep("H7");
    tell($("script-text").textContent);
    draw();
  },
  "consult-complete": () => order(() => phone.completeTransfer()),
  "consult-swap": () => order(() => phone.swap()),
  "consult-join": () => order(() => phone.join()),
  "consult-back": () => order(() => phone.abandonConsult()),
  "take-over": () => order(() => phone.takeOver()),
  "focus-number": () => { $("dial-number").focus(); $("dial-number").select(); },
};

function startDialField() {
  const field = searchField($("dial-number"), $("dial-found"), {
    find: async (text, signal) => {
      const { entries } = await ask("GET", `/api/directory?lang=${language}&q=${encodeURIComponent(text)}&limit=8`, undefined, { signal });
      return entries.filter((entry) => entry.dial);
    },
    draw: (entry) => [h("span", {}, entry[`name_${language}`], h("span", { class: "path", text: entry.extension ?? shownNumber(entry.number) })), presence(entry)],
    choose: (entry) => { field.clear(); dial(entry.dial); },
  });
  $("dial").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("dial-number").value.trim();
    if (!/^[+*#]?[\d\s().-]+$/.test(text)) return;
    field.clear();
    dial(text);
  });
  $("dial-number").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && /^[+*#]?[\d\s().-]+$/.test(event.target.value.trim())) {
      event.stopImmediatePropagation();
      event.preventDefault();
      $("dial").requestSubmit();
    }
  }, { capture: true });
}

/** Whether somebody would pick up: a word and a colour. */
export function presence(entry) {
  if (!entry?.presence || entry.presence === "unknown") return h("span", { class: "small muted", text: entry?.label ?? "" });
  const level = { free: "good", busy: "near", away: "near", offline: "" }[entry.presence] ?? "";
  return h("span", { class: "badge", "data-level": level, text: entry.label });
}

function changed() {
  change("phone", {
    kind: phone.kind, line: phone.line, call: phone.call, colleague: phone.colleague, together: phone.together,
    muted: phone.muted, started: true, autoAnswer: phone.autoAnswer,
  });
}

export function startPhone() {
  phone.addEventListener("changed", changed);
  phone.addEventListener("waiting", ({ detail }) => toast(say("second_call_busy", { who: shownNumber(detail.number) })));
  phone.addEventListener("failure", ({ detail }) => toast(say("failed", { why: word("phone", detail.code) }), "bad"));
  phone.addEventListener("unregistered", ({ detail }) => change("phone", { microphone: detail.reason !== "no-microphone" }));
  phone.addEventListener("ended", ({ detail }) => {
    if (detail.cause === "no-microphone") change("phone", { microphone: false });
    else if (["busy", "no-answer", "not-permitted", "failed", "network"].includes(detail.cause)) toast(word("phone", detail.cause), "bad");
  });
  phone.addEventListener("answered", () => change("phone", { microphone: true }));
  phone.addEventListener("transfer-failed", () => toast(words["phone_transfer-failed"], "bad"));
  phone.addEventListener("blocked", () => toast(words.phone_blocked, "bad"));
  on(["phone", "call", "person", "profile", "agent", "contact"], draw);
  on(["call"], () => { if (!OPEN.has(model.call?.phase)) showEnding(false); });
  eachTick(drawTime);
  startDialField();
  $("keypad").addEventListener("click", (event) => {
    const { digit } = event.target.dataset;
    if (digit) order(() => phone.keypad(digit));
  });
  $("keypad").addEventListener("keydown", (event) => {
    if (/^[\d*#]$/.test(event.key)) order(() => phone.keypad(event.key));
    else if (event.key === "Escape") phoneActions.keypad();
  });
  document.addEventListener("click", (event) => {
    const called = event.target.closest("[data-call]");
    if (called) dial(called.dataset.call);
  });
  phone.start().then(() => {
    changed();
    if (phone.kind === "browser") openOthersBeside();
  });
}

/** Whoever leaves this page takes the telephone along: other pages open in tabs of their own, one each. */
function openOthersBeside() {
  for (const link of document.querySelectorAll(".bar-places a:not([aria-current]), a.bar-name")) {
    link.target = `hotline${new URL(link.href).pathname.replaceAll("/", "-")}`;
  }
}
