import koffi from "koffi";
import type { Pointer } from "./library.ts";

/**
 * A block that C may keep: it does not move and lives until it is freed. JavaScript sees it through typed
 * arrays on `buffer`.
 */
export class NativeMemory {
  readonly #pointer: bigint;
  #buffer: ArrayBuffer;
  #freed = false;

  constructor(sizeBytes: number) {
    this.#pointer = koffi.address(koffi.alloc("uint8_t", Math.max(1, sizeBytes)));
    this.#buffer = koffi.view(this.#pointer, Math.max(1, sizeBytes));
    new Uint8Array(this.#buffer).fill(0);
  }

  get pointer(): bigint {
    if (this.#freed) throw new Error("native memory was used after it was freed");
    return this.#pointer;
  }

  get buffer(): ArrayBuffer {
    if (this.#freed) throw new Error("native memory was used after it was freed");
    return this.#buffer;
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#buffer = new ArrayBuffer(0);
    koffi.free(this.#pointer);
  }
}

/** Floats that C owns; valid until the next call that changes them. */
export function viewFloats(pointer: Pointer, count: number): Float32Array {
  if (pointer === null) throw new Error("native code returned no values where some were asked for");
  return new Float32Array(koffi.view(pointer, count * 4));
}
