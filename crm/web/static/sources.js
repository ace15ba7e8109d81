// One key calls the officer with the own telephone, or hands the caller on (K2, K3).

import { ask, toast } from "./office.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-dial], [data-transfer]");
  if (!button) return;
  const transfer = button.dataset.transfer;
  button.disabled = true;
  try {
    if (transfer) await ask("POST", "/api/telephone/transfer", { to: transfer });
    else await ask("POST", "/api/telephone/dial", { number: button.dataset.dial });
    toast(button.textContent.trim());
  } catch (failed) {
    toast(failed.message, "bad");
  } finally {
    button.disabled = false;
  }
});
