/** What a command has to do with the world. */
export interface Session {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Gets the result alone. */
  readonly stdout: NodeJS.WriteStream;
  /** Gets progress, notes and the sentence of a failure. */
  readonly stderr: NodeJS.WriteStream;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
}
