/** An opener that waits longer than this for its closer is taken to be text. */
const maxWait = 400;

/**
 * How much of a line's beginning means the same whatever comes next: everything before the first mark (`**`, `` ` ``, `[`
 * …) that may still be closed.
 */
export function safeInlineLength(text: string): number {
  for (let at = 0; at < text.length; ) {
    const end = spanEnd(text, at);
    if (end === "open") {
      if (text.length - at <= maxWait) return at;
      at += 1;
    } else at = end;
  }
  return text.length;
}

/** Index behind the span or character at `at`, or `open` where only what follows can tell. */
function spanEnd(text: string, at: number): number | "open" {
  const character = text.charAt(at);
  switch (character) {
    case "\\":
      return at + 1 < text.length ? at + 2 : "open";
    case "`":
      return codeEnd(text, at);
    case "*":
    case "_":
    case "~":
      return emphasisEnd(text, at, character);
    case "!":
      return at + 1 < text.length ? at + 1 : "open";
    case "[":
      return linkEnd(text, at);
    case "<":
      return angleEnd(text, at);
    default:
      return at + 1;
  }
}

function runEnd(text: string, at: number): number {
  let end = at;
  while (text.charAt(end) === text.charAt(at)) end++;
  return end;
}

function codeEnd(text: string, at: number): number | "open" {
  const contentStart = runEnd(text, at);
  if (contentStart === text.length) return "open";
  for (let from = contentStart; from < text.length; ) {
    const start = text.indexOf("`", from);
    if (start < 0) return "open";
    const end = runEnd(text, start);
    // The run at the very end may still grow into one of another length.
    if (end - start === contentStart - at) return end < text.length ? end : "open";
    from = end;
  }
  return "open";
}

function emphasisEnd(text: string, at: number, mark: string): number | "open" {
  const start = runEnd(text, at);
  if (start === text.length) return "open";
  const before = at > 0 ? text.charAt(at - 1) : " ";
  const opens = !/\s/.test(text.charAt(start)) && !(mark === "_" && /[\p{L}\p{N}]/u.test(before));
  if (!opens) return start;
  for (let from = start; from < text.length; ) {
    const close = text.indexOf(mark, from);
    if (close < 0) return "open";
    const end = runEnd(text, close);
    const closes = !/\s/.test(text.charAt(close - 1)) && end - close >= start - at;
    if (closes) return end < text.length ? end : "open";
    from = end;
  }
  return "open";
}

function linkEnd(text: string, at: number): number | "open" {
  const label = text.indexOf("]", at);
  if (label < 0 || label + 1 === text.length) return "open";
  if (text.charAt(label + 1) !== "(") return label + 1;
  const target = text.indexOf(")", label);
  if (target < 0) return "open";
  return target + 1 < text.length ? target + 1 : "open";
}

/** `<https://…>` and tags are shown as they are, but must not be cut inside. */
function angleEnd(text: string, at: number): number | "open" {
  if (at + 1 === text.length) return "open";
  if (!/[a-zA-Z/!]/.test(text.charAt(at + 1))) return at + 1;
  const end = text.indexOf(">", at);
  return end < 0 ? "open" : end + 1;
}
