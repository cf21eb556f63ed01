import type { Channel } from "../../src/ipc/channel.ts";

/** Two ends of a conversation in one process. Messages are copied, as between processes. */
export function memoryChannel<TOne, TOther>(): {
  readonly one: Channel<TOne, TOther>;
  readonly other: Channel<TOther, TOne>;
} {
  const first = end<TOne>();
  const second = end<TOther>();
  const close = () => {
    first.close();
    second.close();
  };
  return {
    one: { send: first.send, onMessage: second.onMessage, onClose: first.onClose, close },
    other: { send: second.send, onMessage: first.onMessage, onClose: second.onClose, close },
  };
}

function end<TMessage>() {
  let listener: ((message: TMessage) => void) | undefined;
  let closed = false;
  const waiting: TMessage[] = [];
  const closers: (() => void)[] = [];
  return {
    send: (message: TMessage) => {
      if (closed) return;
      const copy = structuredClone(message);
      queueMicrotask(() => (listener === undefined ? waiting.push(copy) : listener(copy)));
    },
    onMessage: (next: (message: TMessage) => void) => {
      listener = next;
      for (const message of waiting.splice(0)) next(message);
    },
    onClose: (closer: () => void) => void closers.push(closer),
    close: () => {
      if (closed) return;
      closed = true;
      for (const closer of closers) closer();
    },
  };
}
