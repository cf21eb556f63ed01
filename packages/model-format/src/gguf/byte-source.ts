/** Random access to a GGUF file, wherever it is: a file, a Uint8Array, a ranged URL. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`, unless the file ends first. */
  read(offset: number, length: number): Promise<Uint8Array>;
}
