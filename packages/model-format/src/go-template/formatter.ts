import { rejoin, toBytes } from "./bytes.ts";
import { limitReached } from "./errors.ts";
import { formatFloat } from "./format-number.ts";
import { canBackquote, isPrintable, quote, quoteCharacter } from "./quote.ts";

/** The flags, width and precision of one verb. */
export interface Flags {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v` */
  plusV: boolean;
  /** `%#v` */
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

export function noFlags(): Flags {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
    width: undefined,
    precision: undefined,
  };
}

/** Nothing that is printed may be longer: far more than a prompt, far less than a string can hold. */
const maxLength = 8 << 20;

/** Scalars as Go's fmt lays them out, one behind the other. */
export class Formatter {
  flags = noFlags();
  #out = "";

  get text(): string {
    return this.#out;
  }

  write(text: string): void {
    this.#out += text;
    if (this.#out.length > maxLength) throw limitReached("it printed too much");
  }

  pad(text: string): void {
    const { width = 0, minus } = this.flags;
    if (width === 0) {
      this.write(text);
      return;
    }
    const missing = width - characterCount(text);
    if (missing <= 0) {
      this.write(text);
      return;
    }
    this.write(minus ? text + " ".repeat(missing) : (this.flags.zero ? "0" : " ").repeat(missing) + text);
  }

  /** Pads with blanks even where zeros are asked for. */
  padWithBlanks(text: string): void {
    const { zero } = this.flags;
    this.flags.zero = false;
    this.pad(text);
    this.flags.zero = zero;
  }

  string(text: string): void {
    this.pad(this.#cut(text));
  }

  quoted(text: string): void {
    const cut = this.#cut(text);
    this.pad(this.flags.sharp && canBackquote(cut) ? `\`${cut}\`` : quote(cut, this.flags.plus));
  }

  /** `%x` of text or bytes. */
  hexadecimal(source: string | Uint8Array, isUpper: boolean): void {
    const { precision, sharp, space } = this.flags;
    const bytes = typeof source === "string" ? toBytes(source) : source;
    const pairs = Array.from(bytes.subarray(0, precision), (byte) => byte.toString(16).padStart(2, "0"));
    const digits = space ? pairs.join(sharp ? " 0x" : " ") : pairs.join("");
    const text = sharp && pairs.length > 0 ? `0x${digits}` : digits;
    this.pad(isUpper ? text.toUpperCase() : text);
  }

  /** A whole number in a base, with sign and prefix. */
  integer(value: bigint, base: 2 | 8 | 10 | 16, verb: string): void {
    const { flags } = this;
    const isNegative = value < 0n;
    const size = isNegative ? -value : value;
    if (flags.precision === 0 && size === 0n) {
      this.padWithBlanks("");
      return;
    }
    let count = flags.precision ?? 0;
    if (flags.precision === undefined && flags.zero && !flags.minus && flags.width !== undefined) {
      count = flags.width - (isNegative || flags.plus || flags.space ? 1 : 0);
    }
    let text = size.toString(base).padStart(count, "0");
    if (flags.sharp) {
      if (base === 2) text = `0b${text}`;
      else if (base === 8 && !text.startsWith("0")) text = `0${text}`;
      else if (base === 16) text = `0x${text}`;
    }
    if (verb === "X") text = text.toUpperCase();
    if (verb === "O") text = `0o${text}`;
    this.padWithBlanks((isNegative ? "-" : flags.plus ? "+" : flags.space ? " " : "") + text);
  }

  character(value: bigint): void {
    this.pad(characterOf(value));
  }

  quotedCharacter(value: bigint): void {
    this.pad(quoteCharacter(characterOf(value), this.flags.plus));
  }

  /** `U+0041`, with the character itself where `#` is given. */
  unicode(value: bigint): void {
    const { precision = 4, sharp } = this.flags;
    const unsigned = BigInt.asUintN(64, value);
    const text = `U+${unsigned.toString(16).toUpperCase().padStart(Math.max(4, precision), "0")}`;
    const character = characterOf(value);
    const shows = sharp && unsigned <= 0x10ffffn && character !== "\uFFFD" && isPrintable(character);
    this.padWithBlanks(shows ? `${text} '${character}'` : text);
  }

  float(value: number, verb: string, defaultPrecision: number | undefined): void {
    const { flags } = this;
    const precision = flags.precision ?? defaultPrecision;
    let text = formatFloat(value, verb, precision);
    let sign = "+";
    if (text.startsWith("-") || text.startsWith("+")) {
      sign = text.charAt(0);
      text = text.slice(1);
    }
    if (sign === "+" && flags.space && !flags.plus) sign = " ";
    if (!Number.isFinite(value)) {
      const isBare = Number.isNaN(value) && !flags.plus && !flags.space;
      this.padWithBlanks(isBare ? text : sign + text);
      return;
    }
    if (flags.sharp && verb !== "b") text = withPoint(text, verb, precision);
    if (!flags.plus && sign === "+") {
      this.pad(text);
      return;
    }
    const missing = (flags.width ?? 0) - text.length - 1;
    if (flags.zero && !flags.minus && missing > 0) {
      this.write(sign + "0".repeat(missing) + text);
      return;
    }
    this.pad(sign + text);
  }

  #cut(text: string): string {
    const { precision } = this.flags;
    if (precision === undefined || text.length <= precision) return text;
    return [...rejoin(text)].slice(0, precision).join("");
  }
}

function characterCount(text: string): number {
  let count = 0;
  for (const _ of rejoin(text)) count++;
  return count;
}

function characterOf(value: bigint): string {
  const isCharacter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value < 0xe000n);
  return isCharacter ? String.fromCodePoint(Number(value)) : "\uFFFD";
}

/** `#` keeps the decimal point and the zeros at the end, which Go removed before. */
function withPoint(text: string, verb: string, precision: number | undefined): string {
  const isHex = verb === "x" || verb === "X";
  const tailAt = text.search(isHex ? /[pP]/ : /[eE]/);
  const head = tailAt < 0 ? text : text.slice(0, tailAt);
  const tail = tailAt < 0 ? "" : text.slice(tailAt);
  // Go forgets the upper case form of hexadecimal here.
  let missing = "gGx".includes(verb) ? (precision ?? 6) : 0;
  let hasPoint = false;
  let isSignificant = false;
  for (const character of head) {
    if (character === ".") {
      hasPoint = true;
      continue;
    }
    if (character !== "0") isSignificant = true;
    if (isSignificant) missing--;
  }
  if (!hasPoint && head === "0") missing--;
  return head + (hasPoint ? "" : ".") + "0".repeat(Math.max(0, missing)) + tail;
}
