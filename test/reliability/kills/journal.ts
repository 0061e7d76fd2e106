import { readFile } from 'node:fs/promises';

/** What the hooks of all processes have written down. */
export class Journal {
  private constructor(
    private readonly lines: readonly (readonly [sign: string, pid: string, id: string])[],
  ) {}

  static of(text: string): Journal {
    const lines = text.split('\n').filter(Boolean);
    return new Journal(lines.map((line) => line.split(' ') as [string, string, string]));
  }

  static async read(path: string): Promise<Journal> {
    return Journal.of(await readFile(path, 'utf8'));
  }

  /** Uploads for which a call of the hook has returned. */
  get delivered(): ReadonlySet<string> {
    return this.idsOf('-');
  }

  /** Uploads for which a call has begun. */
  get called(): ReadonlySet<string> {
    return this.idsOf('+');
  }

  /** Uploads for which a call has begun more than once. */
  get repeated(): readonly string[] {
    const seen = new Set<string>();
    return this.lines
      .filter(([sign]) => sign === '+')
      .map(([, , id]) => id)
      .filter((id) => seen.size === seen.add(id).size);
  }

  /** Uploads for which a call has thrown. */
  get failed(): ReadonlySet<string> {
    return this.idsOf('!');
  }

  /** How many calls of a process have returned. */
  returnedIn(pid: number): number {
    return this.lines.filter(([sign, process]) => sign === '-' && process === String(pid)).length;
  }

  /** Uploads for which a process has begun a call. */
  calledBy(pid: number): ReadonlySet<string> {
    return new Set(
      this.lines.filter(([sign, process]) => sign === '+' && process === String(pid)).map(([, , id]) => id),
    );
  }

  private idsOf(wanted: string): ReadonlySet<string> {
    return new Set(this.lines.filter(([sign]) => sign === wanted).map(([, , id]) => id));
  }
}
