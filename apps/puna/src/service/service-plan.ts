/** What decides how the service looks; the caller reads it from process and environment. */
export interface ServiceSetup {
  readonly platform: NodeJS.Platform;
  /** For the whole machine, by its administrator; else for this user. */
  readonly isSystem: boolean;
  readonly userHome: string;
  readonly userId: number;
  /** `$XDG_CONFIG_HOME`, where it is set. */
  readonly configHome?: string | undefined;
  readonly nodePath: string;
  /** The file of the command `puna`. */
  readonly binPath: string;
  /** Folders that the server writes, where the settings name them: its home and its models. */
  readonly folders: readonly string[];
  /** Settings of the server, given on as they are now. */
  readonly environment: Readonly<Record<string, string>>;
  /** Groups of this machine that own its GPUs. */
  readonly deviceGroups: readonly string[];
}

export interface PlannedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  /** The user's own once it is there: neither written again nor removed. */
  readonly isSettings: boolean;
}

/** A command line, its words apart. */
export type PlannedCommand = readonly [program: string, ...words: string[]];

/** Everything that install, status and uninstall do. */
export interface ServicePlan {
  readonly files: readonly PlannedFile[];
  readonly start: readonly PlannedCommand[];
  readonly stop: readonly PlannedCommand[];
  /** Behind the removal of the files. */
  readonly forget: readonly PlannedCommand[];
  /** Answers with exit code 0 while the service runs. */
  readonly isRunning: PlannedCommand;
  readonly logs: string;
  /** What a person may want to know. */
  readonly hints: readonly string[];
}
