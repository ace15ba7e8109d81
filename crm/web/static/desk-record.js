// What is written down: fields of the caller and of the record, saved while they are typed.
import { toast } from "./office.js";
import { $, put, say, show, words } from "./desk-dom.js";
import { model, on, secondsSince, tell } from "./desk-model.js";

const FINISH_AFTER_SECONDS = 1; // so that the key that hung up does not save as well

function draw() {
  const { contact } = model;
  show($("form"), contact);
  if (!contact) return;
  const inWrapUp = model.state.state === "wrap_up";
  put($("finish-text"), inWrapUp ? words.save_ready : words.save_close);
}

function finish() {
  if (!model.contact) return;
  toast(words.finished);
  tell(words.finished);
}

const focus = (id) => { $(id).focus(); $(id).select?.(); };

export const recordActions = {
  finish,
  "finish-by-key": () => secondsSince(model.state.since) > FINISH_AFTER_SECONDS && finish(),
  "keep-draft": () => say(""),
  "focus-caller": () => focus("f-first_name"),
  "focus-subject": () => focus("f-topic"),
  "focus-question": () => focus("f-question"),
  "focus-answer": () => focus("f-answer"),
};

export function startRecord() {
  on(["contact", "state"], draw);
}
