// The page of one basket.
import { BasketView } from "./basket-view.js";

const { basket, words, language } = JSON.parse(document.getElementById("basket-data").textContent);
const view = new BasketView(document.getElementById("basket"), { contact: basket.contact_id, words, language, basket });
addEventListener("pagehide", () => view.flush());
addEventListener("focus", () => view.read());
