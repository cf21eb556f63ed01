import { childChannel } from "../ipc/process-channel.ts";
import { loadModel, probe } from "../llama/load-model.ts";
import { quantize } from "../llama/native/quantize.ts";
import { dispatch } from "./dispatch.ts";

/** The process of one loaded model. It ends when its host does: nothing may outlive the server. */
const channel = childChannel();
// Leaving in order would wait for a running decode, which may take many seconds.
channel.onClose(() => process.kill(process.pid, "SIGKILL"));
dispatch(channel, { load: loadModel, quantize, probe });
