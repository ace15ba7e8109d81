// Microphone, speaker, ring tone: chosen and tried out.
import { toast } from "./office.js";
import { $, h, put, say, word, words } from "./desk-dom.js";
import { phone } from "./desk-phone.js";

let endTest = null;

function fill(select, devices, chosen) {
  select.replaceChildren(
    h("option", { value: "", text: words.default_device }),
    ...devices.filter((device) => device.id && device.id !== "default").map((device) => h("option", { value: device.id, text: device.label || device.id })),
  );
  select.value = chosen ?? "";
}

function drawNotify() {
  const state = "Notification" in window ? Notification.permission : "denied";
  put($("notify"), { granted: words.notify_allowed, denied: words.notify_denied }[state] ?? words.notify_allow);
  $("notify").disabled = state !== "default";
}

async function open() {
  const dialog = $("devices");
  if (!dialog.open) dialog.showModal();
  drawNotify();
  try {
    endTest?.();
    endTest = await phone.testMicrophone((level) => { $("microphone-level").value = level; });
  } catch (error) {
    toast(say("failed", { why: word("phone", error.code ?? "no-microphone") }), "bad");
  }
  const { microphones, speakers } = await phone.devices();
  fill($("device-microphone"), microphones, phone.settings.microphone);
  fill($("device-speaker"), speakers, phone.settings.speaker);
  fill($("device-ring"), speakers, phone.settings.ringer);
}

export const deviceActions = {
  devices: open,
  "test-speaker": () => phone.testSpeaker(),
  "test-ring": () => phone.testRinger(),
  async notify() {
    await phone.allow();
    drawNotify();
  },
};

export function startDevices() {
  $("device-microphone").addEventListener("change", async (event) => {
    phone.choose({ microphone: event.target.value });
    await open();
  });
  $("device-speaker").addEventListener("change", (event) => phone.choose({ speaker: event.target.value }));
  $("device-ring").addEventListener("change", (event) => phone.choose({ ringer: event.target.value }));
  $("devices").addEventListener("close", () => { endTest?.(); endTest = null; });
}
