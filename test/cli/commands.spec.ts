import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { CommandLine } from './command-line.js';

// Each runs several processes.
jest.setTimeout(120_000);

describe.each(PLATFORMS)('the commands, with a server on %s', (platform) => {
  let app: TusApp;
  let commands: CommandLine;

  beforeAll(async () => {
    app = await TusApp.start({ platform, tus: { downloads: true, partials: 'keep' } });
    commands = await CommandLine.make();
  });

  afterAll(async () => {
    await commands.remove();
    await app.stop();
  });

  it('merge, with final, what partial has uploaded, tell of it, get it, and delete it', async () => {
    const halves = [await commands.file(70_000, 'a.bin'), await commands.file(30_000, 'b.bin', 2)];
    const partials = await commands.run('partial', 'a.bin', 'b.bin', app.endpoint, '--checksum', 'sha256');
    expect(partials).toMatchObject({ code: 0, err: expect.stringContaining('b.bin: 100% of 29.3 KiB') });
    const urls = partials.out.trim().split('\n');
    expect(urls).toHaveLength(2);

    const final = await commands.run(
      'final',
      ...urls,
      app.endpoint,
      '--metadata',
      'filename=whole.bin',
      '--json',
    );
    const { url, size } = JSON.parse(final.out) as { url: string; size: number };
    expect({ ...final, size }).toEqual({ code: 0, out: expect.any(String), err: '', size: 100_000 });

    const info = await commands.run('info', url, '--json');
    expect(JSON.parse(info.out)).toEqual({
      ...{ url, kind: 'final', offset: 100_000, length: 100_000, complete: true, expiresAt: null },
      ...{ metadata: { filename: 'whole.bin' }, partialUrls: urls },
    });
    expect((await commands.run('info', url)).out).toMatch(
      /^kind +final\ncomplete +yes\noffset +100000\nlength +100000\nmetadata +filename=whole\.bin\npartial +http/,
    );

    const download = await commands.run('download', url, 'got.bin', '--json');
    expect(JSON.parse(download.out)).toEqual({ url, path: commands.at('got.bin'), size: 100_000 });
    expect(Buffer.concat(halves).equals(await readFile(commands.at('got.bin')))).toBe(true);

    expect(await commands.run('delete', url)).toEqual({ code: 0, out: '', err: '' });
    expect(await commands.run('info', url)).toMatchObject({ code: 1, out: '' });
    expect(await commands.run('delete', url)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/404.*\n$/),
    });
  });

  it('say what a server says of partials that it cannot merge', async () => {
    await commands.file(10, 'part.bin', 3);
    const { out } = await commands.run('partial', 'part.bin', app.endpoint);
    const missing = `${app.endpoint}/missing`;
    const { code, err } = await commands.run('final', out.trim(), missing, app.endpoint);
    expect(code).toBe(1);
    expect(err).toMatch(/^The server answered 400: .*2.*\n$/);
  });
});

class Password implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    return ['Bearer let-me-in', 'Custom let-me-in'].includes(headers.authorization ?? '');
  }
}

describe.each(PLATFORMS)('a server with a guard, on %s', (platform) => {
  let app: TusApp;
  let commands: CommandLine;

  beforeAll(async () => {
    app = await TusApp.start({ platform, providers: [{ provide: APP_GUARD, useClass: Password }] });
    commands = await CommandLine.make();
    await commands.file(100);
  });

  afterAll(async () => {
    await commands.remove();
    await app.stop();
  });

  const upload = (env: NodeJS.ProcessEnv) => commands.start(['upload', 'file.bin', app.endpoint], env).ended;

  it.each([{ TUS_TOKEN: 'let-me-in\n' }, { TUS_AUTHORIZATION: 'Custom let-me-in' }])(
    'lets in whom the environment gives the right words: %p',
    async (env) => expect(await upload(env)).toMatchObject({ code: 0 }),
  );

  it('refuses all others', async () => {
    expect(await upload({})).toMatchObject({ code: 1, err: expect.stringContaining('403') });
    expect(await upload({ TUS_TOKEN: 'guess' })).toMatchObject({
      code: 1,
      err: expect.not.stringContaining('guess'),
    });
  });

  it.each([
    [{ TUS_TOKEN: 'a\nsecret' }, 'TUS_TOKEN has a character that a header cannot carry.\n'],
    [{ TUS_TOKEN: 'secret', TUS_AUTHORIZATION: 'x' }, 'Set TUS_TOKEN or TUS_AUTHORIZATION, not both.\n'],
  ])('is asked for nothing with an environment that is wrong, which is never printed', async (env, err) => {
    expect(await upload(env)).toEqual({ code: 2, out: '', err });
  });
});
