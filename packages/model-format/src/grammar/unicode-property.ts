import { type CharacterRange, type CharacterSet, characterSet } from "./characters.ts";

const known = new Map<string, CharacterSet | undefined>();

/**
 * The characters with a Unicode property such as `L` or `Script=Greek`, asked of the platform's own
 * regular expressions once for each name.
 */
export function unicodeProperty(name: string): CharacterSet | undefined {
  if (!known.has(name)) known.set(name, findCharacters(name));
  return known.get(name);
}

function findCharacters(name: string): CharacterSet | undefined {
  // The name goes into a pattern of its own: nothing but a property name may stand in it.
  if (!/^[A-Za-z0-9_]+(=[A-Za-z0-9_]+)?$/.test(name)) return undefined;
  let matcher: RegExp;
  try {
    matcher = new RegExp(`^\\p{${name}}$`, "u");
  } catch {
    return undefined;
  }
  const ranges: CharacterRange[] = [];
  let start = -1;
  for (let code = 0; code <= 0x110000; code += 1) {
    const matches =
      code < 0x110000 && (code < 0xd800 || code > 0xdfff) && matcher.test(String.fromCodePoint(code));
    if (matches && start === -1) start = code;
    if (!matches && start !== -1) {
      ranges.push([start, code - 1]);
      start = -1;
    }
  }
  return characterSet(ranges);
}
