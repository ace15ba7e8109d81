// Administration: ask before what cannot be undone, copy, show fields that belong to a choice. All of it works without.

const dialog = document.getElementById("confirm");

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    document.getElementById("confirm-text").textContent = form.dataset.confirm;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit();
    }, { once: true });
    dialog.showModal();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const text = source.value || source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not over https: select it, so that Ctrl-C does
      const range = document.createRange();
      if (source.select) source.select();
      else {
        range.selectNodeContents(source);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
      }
      return;
    }
    button.textContent = button.dataset.said;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

for (const select of document.querySelectorAll("[data-shows]")) {
  const [id, value] = select.dataset.shows.split(":");
  const show = () => { document.getElementById(id).hidden = select.value !== value; };
  select.addEventListener("change", show);
  show();
}

for (const select of document.querySelectorAll(".matrix select")) {
  const before = select.value;
  select.addEventListener("change", () => {
    select.classList.toggle("changed", select.value !== before);
    select.classList.toggle("answers", select.value !== "");
  });
}

document.querySelector(".admin-places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
