/**
 * Plug-ins: files of users that define methods, tasks and models.
 * @module
 */

/** The files of a plug-in on this machine. */
export interface PluginFiles {
  /** Its path, as the user gave it. */
  name: string;
  /** Absolute paths: the plug-in's own file, then the files that it imports, in the order in which they are first imported. */
  files: readonly string[];
}

/** Plug-ins by their checksum: the SHA-256 over those of their files. */
export type PluginPaths = Readonly<Record<string, PluginFiles>>;
