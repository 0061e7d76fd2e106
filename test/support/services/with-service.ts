import { expect, it } from '@jest/globals';

export interface Service {
  readonly name: string;
  /** Whether this machine has it. */
  readonly found: boolean;
}

/** Declares tests that need a service. A machine without it says so in one line; in CI that is a failure. */
export function withService({ name, found }: Service, declare: () => void): void {
  if (found) {
    declare();
    return;
  }
  const hint = `${name} is left out: it is not installed, "npm run services" gets it`;
  process.stderr.write(`${hint}\n`);
  it(`${hint}; CI does without nothing`, () => {
    expect(process.env['CI']).toBeUndefined();
  });
}
