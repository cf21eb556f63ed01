import type { RangeWriterOptions } from "./range-writer.ts";

/** What the store asks of its writer thread. `id` pairs a request with its reply; `writer` names an open file. */
export type WriterRequest =
  | {
      readonly type: "open";
      readonly id: number;
      readonly writer: number;
      readonly options: RangeWriterOptions;
    }
  | {
      readonly type: "write";
      readonly id: number;
      readonly writer: number;
      readonly offset: number;
      /** neighbours, in order */
      readonly chunks: readonly Uint8Array[];
    }
  | { readonly type: "finish"; readonly id: number; readonly writer: number; readonly sizeBytes: number }
  | { readonly type: "close"; readonly id: number; readonly writer: number };

export type WriterReply =
  | { readonly type: "done"; readonly id: number; readonly hex?: string }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly code: string | undefined;
      readonly message: string;
    }
  | { readonly type: "hashed"; readonly writer: number; readonly hashedBytes: number };
