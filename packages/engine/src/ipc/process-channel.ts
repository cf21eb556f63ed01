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
    onMessage: (listener) =>
      void child.on("message", (messages) => {
        // Only our own child writes to this pipe, and it speaks the version it greeted with; older ones sent no lists.
        for (const message of [messages].flat() as readonly ChildMessage[]) listener(message);
      }),
    onClose: (listener) => void child.once("exit", listener),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/**
 * The child's end. It closes when the host is gone, however the host ended. What is sent in one turn of the loop, such
 * as the tokens of all slots after a decode, goes as one message.
 */
export function childChannel(): Channel<ChildMessage, HostMessage> {
  let outbox: ChildMessage[] = [];
  const flush = () => {
    const messages = outbox;
    outbox = [];
    if (process.connected) process.send?.(messages, undefined, undefined, () => {});
  };
  return {
    send: (message) => {
      // After all promises that are about to settle.
      if (outbox.push(message) === 1) process.nextTick(flush);
    },
    onMessage: (listener) => void process.on("message", (message) => listener(message as HostMessage)),
    onClose: (listener) => void process.once("disconnect", listener),
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}
