import { EngineError } from "../errors.ts";
import type { Channel } from "../ipc/channel.ts";
import {
  type ChildMessage,
  type EngineProbe,
  type HostMessage,
  type IpcError,
  ipcVersion,
  type QuantizeSpec,
  type RunnerHealth,
  type RunnerSpec,
} from "../ipc/messages.ts";
import type { DriverModel } from "./driver.ts";
import { ownMemory } from "./own-memory.ts";

export interface RunnerWork {
  load(spec: RunnerSpec): Promise<DriverModel>;
  quantize(spec: QuantizeSpec): Promise<void>;
  probe(): Promise<EngineProbe>;
}

/**
 * Serves one host: loads the model it names and answers its requests until the channel closes.
 * Requests run side by side; each ends with exactly one `done` or `failed`.
 */
export function dispatch(channel: Channel<ChildMessage, HostMessage>, work: RunnerWork): void {
  let model: DriverModel | undefined;
  const running = new Map<number, AbortController>();

  const loaded = (): DriverModel => {
    if (model === undefined)
      throw new EngineError("INTERNAL", "The runner was asked before it loaded a model.");
    return model;
  };

  const answer = async (message: HostMessage, signal: AbortSignal): Promise<unknown> => {
    switch (message.type) {
      case "load":
        model = await work.load(message.spec);
        return model.facts;
      case "health":
        return { steps: model?.steps ?? 0, memoryBytes: ownMemory() } satisfies RunnerHealth;
      case "tokenize":
        return loaded().tokenize(message.text, message.addSpecial);
      case "detokenize":
        return loaded().detokenize(message.tokens);
      case "embed":
        return loaded().embed(message.inputs, signal);
      case "probe":
        return work.probe();
      case "retire":
        return model?.retire();
      case "quantize":
        return work.quantize(message);
      case "rank":
        return loaded().rank(message.query, message.documents, signal);
      case "complete":
        for await (const event of loaded().complete(message.request, message.turn, signal)) {
          channel.send({ type: "event", id: message.id, event });
        }
        return undefined;
      case "cancel":
        return undefined;
      default:
        return message satisfies never;
    }
  };

  const serve = async (message: HostMessage): Promise<void> => {
    if (message.type === "cancel") {
      running.get(message.id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(message.id, controller);
    try {
      const value = await answer(message, controller.signal);
      channel.send({ type: "done", id: message.id, value });
    } catch (error) {
      channel.send({ type: "failed", id: message.id, error: toIpcError(error, controller.signal) });
    } finally {
      running.delete(message.id);
    }
  };

  channel.onMessage((message) => void serve(message));
  channel.send({ type: "hello", version: ipcVersion });
}

function toIpcError(error: unknown, signal: AbortSignal): IpcError {
  if (EngineError.is(error)) return { code: error.code, message: error.message, details: error.details };
  if (signal.aborted) return { code: "ABORTED", message: "the request was cancelled", details: {} };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message, details: {} };
}
