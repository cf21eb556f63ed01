import type { Tool } from "@puna/protocol";
import type { JsonCall } from "../reading/json-call.ts";

/**
 * What a text that may begin with a call is. It is found by the same tests in the same order however much
 * of the text is there, so that a longer text never turns a verdict around.
 */
export type Verdict =
  /** More text decides. */
  | { readonly type: "open" }
  /** The first `length` code units are text. */
  | { readonly type: "text"; readonly length: number }
  /** The first `length` code units begin code to show, up to the end of its fence. */
  | { readonly type: "code"; readonly length: number }
  /** Calls, written in `length` code units; the tags in `closes` may follow. */
  | {
      readonly type: "calls";
      readonly calls: readonly JsonCall[];
      readonly length: number;
      readonly closes: readonly string[];
    };

export interface LooseContext {
  /** The only tools that count. */
  readonly tools: readonly Tool[];
  /** No more text will come; verdicts are then never `open`. */
  readonly ended: boolean;
}
