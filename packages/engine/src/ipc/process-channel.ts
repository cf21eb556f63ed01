import type { ChildProcess } from "node:child_process";
import type { Channel } from "./channel.ts";
import type { ChildMessage, HostMessage } from "./messages.ts";

/** The host's end: a child started with an IPC pipe and advanced serialization. */
export function hostChannel(child: ChildProcess): Channel<HostMessage, ChildMessage> {
  return {
    send: (message) => {
      // A child that just died makes send fail; its exit event tells the requests.
      if (child.connected) child.send(message, () => {});
    },
    // Only our own child writes to this pipe, and it speaks the version it greeted with.
    onMessage: (listener) => void child.on("message", (message) => listener(message as ChildMessage)),
    onClose: (listener) => void child.once("exit", listener),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/** The child's end. It closes when the host is gone, however the host ended. */
export function childChannel(): Channel<ChildMessage, HostMessage> {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    onMessage: (listener) => void process.on("message", (message) => listener(message as HostMessage)),
    onClose: (listener) => void process.once("disconnect", listener),
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}
