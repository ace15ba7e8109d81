// A field that finds while one types: arrows choose, Enter takes, Escape closes. Told to screen readers as a combobox.
import { data, h, show } from "./desk-dom.js";
import { steady } from "./steady-list.js";

const PAUSE_MILLISECONDS = 120;

/**
 * `find(text, signal)` gives items (or a promise of them), `draw(item)` the nodes of one, `choose(item)` takes one.
 * `always`: the list stays open, as in a dialog. `empty`: what is found before anything is typed.
 */
export function searchField(input, list, { find, draw, choose, always = false, empty = false }) {
  let items = [];
  let at = -1;
  let timer = null;
  let running = null;
  let chosen = null; // what the arrows went to stays chosen when the list is drawn anew
  const redraw = steady(list);

  function open(visible) {
    if (always) return;
    show(list, visible);
    input.setAttribute("aria-expanded", String(visible));
    if (!visible) {
      chosen = null;
      mark(-1);
    }
  }

  function mark(index) {
    at = index;
    for (const [number, element] of [...list.querySelectorAll('[role="option"]')].entries()) {
      element.setAttribute("aria-selected", String(number === at));
      if (number === at) {
        input.setAttribute("aria-activedescendant", element.id);
        element.scrollIntoView({ block: "nearest" });
      }
    }
    if (at < 0) input.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    const item = items[index];
    if (item === undefined) return;
    open(false);
    choose(item);
  }

  function drawList(found) {
    items = found;
    list.replaceChildren(...found.map((item, index) => h("li", {
      role: "option", id: `${list.id}-${index}`, "aria-selected": "false",
      onpointerdown: (event) => event.preventDefault(), // the field keeps the focus
      onclick: () => take(index),
    }, ...draw(item))));
    if (!found.length) list.append(h("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false", text: data.common.nothing_found }));
    const again = chosen === null ? -1 : found.findIndex((item) => JSON.stringify(item) === chosen);
    mark(found.length ? Math.max(0, again) : -1);
    open(true);
  }

  async function search() {
    const text = input.value.trim();
    running?.abort();
    if (!text && !empty) {
      items = [];
      list.replaceChildren();
      open(false);
      return;
    }
    running = new AbortController();
    const mine = running;
    try {
      const found = await find(text, mine.signal);
      redraw(() => { if (mine === running) drawList(found); });
    } catch (error) {
      if (error.name !== "AbortError") redraw(() => drawList([]));
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MILLISECONDS);
  });
  input.addEventListener("focus", () => { if (empty) search(); });
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!items.length) return;
      if (!always && list.hidden) open(true);
      mark((at + (event.key === "ArrowDown" ? 1 : items.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % items.length);
      chosen = JSON.stringify(items[at]);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.altKey) {
      if (always || !list.hidden) {
        event.preventDefault();
        clearTimeout(timer);
        if (at >= 0) take(at);
        else search();
      }
    } else if (event.key === "Escape" && !always && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      open(false);
    }
  });
  return { search, clear: () => { input.value = ""; items = []; list.replaceChildren(); open(false); } };
}
