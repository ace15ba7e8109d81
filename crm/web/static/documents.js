// Files dropped or chosen are sent one after the other; each tells what became of it.

import { csrf } from "./office.js";
import { redrawn } from "./redrawn.js";

const drop = document.getElementById("drop");
const files = document.getElementById("files");
const brought = document.getElementById("brought");

async function bring(file) {
  const line = document.createElement("li");
  line.textContent = `${file.name}: ${drop.dataset.uploading}`;
  brought.append(line);
  try {
    const answer = await fetch(`/api/documents?lang=${document.documentElement.lang}`, {
      method: "POST",
      headers: { "X-CSRF-Token": csrf(), "X-File-Name": encodeURIComponent(file.name), Accept: "application/json" },
      body: file,
    });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      line.className = "fault";
      line.textContent = `${file.name}: ${told.advice ?? told.detail ?? answer.status}`;
      return;
    }
    const link = document.createElement("a");
    link.href = told.url;
    link.textContent = `${file.name}: ${drop.dataset.taken}`;
    line.replaceChildren(link);
  } catch (error) {
    line.className = "fault";
    line.textContent = `${file.name}: ${error.message}`;
  }
}

async function bringAll(list) {
  for (const file of list) await bring(file);
  redrawn("list");
}

if (drop) {
  files.addEventListener("change", () => bringAll([...files.files]));
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  drop.addEventListener("dragleave", () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    bringAll([...event.dataTransfer.files]);
  });
}
