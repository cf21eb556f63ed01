/** A native object that refuses to be used after it was freed: C would read memory that is not its own. */
export class Handle {
  readonly #kind: string;
  readonly #free: (pointer: bigint) => void;
  #pointer: bigint | undefined;

  constructor(kind: string, pointer: bigint, free: (pointer: bigint) => void) {
    this.#kind = kind;
    this.#pointer = pointer;
    this.#free = free;
  }

  get pointer(): bigint {
    if (this.#pointer === undefined) throw new Error(`the ${this.#kind} was used after it was freed`);
    return this.#pointer;
  }

  free(): void {
    const pointer = this.#pointer;
    if (pointer === undefined) return;
    this.#pointer = undefined;
    this.#free(pointer);
  }
}
