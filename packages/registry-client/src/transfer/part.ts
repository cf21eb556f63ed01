const judgeAfterMs = 1000;

/** A range being fetched over one connection. Its end may be given away while it is under way. */
export class Part {
  #position: number;
  #end: number;
  #begunAtMs: number | undefined;
  #begunAt = 0;
  #attempt = new AbortController();

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

  /** Begins a try. @returns a signal that fires when nothing is left to fetch, because all was given away */
  begin(nowMs: number): AbortSignal {
    this.#begunAtMs = nowMs;
    this.#begunAt = this.#position;
    this.#attempt = new AbortController();
    return this.#attempt.signal;
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

  /** Time the rest takes at this rate; Infinity when nothing comes, 0 before there was time to judge. */
  remainingMs(nowMs: number): number {
    if (this.#begunAtMs === undefined || nowMs - this.#begunAtMs < judgeAfterMs) return 0;
    return (this.remainingBytes * 1000) / (this.rate(nowMs) ?? 0);
  }

  /** Gives away what this connection would not fetch within half a second, at least half of the rest. */
  splitOff(nowMs: number): Part {
    const kept = Math.min(Math.ceil(this.remainingBytes / 2), Math.ceil((this.rate(nowMs) ?? 0) / 2));
    const rest = new Part(this.#position + kept, this.#end);
    this.#end = this.#position + kept;
    if (kept === 0) this.#attempt.abort(new Error("The rest of this part is fetched by another connection"));
    return rest;
  }
}
