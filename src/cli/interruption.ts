import { ExitCode } from './exit-code.js';

/** Milliseconds in which a second signal is the echo of the first: npm and npx pass on what the terminal has sent. */
const ECHO = 300;

/** The first Ctrl-C asks the command to stop, the next one ends the process at once. */
export class Interruption {
  private readonly controller = new AbortController();
  private first: number | undefined;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(
    private readonly exit: (code: ExitCode) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  readonly interrupt = (): void => {
    if (this.first === undefined) {
      this.first = this.now();
      this.controller.abort();
    } else if (this.now() - this.first > ECHO) {
      this.exit(ExitCode.Interrupted);
    }
  };
}
