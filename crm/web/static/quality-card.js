// The designer of a score card: sections with weights, items with points, fatal ones. Nothing is kept until "save".
import { h } from "./elements.js";
import { ask } from "./office.js";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("card-data").textContent);
const { words } = data;
const card = { name_th: data.name_th, name_en: data.name_en, active: data.active, form: data.form };
const keyed = () => `item-${crypto.randomUUID().slice(0, 8)}`;
let dirty = false;

let labels = 0;
function field(label, of, name, props = {}) {
  const id = `q-${labels++}`;
  const check = props.type === "checkbox";
  const input = h("input", { id, ...props, ...(check ? { checked: of[name] } : { value: of[name] }) });
  input.addEventListener("input", () => {
    of[name] = check ? input.checked : props.type === "number" ? Number(input.value) : input.value;
    changed();
  });
  return check ? h("label", { class: "check" }, input, label) : h("div", {}, h("label", { for: id, text: label }), input);
}

function changed() {
  dirty = true;
  $("kept").textContent = "";
}

function move(list, index, by) {
  const to = index + by;
  if (to < 0 || to >= list.length) return;
  list.splice(to, 0, ...list.splice(index, 1));
  changed();
  draw();
}

function handles(list, index, name) {
  return h("div", { class: "row" },
    h("button", { type: "button", "aria-label": `${words.up} ${name}`, text: "↑", disabled: index === 0, onclick: () => move(list, index, -1) }),
    h("button", { type: "button", "aria-label": `${words.down} ${name}`, text: "↓", disabled: index === list.length - 1, onclick: () => move(list, index, 1) }),
    h("button", { type: "button", class: "danger", "aria-label": `${words.remove} ${name}`, text: "×", disabled: list.length === 1, onclick: () => { list.splice(index, 1); changed(); draw(); } }));
}

function itemLine(items, item, index) {
  return h("div", { class: "qa-line" },
    field(words.text_th, item, "th", { maxlength: 300, lang: "th" }),
    field(words.text_en, item, "en", { maxlength: 300, lang: "en" }),
    field(words.points, item, "points", { type: "number", min: 1, max: 10 }),
    field(words.fatal, item, "fatal", { type: "checkbox" }),
    handles(items, index, item[data.language]));
}

function sectionCard(section, index) {
  const sections = card.form.sections;
  return h("section", { class: "card qa-section", "aria-label": section[data.language] },
    h("div", { class: "qa-line" },
      field(`${words.section} – ${words.text_th}`, section, "th", { maxlength: 300, lang: "th" }),
      field(words.text_en, section, "en", { maxlength: 300, lang: "en" }),
      field(words.weight, section, "weight", { type: "number", min: 1, max: 100 }),
      h("span"),
      handles(sections, index, section[data.language])),
    ...section.items.map((item, n) => itemLine(section.items, item, n)),
    h("div", {}, h("button", {
      type: "button", text: words.add_item,
      onclick: () => { section.items.push({ key: keyed(), th: words.new_item_th, en: words.new_item_en, points: 1, fatal: false }); changed(); draw(); },
    })));
}

function draw() {
  $("designer").replaceChildren(
    h("div", { class: "card fields" },
      field(words.name_th, card, "name_th", { maxlength: 120, lang: "th" }),
      field(words.name_en, card, "name_en", { maxlength: 120, lang: "en" }),
      field(words.active, card, "active", { type: "checkbox" })),
    ...card.form.sections.map(sectionCard));
}

async function keep() {
  try {
    await ask("PUT", `/api/quality/cards/${data.id}`, card);
    dirty = false;
    $("kept").className = "muted";
    $("kept").textContent = words.kept;
    return true;
  } catch (error) {
    const why = error.data?.detail?.[0]?.msg ?? error.message;
    $("kept").className = "fault";
    $("kept").textContent = words.not_kept.replace("{why}", why);
    return false;
  }
}

$("add-section").addEventListener("click", () => {
  card.form.sections.push({ th: words.new_section_th, en: words.new_section_en, weight: 10, items: [{ key: keyed(), th: words.new_item_th, en: words.new_item_en, points: 1, fatal: false }] });
  changed();
  draw();
});
$("keep").addEventListener("click", keep);
$("designer").addEventListener("submit", (event) => event.preventDefault());
$("publish").addEventListener("submit", async (event) => {
  if (!dirty) return;
  event.preventDefault();
  if (await keep()) event.target.submit();
});
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
draw();
