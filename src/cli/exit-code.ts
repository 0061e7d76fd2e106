/** What the process ends with. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  Usage: 2,
  MissingPackage: 3,
  TryLater: 4,
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const EXIT_CODES = `
Exit codes:
  0    done
  1    it failed, and would fail again: the server refused, or a file cannot be read or written
  2    the command line or the environment says something that cannot be done
  3    a package is missing that the command needs
  4    it may work later: no answer, one that passes (408, 409, 423, 429, 460, 5xx), or a merge that still runs
  130  interrupted by Ctrl-C or SIGTERM; a second Ctrl-C ends at once`;
