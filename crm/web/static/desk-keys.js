// Keys, by where they are on the keyboard (so Thai or English input makes no difference), and what buttons do.
import { $ } from "./desk-dom.js";

/** `event.code` with the modifiers that must be held → action. None of them writes a letter or is the browser's own. */
export const KEYS = {
  F1: "help",
  F2: "answer",
  F4: "step",
  F8: "hold",
  F9: "end-or-finish",
  "Alt+KeyM": "mute",
  "Alt+KeyT": "transfer",
  "Alt+KeyK": "keypad",
  "Alt+KeyR": "recording",
  "Alt+KeyN": "focus-number",
  "Alt+KeyP": "pause",
  "Alt+KeyX": "extend",
  "Alt+KeyC": "focus-caller",
  "Alt+KeyS": "focus-subject",
  "Alt+KeyQ": "focus-question",
  "Alt+KeyA": "focus-answer",
  "Alt+KeyG": "focus-knowledge",
  "Alt+KeyB": "basket",
  "Control+Enter": "finish",
};
const IN_DIALOG = { F8: "transfer-consult", F9: "transfer-blind" };

function nameOf(event) {
  const held = [event.ctrlKey && "Control", event.altKey && "Alt", event.shiftKey && "Shift", event.metaKey && "Meta"];
  return [...held.filter(Boolean), event.code === "NumpadEnter" ? "Enter" : event.code].join("+");
}

/** While a dialog is open its own keys hold; a call that rings can be answered all the same. */
const inDialog = (dialog, name) => (dialog.id === "transfer" && IN_DIALOG[name]) || (name === "F2" ? KEYS.F2 : name === "F1" && dialog.id === "help" ? KEYS.F1 : null);
const writes = (element) => element.matches?.("input, textarea, select, [contenteditable]");

export function startKeys(actions) {
  const run = (name, event) => actions[name]?.(event);

  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const dialog = document.querySelector("dialog[open]");
    const name = nameOf(event);
    if (event.key === "?" && !writes(event.target) && !dialog) {
      event.preventDefault();
      run("help", event);
      return;
    }
    const action = dialog ? inDialog(dialog, name) : KEYS[name];
    if (!action) {
      if (dialog && name in KEYS) event.preventDefault(); // a browser's own F-keys stay quiet too
      return;
    }
    event.preventDefault();
    if (!event.repeat) run(action, event);
  }, { capture: true });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button && !button.disabled) run(button.dataset.action, event);
    const close = event.target.closest("[data-close]");
    if (close) $(close.dataset.close).close();
  });
}

export const dialogActions = {
  help() {
    const dialog = $("help");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  },
};
