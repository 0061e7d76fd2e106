import { createRequire } from 'node:module';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';

const { resolve } = createRequire(import.meta.url);

/**
 * Looks for the optional peers of a command before it begins.
 * @param needs a package each, or several that stand for each other; the first one is what is recommended.
 * @throws CommandError with the commands that install what is missing.
 */
export function requirePackages(command: string, needs: readonly (readonly [string, ...string[]])[]): void {
  const missing = needs.filter((names) => !names.some(isInstalled)).map(([name]) => name);
  if (missing.length === 0) return;
  const packages = ['nestjs-tus', ...missing].map((name) => `-p ${name}`).join(' ');
  throw new CommandError(
    `"${command}" needs ${missing.join(' and ')}: npm install ${missing.join(' ')}, ` +
      `or without a project: npx ${packages} nestjs-tus ${command}`,
    ExitCode.MissingPackage,
  );
}

function isInstalled(name: string): boolean {
  try {
    resolve(name);
    return true;
  } catch (error) {
    // Anything else means that it is there, though not for require().
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND';
  }
}
