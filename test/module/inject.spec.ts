import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ModuleApps } from './module-app.js';

const SCRIPT = fileURLToPath(new URL('./inject.mjs', import.meta.url));

describe('requests of Fastify that come without a connection', () => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  it('are refused with a body of any size, and the next one is served (trap 6)', async () => {
    const env = { PATH: process.env.PATH, TUS_DIRECTORY: await apps.folder() };
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env });
    expect(JSON.parse(stdout)).toEqual([404, 404, 201, '5']);
  });
});
