import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { UploadEvents } from '../../src/index.js';
import type { CompletedUpload } from '../../src/index.js';
import { Background } from '../../src/uploads/background.js';
import { concatenate, idOf, made, partial } from '../protocol-http/support.js';
import { Engine } from '../reliability/engine.js';
import { fileSays } from '../support/files.js';
import { MortalServer } from '../support/mortal-server.js';
import { call, create, patch, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import type { TusApp } from '../support/tus-app.js';
import { startWithHooks } from './hook-app.js';

/** Everything that is announced of complete uploads, in one list. */
function journal() {
  const lines: string[] = [];
  const hook = {
    onUploadFinish: ({ id }: { id: string }) => void lines.push(`finish ${id}`),
    onUploadComplete: ({ id }: { id: string }) => void lines.push(`complete ${id}`),
  };
  const heard = ({ upload }: { upload: CompletedUpload }) => lines.push(`event ${upload.id}`);
  return { lines, hook, heard };
}

function announced(id: string): string[] {
  return [`finish ${id}`, `event ${id}`, `complete ${id}`];
}

describe.each(PLATFORMS)(
  'CON-05 a final is announced once it is merged, and no partial ever, on %s',
  (platform) => {
    let app: TusApp;

    afterEach(() => app.stop());

    async function start(): Promise<string[]> {
      const { lines, hook, heard } = journal();
      app = await startWithHooks({ platform, hooks: [hook] });
      app.get(UploadEvents).completed$.subscribe(heard);
      return lines;
    }

    it('in its POST', async () => {
      const lines = await start();
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      expect(lines).toEqual([]);
      const final = made(app, await concatenate(app, list));
      made(app, await concatenate(app, list));
      expect(lines).toEqual(announced(idOf(final)));
    });

    it('by the PATCH that completes its last partial', async () => {
      const lines = await start();
      const headers = { 'upload-length': '2', 'upload-concat': 'partial' };
      const list = [await create(app.endpoint, headers), await create(app.endpoint, headers)];
      const final = made(app, await concatenate(app, list));
      for (const url of list) {
        expect(lines).toEqual([]);
        await patch(url, 0, 'hi');
      }
      await app.get(Background).idle();
      expect(lines).toEqual(announced(idOf(final)));
    });
  },
);

describe('CON-05 a final whose merge was left is announced once', () => {
  let engine: Engine | undefined;
  let server: MortalServer | undefined;

  afterEach(async () => {
    await engine?.stop();
    await server?.remove();
    [engine, server] = [undefined, undefined];
  });

  it('by maintenance', async () => {
    const told: string[] = [];
    engine = await Engine.start({ hook: ({ id }) => void told.push(`complete ${id}`) });
    engine.get(UploadEvents).completed$.subscribe(({ upload }) => told.push(`event ${upload.id}`));
    const final = await engine.leftMerge([await engine.partial('one,'), await engine.partial('two')]);
    await engine.maintain();
    await engine.idle();
    expect(told).toEqual([`event ${final}`, `complete ${final}`]);
  });

  it('by another instance, where the last partial was completed', async () => {
    server = await MortalServer.start({ hook: 'finishes' });
    const other = await server.another({ hook: 'finishes' });
    try {
      const headers = { 'upload-length': '2', 'upload-concat': 'partial' };
      const [one, two] = [await create(server.endpoint, headers), await create(server.endpoint, headers)];
      const list = [one, two].map((url) => new URL(url).pathname).join(' ');
      const concat = tus({ 'upload-concat': `final;${list}` });
      const answer = await call({ method: 'POST', url: server.endpoint, headers: concat });
      const final = idOf(String(answer.headers.location));
      await patch(one, 0, 'he');
      await patch(`${other.endpoint}/${idOf(two)}`, 0, 'll');
      await fileSays(server.journal, (text) => text.split('\n').includes(final));
      expect((await readFile(server.journal, 'utf8')).trim().split('\n')).toEqual([`finish ${final}`, final]);
    } finally {
      await other.kill();
    }
  });
});
