// A second person agrees to what is sensitive, or says why not.
import { ask, toast } from "./office.js";

const READ_MILLISECONDS = 15000;
const writes = () => [...document.querySelectorAll(".second input")].some((input) => input.value);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-agrees]");
  if (!button) return;
  const card = button.closest(".second");
  const why = card.querySelector("input");
  const agrees = button.dataset.agrees === "yes";
  if (!agrees && !why.value.trim()) {
    why.focus();
    return;
  }
  try {
    await ask("POST", `/api/basket/${card.dataset.contact}/items/${card.dataset.item}/second`, { agrees, why: why.value });
    card.remove();
  } catch (error) {
    toast(error.data?.detail ?? error.message, "bad");
  }
});

setInterval(() => { if (!document.hidden && !writes() && !document.querySelector(".second details[open]")) location.reload(); }, READ_MILLISECONDS);
