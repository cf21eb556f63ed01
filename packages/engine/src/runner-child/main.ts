import { childChannel } from "../ipc/process-channel.ts";
import { loadModel } from "../llama/load-model.ts";
import { dispatch } from "./dispatch.ts";

/** The process of one loaded model. It ends when its host does: nothing may outlive the server. */
const channel = childChannel();
channel.onClose(() => process.exit(0));
dispatch(channel, (spec) => loadModel(spec, (message) => process.stderr.write(`${message}\n`)));
