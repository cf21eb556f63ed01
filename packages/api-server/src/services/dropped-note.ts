/** Our addition to the last object of a reply: messages were left out of the prompt to fit the context. */
export interface DroppedNote {
  readonly puna?: { readonly dropped_messages: number };
}

export function droppedNote(droppedMessages: number): DroppedNote {
  return droppedMessages > 0 ? { puna: { dropped_messages: droppedMessages } } : {};
}
