// The supervisor's own telephone on the console: in the page when it is a browser's, told of when it stands beside it.
import { Phone } from "./phone.js";
import { toast } from "./office.js";
import { byId, data, put, words } from "./console-picture.js";

export async function startPhone() {
  const shown = byId("phone");
  if (!data.me.extension) {
    put(shown, words.phone_none);
    return;
  }
  if (data.me.phone !== "browser") {
    put(shown, words.phone_desk.replace("{extension}", data.me.extension));
    return;
  }
  const phone = new Phone();
  const drawPhone = () => {
    const { state } = phone.line;
    put(shown, `${data.me.extension} · ${words[{ registered: "phone_ready", elsewhere: "phone_elsewhere" }[state] ?? "phone_away"]}`);
    byId("phone-here").hidden = state !== "elsewhere";
  };
  phone.addEventListener("changed", drawPhone);
  phone.addEventListener("blocked", () => (byId("phone-allow").hidden = false));
  phone.addEventListener("failure", ({ detail }) => detail.code === "no-microphone" && (byId("phone-allow").hidden = false));
  byId("phone-here").addEventListener("click", () => phone.takeOver().catch(() => toast(words.failed, "bad")));
  byId("phone-allow").addEventListener("click", async () => {
    await phone.allow().catch(() => toast(words.failed, "bad"));
    byId("phone-allow").hidden = true;
  });
  await phone.start().catch(() => {});
  drawPhone();
}
