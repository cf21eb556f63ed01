import { noFlags } from "./formatter.ts";
import { Printer, printValue } from "./printer.ts";
import { GoByte, type GoValue, typeName } from "./values.ts";

/** A field wider than this is a mistake or an attack; Go has the same bound. */
const maxWidth = 1_000_000;

/** Go's fmt.Sprintf, with its marks for wrong, missing and extra arguments. */
export function sprintf(format: string, args: readonly GoValue[]): string {
  return new FormatReader(format, args).run();
}

class FormatReader {
  readonly #format: string;
  readonly #args: readonly GoValue[];
  readonly #printer = new Printer();
  #at = 0;
  #next = 0;
  /** An argument was picked by number somewhere: then Go does not complain about the rest. */
  #isReordered = false;
  #isGoodIndex = true;
  #isAfterIndex = false;

  constructor(format: string, args: readonly GoValue[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      if (percent < 0) {
        this.#printer.write(this.#format.slice(this.#at));
        break;
      }
      this.#printer.write(this.#format.slice(this.#at, percent));
      this.#at = percent + 1;
      if (!this.#directive()) break;
    }
    if (!this.#isReordered && this.#next < this.#args.length) this.#complainAboutRest();
    return this.#printer.text;
  }

  /** @returns false where the text ended before the verb */
  #directive(): boolean {
    const flags = noFlags();
    this.#printer.flags = flags;
    this.#isGoodIndex = true;
    this.#isAfterIndex = false;
    for (; "#0+- ".includes(this.#format.charAt(this.#at) || "?"); this.#at++) {
      const flag = this.#format.charAt(this.#at);
      flags.sharp ||= flag === "#";
      flags.zero ||= flag === "0";
      flags.plus ||= flag === "+";
      flags.minus ||= flag === "-";
      flags.space ||= flag === " ";
    }
    this.#index();
    this.#width();
    // A point at the very end is read as a verb.
    if (this.#format.charAt(this.#at) === "." && this.#at + 1 < this.#format.length) this.#precision();
    if (!this.#isAfterIndex) this.#index();
    const point = this.#format.codePointAt(this.#at);
    if (point === undefined) {
      this.#printer.write("%!(NOVERB)");
      return false;
    }
    const verb = String.fromCodePoint(point);
    this.#at += verb.length;
    this.#print(verb);
    return true;
  }

  #print(verb: string): void {
    const { flags } = this.#printer;
    if (verb === "%") {
      this.#printer.write("%");
      return;
    }
    if (!this.#isGoodIndex) {
      this.#printer.write(`%!${verb}(BADINDEX)`);
      return;
    }
    const value = this.#args[this.#next];
    if (value === undefined) {
      this.#printer.write(`%!${verb}(MISSING)`);
      return;
    }
    if (verb === "v" || verb === "w") {
      flags.sharpV = flags.sharp;
      flags.sharp = false;
      flags.plusV = flags.plus;
      flags.plus = false;
    }
    this.#next++;
    this.#printer.argument(value, verb);
  }

  /** `[3]`: the number of the next argument. */
  #index(): void {
    this.#isAfterIndex = false;
    if (this.#format.charAt(this.#at) !== "[") return;
    this.#isReordered = true;
    const close = this.#format.indexOf("]", this.#at);
    const text = close < 0 ? undefined : this.#format.slice(this.#at + 1, close);
    this.#at = close < 0 || this.#format.length - this.#at < 3 ? this.#at + 1 : close + 1;
    const index = text !== undefined && /^\d+$/.test(text) ? Number(text) - 1 : -1;
    this.#isAfterIndex = index >= -1 && text !== undefined && /^\d+$/.test(text);
    if (index >= 0 && index < this.#args.length && this.#isAfterIndex) this.#next = index;
    else this.#isGoodIndex = false;
  }

  #width(): void {
    const { flags } = this.#printer;
    if (this.#format.charAt(this.#at) === "*") {
      this.#at++;
      const width = this.#numberArgument();
      if (width === undefined) this.#printer.write("%!(BADWIDTH)");
      else {
        flags.width = Math.abs(width);
        flags.minus ||= width < 0;
      }
      this.#isAfterIndex = false;
      return;
    }
    flags.width = this.#number();
    if (this.#isAfterIndex && flags.width !== undefined) this.#isGoodIndex = false;
  }

  #precision(): void {
    const { flags } = this.#printer;
    this.#at++;
    if (this.#isAfterIndex) this.#isGoodIndex = false;
    this.#index();
    if (this.#format.charAt(this.#at) === "*") {
      this.#at++;
      const precision = this.#numberArgument();
      if (precision === undefined || precision < 0) this.#printer.write("%!(BADPREC)");
      else flags.precision = precision;
      this.#isAfterIndex = false;
      return;
    }
    flags.precision = this.#number() ?? 0;
  }

  #numberArgument(): number | undefined {
    const value = this.#args[this.#next];
    if (value === undefined) return undefined;
    this.#next++;
    const number = value instanceof GoByte ? value.value : value;
    return typeof number === "number" && Math.abs(number) <= maxWidth ? number : undefined;
  }

  #number(): number | undefined {
    let number: number | undefined;
    for (; /\d/.test(this.#format.charAt(this.#at)); this.#at++) {
      if ((number ?? 0) > maxWidth) {
        // Go reads no further after a number without end.
        this.#at = this.#format.length;
        return undefined;
      }
      number = (number ?? 0) * 10 + Number(this.#format.charAt(this.#at));
    }
    return number;
  }

  #complainAboutRest(): void {
    const rest = this.#args
      .slice(this.#next)
      .map((value) => (value === null ? "<nil>" : `${typeName(value)}=${printValue(value)}`));
    this.#printer.write(`%!(EXTRA ${rest.join(", ")})`);
  }
}
