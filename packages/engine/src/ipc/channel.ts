/** One end of a conversation between host and child. Messages arrive whole and in order, or the channel closes. */
export interface Channel<TOut, TIn> {
  send(message: TOut): void;
  onMessage(listener: (message: TIn) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
