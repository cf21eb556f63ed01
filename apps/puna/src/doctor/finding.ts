/** What one check of the doctor found. */
export interface Finding {
  /** One word, the same in every version: scripts look for it. */
  readonly check: string;
  /** `note`: works, but not as well as it could; `problem`: something will fail. */
  readonly status: "ok" | "note" | "problem";
  readonly summary: string;
  /** What to do, where there is something to do. */
  readonly advice?: string;
  /** The figures behind the summary, for `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;
}
