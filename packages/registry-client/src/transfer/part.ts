/** A range being fetched over one connection. Its end may be given away while it is under way. */
export class Part {
  #position: number;
  #end: number;
  #begunAtMs: number | undefined;
  #begunAt = 0;

  constructor(start: number, end: number) {
    this.#position = start;
    this.#end = end;
  }

  /** next byte to fetch */
  get position(): number {
    return this.#position;
  }

  get end(): number {
    return this.#end;
  }

  get remainingBytes(): number {
    return this.#end - this.#position;
  }

  begin(nowMs: number): void {
    this.#begunAtMs = nowMs;
    this.#begunAt = this.#position;
  }

  advance(bytes: number): void {
    this.#position += bytes;
  }

  widen(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  /** Bytes a second since this try began, or undefined in its first moments. */
  rate(nowMs: number): number | undefined {
    if (this.#begunAtMs === undefined || nowMs - this.#begunAtMs < 50) return undefined;
    return ((this.#position - this.#begunAt) * 1000) / (nowMs - this.#begunAtMs);
  }

  /** Time the rest takes at this rate; Infinity when nothing comes. */
  remainingMs(nowMs: number): number {
    const rate = this.rate(nowMs);
    return rate === undefined ? 0 : (this.remainingBytes * 1000) / rate;
  }

  /** Gives the later half away. */
  splitOff(): Part {
    const middle = this.#position + Math.ceil(this.remainingBytes / 2);
    const rest = new Part(middle, this.#end);
    this.#end = middle;
    return rest;
  }
}
