import type { Message } from "@puna/protocol";

interface StoredResponse {
  readonly response: unknown;
  /** The whole conversation up to and with this response, without instructions. */
  readonly messages: readonly Message[];
}

/** So many responses can be continued by `previous_response_id` or read again. */
const maxResponses = 500;
/** Together they hold about so many characters. */
const maxCharacters = 32 * 1024 * 1024;

/** Keeps the newest responses in memory, bounded in number and size; the oldest go first. */
export class ResponseStore {
  readonly #responses = new Map<string, StoredResponse & { readonly size: number }>();
  #size = 0;

  put(id: string, stored: StoredResponse): void {
    const size = JSON.stringify(stored).length;
    if (size > maxCharacters) return;
    this.#responses.set(id, { ...stored, size });
    this.#size += size;
    for (const oldest of this.#responses.keys()) {
      if (this.#responses.size <= maxResponses && this.#size <= maxCharacters) break;
      this.delete(oldest);
    }
  }

  get(id: string): StoredResponse | undefined {
    return this.#responses.get(id);
  }

  delete(id: string): boolean {
    const stored = this.#responses.get(id);
    if (stored === undefined) return false;
    this.#size -= stored.size;
    return this.#responses.delete(id);
  }
}
