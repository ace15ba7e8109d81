// A table of dealers is checked line by line before anything is imported.

import { csrf } from "./office.js";
import { redrawn } from "./redrawn.js";

const MOST_SHOWN = 1000; // more are not told, as in crm/dealers/work.py
const part = document.getElementById("import");
const table = document.getElementById("table");
const told = document.getElementById("told");
const apply = document.getElementById("apply");
const faults = document.getElementById("faults");

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

async function send(file, now) {
  apply.hidden = faults.hidden = true;
  told.className = "";
  told.textContent = part.dataset.checking;
  let answer;
  try {
    answer = await fetch(`/api/dealers/import?lang=${document.documentElement.lang}${now ? "&apply=true" : ""}`, {
      method: "POST",
      headers: { "X-CSRF-Token": csrf(), "X-File-Name": encodeURIComponent(file.name), Accept: "application/json" },
      body: file,
    });
  } catch (error) {
    told.textContent = error.message;
    return;
  }
  const said = await answer.json().catch(() => ({}));
  if (said.lines === undefined) {
    told.className = "fault";
    told.textContent = said.advice ?? said.detail ?? `status ${answer.status}`;
    return;
  }
  told.textContent = filled(said.applied ? part.dataset.applied : part.dataset.preview, said);
  if (said.bad_lines) told.textContent += ` — ${part.dataset.mend}`;
  else apply.hidden = said.applied;
  if (said.faults.length >= MOST_SHOWN) told.textContent += ` · ${filled(part.dataset.first, { count: said.faults.length })}`;
  showFaults(said.faults);
  if (said.applied) for (const id of ["list", "how-many"]) redrawn(id);
}

function showFaults(list) {
  faults.hidden = list.length === 0;
  faults.querySelector("tbody").replaceChildren(
    ...list.map((fault) => {
      const row = document.createElement("tr");
      const words = part.getAttribute(`data-fault-${fault.code}`) ?? fault.code;
      const column = part.getAttribute(`data-field-${fault.field}`) ?? fault.field;
      for (const text of [fault.line, column, words, fault.value]) row.insertCell().textContent = String(text);
      return row;
    }),
  );
}

if (part) {
  table.addEventListener("change", () => table.files[0] && send(table.files[0], false));
  apply.addEventListener("click", () => send(table.files[0], true));
}
