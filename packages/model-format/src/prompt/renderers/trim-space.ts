/**
 * White space as Go's unicode.IsSpace has it: unlike JavaScript's it counts U+0085 and not U+FEFF.
 * @source Go strings.TrimSpace, which the reference uses wherever a chat template says `trim`
 */
const space = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leading = /* @__PURE__ */ new RegExp(`^${space}+`);
const beyondAscii = /* @__PURE__ */ new RegExp(`^${space}$`);

export function trimSpace(text: string): string {
  return trimSpaceEnd(text.replace(leading, ""));
}

export function trimSpaceEnd(text: string): string {
  // Walked from the end: a pattern anchored there would be quadratic on long runs of blanks inside.
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** @param character  one code unit, or "" */
export function isSpace(character: string): boolean {
  const unit = character.charCodeAt(0);
  // Asked for every character of long runs of blanks: a pattern would take twenty times as long.
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return beyondAscii.test(character);
}

/** Without leading line feeds. */
export function trimNewlinesStart(text: string): string {
  return text.replace(/^\n+/, "");
}

/** Without line feeds at the end. */
export function trimNewlinesEnd(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === "\n") end -= 1;
  return text.slice(0, end);
}
