/** What a message's header says; empty where it says nothing. */
interface HarmonyHeader {
  readonly channel: string;
  readonly recipient: string;
}

const constrain = "<|constrain|>";
const channelTag = "<|channel|>";

/**
 * Reads `role<|channel|>name to=recipient <|constrain|>json`; the recipient may also stand before the
 * channel or in place of the role.
 */
export function readHarmonyHeader(source: string): HarmonyHeader {
  const text = source.replace(constrain, ` ${constrain}`);
  const at = text.indexOf(channelTag);
  const after = at === -1 ? "" : text.slice(at + channelTag.length);
  const channel = at === -1 ? "" : (/^\S*/.exec(after)?.[0] ?? "");
  const words = (at === -1 ? text : text.slice(0, at) + after.slice(channel.length))
    .split(/\s+/)
    .filter(Boolean);
  const recipient = words.slice(0, 2).find((word) => word.startsWith("to=")) ?? "";
  return { channel, recipient: recipient.slice("to=".length) };
}
