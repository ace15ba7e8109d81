// The desk, put together: each part draws itself when what it shows has changed.
import { drawAll } from "./desk-model.js";
import { callerActions, startCaller } from "./desk-caller.js";
import { deviceActions, startDevices } from "./desk-devices.js";
import { startIdle } from "./desk-idle.js";
import { dialogActions, startKeys } from "./desk-keys.js";
import { knowledgeActions, startKnowledge } from "./desk-knowledge.js";
import { line, phoneActions, startPhone } from "./desk-phone.js";
import { startMessages } from "./desk-messages.js";
import { recordActions, startRecord } from "./desk-record.js";
import { startState, stateActions } from "./desk-state.js";
import { recordingActions, startRecording } from "./desk-recording.js";
import { nextStep, startSteps } from "./desk-steps.js";
import { connect } from "./desk-stream.js";
import { startTransfer, transferActions } from "./desk-transfer.js";

const actions = {
  ...stateActions,
  ...phoneActions,
  ...callerActions,
  ...recordActions,
  ...transferActions,
  ...deviceActions,
  ...recordingActions,
  ...dialogActions,
  ...knowledgeActions,
  step: () => nextStep(),
  "end-or-finish": endOrFinish,
};

const PRESSED_TWICE_MILLISECONDS = 300; // the key that hangs up shall not save as well
let pressedAt = 0;

/** One key to the end: of the talk, of the call, of the work after it. */
function endOrFinish() {
  const twice = Date.now() - pressedAt < PRESSED_TWICE_MILLISECONDS;
  pressedAt = Date.now();
  if (line()) phoneActions.end();
  else if (!twice) recordActions.finish();
}

startState();
startSteps();
startCaller();
startRecord();
startTransfer();
startKnowledge();
startDevices();
startIdle({ openRecord: recordActions.open });
startKeys(actions);
startMessages();
startPhone();
startRecording();
drawAll();
connect();
