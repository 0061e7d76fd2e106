import { validateHeaderValue } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';

export const ENVIRONMENT = `
Environment:
  TUS_TOKEN          sent as "Authorization: Bearer …"
  TUS_AUTHORIZATION  sent as "Authorization: …", for other schemes
  XDG_STATE_HOME     folder of what --resume needs, in nestjs-tus/uploads (default ~/.local/state)`;

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * The header fields that the environment asks for. Secrets come from nowhere else: other users see the arguments of a
 * process.
 * @throws CommandError that names the variable, never its value.
 */
export function headersFrom(env: Environment): Record<string, string> {
  const token = env.TUS_TOKEN?.trim();
  const whole = env.TUS_AUTHORIZATION?.trim();
  if (token && whole) throw usage('Set TUS_TOKEN or TUS_AUTHORIZATION, not both.');
  if (token) return authorization('TUS_TOKEN', `Bearer ${token}`);
  return whole ? authorization('TUS_AUTHORIZATION', whole) : {};
}

/** Where uploads that may be resumed are remembered: the same folder wherever a command is run. */
export function stateDirectory({ XDG_STATE_HOME, LOCALAPPDATA }: Environment): string {
  const home = XDG_STATE_HOME || LOCALAPPDATA || join(homedir(), '.local', 'state');
  return join(home, 'nestjs-tus', 'uploads');
}

function authorization(variable: string, value: string): Record<string, string> {
  try {
    validateHeaderValue('Authorization', value);
  } catch {
    throw usage(`${variable} has a character that a header cannot carry.`);
  }
  return { Authorization: value };
}

function usage(message: string): CommandError {
  return new CommandError(message, ExitCode.Usage);
}
