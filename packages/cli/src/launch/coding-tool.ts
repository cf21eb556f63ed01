/** What a tool is pointed at. */
export interface LaunchSetup {
  readonly serverUrl: string;
  readonly model: string;
  /** A local server asks for none; tools refuse to start without one. */
  readonly apiKey: string;
}

/** One value in a file of settings, by the keys that lead to it. */
export interface SettingsEntry {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Where a tool keeps settings that outlive one run. */
export type ToolConfig =
  /** A JSON file that may hold much else. */
  | { readonly kind: "json"; readonly file: string; entries(setup: LaunchSetup): readonly SettingsEntry[] }
  /** A file that is ours alone. */
  | { readonly kind: "file"; readonly file: string; content(setup: LaunchSetup): string };

/** A coding tool that can use a server like ours. */
export interface CodingTool {
  readonly name: string;
  readonly description: string;
  readonly command: string;
  readonly install: string;
  /** What starts it for this one run, without touching its settings. */
  start(setup: LaunchSetup): {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  /** Its file is below the home of the user; absent: it keeps no settings of this kind. */
  readonly config?: ToolConfig;
  /** How to start it by hand once its settings are written. */
  readonly startHint?: string;
}
