// Report pages: a choice shows at once; lost callers are called back from their list.
import { ask, toast } from "./office.js";

const form = document.querySelector("form.report-choice");
// The button stays for those without a mouse that changes things by itself: a select changed by keys waits for it.
form?.addEventListener("change", (event) => {
  if (event.target.matches("select") && !form.dataset.keys) form.requestSubmit();
});
form?.addEventListener("keydown", () => { form.dataset.keys = "yes"; });
form?.addEventListener("pointerdown", () => { delete form.dataset.keys; });

const table = document.querySelector("table[data-calling]");
table?.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-call]");
  if (!button) return;
  button.disabled = true;
  try {
    // So that nobody else calls the same person; a call that is long ago has no task any more.
    await ask("POST", `/api/inbox/missed/${encodeURIComponent(button.dataset.task)}/take`).catch((error) => {
      if (error.status !== 404) throw error;
    });
    await ask("POST", "/api/telephone/dial", { number: button.dataset.call });
    toast(table.dataset.calling);
  } catch (error) {
    toast(table.dataset.failed.replace("{why}", error.data?.advice ?? error.message), "bad");
  } finally {
    button.disabled = false;
  }
});
