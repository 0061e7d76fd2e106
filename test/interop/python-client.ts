import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python, PYTHON_FOLDER, PYTHON_PEER } from '../../scripts/services/python.mjs';
import type { Service } from '../support/services/with-service.js';

const PROGRAM = fileURLToPath(new URL('./python_client.py', import.meta.url));

export const PYTHON_CLIENT: Service = {
  name: PYTHON_PEER,
  found: python.services.every(({ there }) => there),
};

export interface PythonCall {
  readonly endpoint: string;
  /** A method of its `TusClient`. */
  readonly call: 'upload_file' | 'create_partial_upload' | 'create_final_upload' | 'delete_upload';
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Arguments of its constructor. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The file that remembers where uploads are. */
  readonly remember?: string;
}

/** What a process wrote: an answer of the server to a line, and at its end what the call returned or raised. */
export interface PythonLine {
  readonly method?: string;
  readonly url?: string;
  readonly status?: number;
  readonly result?: string;
  readonly error?: string;
  readonly message?: string;
}

/** Makes the call in a process of its own, which is killed behind the line that `until` waits for. */
export async function callPython(
  call: PythonCall,
  until?: (lines: readonly PythonLine[]) => boolean,
): Promise<PythonLine[]> {
  const child = spawn('python3', [PROGRAM, JSON.stringify(call)], {
    env: { ...process.env, PYTHONPATH: PYTHON_FOLDER },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const lines: PythonLine[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (child.killed) continue;
    lines.push(JSON.parse(line) as PythonLine);
    if (until?.(lines)) child.kill('SIGKILL');
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 && !child.killed) throw new Error(`The client ended with ${code}: ${said}`);
  return lines;
}

/** What the call returned. */
export async function resultOf(call: PythonCall): Promise<string> {
  const last = (await callPython(call)).at(-1);
  if (last?.result === undefined) throw new Error(`${call.call}: ${last?.error}: ${last?.message}`);
  return last.result;
}
