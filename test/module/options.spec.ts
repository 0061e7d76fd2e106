import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorage, TusModule, TusOptionError } from '../../src/index.js';
import type { TusModuleAsyncOptions, TusModuleOptions } from '../../src/index.js';

const storage = new LocalStorage({ directory: join(tmpdir(), 'nestjs-tus-never-started') });

@Injectable()
class NoStorage {}

/** Wrong values, as plain JavaScript or a configuration file could give them. */
const WRONG: readonly (readonly [option: string, value: unknown])[] = [
  ['path', 7],
  ['path', ':tenant/files'],
  ['path', 'files/*rest'],
  ['name', ''],
  ['name', 'default'],
  ['name', 'x'.repeat(256)],
  ['isGlobal', 'yes'],
  ['controller', NoStorage],
  ['controller', 'TusController'],
  ['database', 'uploads.sqlite'],
  ['database', null],
  ['database', { path: '' }],
  ['database', { path: ':memory:' }],
  ['maxSize', -1],
  ['maxSize', '10MB'],
  ['maxSize', 5n],
  ['maxSize', Number.NaN],
  ['maxSize', 2 ** 53],
  ['extensions', 'creation'],
  ['extensions', ['creation', 'checksums']],
  ['extensions', ['creation', 'checksum-trailer']],
  ['extensions', ['creation-with-upload']],
  ['extensions', ['concatenation', 'termination']],
  ['extensions', ['creation', 'concatenation-unfinished']],
  ['extensions', [Symbol('creation')]],
  ['checksums', 'sha1'],
  ['checksums', []],
  ['checksums', ['sha256', 'md5']],
  ['checksums', ['sha1', 'sha3']],
  ['checksums', ['SHA1']],
  ['downloads', 'yes'],
  ['downloads', { inline: [] }],
  ['cors', 'https://example.com'],
  ['cors', ['https://example.com']],
  ['cors.origin', true],
  ['cors.origin', null],
  ['cors.origin', () => true],
  ['cors.origin', ['https://example.com', 7]],
  ['cors.credentials', 'true'],
  ['cors.maxAge', -1],
  ['cors.maxAge', '60'],
  ['cors.maxAge', Number.NaN],
  ['cors.allowedHeaders', 'X-Mine'],
  ['cors.allowedHeaders', ['X Mine']],
  ['cors.exposedHeaders', ['X-Ä']],
  ['cors.exposedHeaders', ['']],
  ['expiration', 'soon'],
  ['expiration', '24'],
  ['expiration', '-1h'],
  ['expiration', 0],
  ['expiration', Number.POSITIVE_INFINITY],
  ['expiration', true],
  ['expiration', null],
  ['expiration', ['24h']],
  ['expiration', () => '24h'],
  ['expiration.unfinished', '1 day'],
  ['expiration.unfinished', null],
  ['expiration.unfinished', true],
  ['expiration.completed', '0s'],
  ['expiration.completed', {}],
  ['expiration.sliding', 'yes'],
  ['expiration.deleteCompleted', 1],
  ['delivery', 'yes'],
  ['delivery', null],
  ['delivery', []],
  ['delivery.attempts', 0],
  ['delivery.attempts', '3'],
  ['delivery.firstDelay', '1 second'],
  ['delivery.firstDelay', null],
  ['delivery.longestDelay', '9s'],
  ['delivery.longestDelay', '25d'],
  ['delivery.concurrency', 1.5],
  ['delivery.elsewhere', 'true'],
  ['idGenerator', 'uuid'],
  ['key', 'videos/'],
  ['key', null],
  ['validateMetadata', ['filename']],
  ['publicUrl', '/files'],
  ['publicUrl', 'cdn.example.com/files'],
  ['publicUrl', 'ftp://cdn.example.com/files'],
  ['publicUrl', 'https://'],
  ['publicUrl', 'https://user:secret@cdn.example.com/files'],
  ['publicUrl', 'https://cdn.example.com/files?a=b'],
  ['publicUrl', 'https://cdn.example.com/files#a'],
  ['publicUrl', 'https://cdn.example.com//files'],
  ['publicUrl', 'https://cdn.example.com/fi les'],
  ['publicUrl', 'https://cdn.example.com/files\r\nSet-Cookie: x'],
  ['publicUrl', new URL('https://cdn.example.com/files')],
  ['trustProxy', 1],
  ['trustProxy', 'loopback'],
  ['relativeLocation', 'no'],
  ['maxMetadataBytes', 1.5],
  ['maxPartials', 0],
  ['partials', 'delete'],
  ['respondAfter', -1],
  ['respondAfter', Number.MAX_SAFE_INTEGER],
  ['bodyIdleTimeout', null],
  ['memoryBudget', 1024],
  ['memoryBudget', '64MB'],
  ['freeChunks', 'yes'],
  ['bodyIdleTimeout', 2 ** 31],
  ['owner', 'ann'],
  ['owner', null],
  ['owner', { id: 7 }],
  ['authorize', true],
  ['authorize', null],
  ['authorize', ['write']],
];

/** The options with one of them wrong; `cors.origin` is a part of `cors`. */
function withWrong(option: string, value: unknown): object {
  const [whole = option, part] = option.split('.');
  return { storage, [whole]: part === undefined ? value : { [part]: value } };
}

const PAGE = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8');

/** The fixes that the page has for an option; words in capitals stand for any. */
function fixesOf(option: string): RegExp[] {
  const [, section = ''] = PAGE.split(`### \`${option}\`\n`);
  const [own = ''] = section.split('\n#', 1);
  return [...own.matchAll(/“(.+?)”/g)].map(([, fix = '']) => {
    const escaped = fix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`; ${escaped.replace(/NAMES?/g, '.+')}`);
  });
}

/** Starts without HTTP, and says why that failed. */
async function failureOf(
  module: Parameters<typeof NestFactory.createApplicationContext>[0],
): Promise<unknown> {
  try {
    const context = await NestFactory.createApplicationContext(module, {
      logger: false,
      abortOnError: false,
    });
    await context.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

function expectSentence(failure: unknown, option: string): void {
  expect(failure).toBeInstanceOf(TusOptionError);
  expect((failure as Error).message).toMatch(new RegExp(`^TusModule: option "${option}" is .+; .+\\.$`, 's'));
}

describe('an option that cannot be what it is', () => {
  it.each(WRONG)('%s: %p is refused by forRoot at once, in a sentence that names it', (option, value) => {
    let failure: unknown;
    try {
      TusModule.forRoot(withWrong(option, value) as unknown as TusModuleOptions);
    } catch (error) {
      failure = error;
    }
    expectSentence(failure, option);
  });

  it.each(WRONG.filter(([option]) => !['path', 'name', 'isGlobal', 'controller'].includes(option)))(
    '%s: %p of a factory is refused when the application starts',
    async (option, value) => {
      const useFactory = () => withWrong(option, value);
      expectSentence(await failureOf(TusModule.forRootAsync({ useFactory })), option);
    },
  );

  it.each(['path', 'name', 'isGlobal', 'controller', 'imports'])(
    '%s is refused where a factory makes it, which is too late for Nest',
    async (option) => {
      const useFactory = () => ({ storage, [option]: 'videos' });
      const failure = await failureOf(TusModule.forRootAsync({ useFactory }));
      expectSentence(failure, option);
      expect(String(failure)).toContain('put it beside the factory');
    },
  );

  it.each([undefined, null, 'uploads'])('options %p of a factory are refused', async (made) => {
    const options = { useFactory: () => made } as unknown as TusModuleAsyncOptions;
    expectSentence(await failureOf(TusModule.forRootAsync(options)), 'useFactory');
  });

  it('forRootAsync without a source of options is refused', () => {
    expect(() => TusModule.forRootAsync({})).toThrow(
      'option "useFactory" is undefined; give useFactory, useClass or useExisting.',
    );
  });

  it.each([
    ['none', undefined],
    ['null', null],
    ['the options of one', { directory: './uploads' }],
    ['a class that is none', NoStorage],
    ['a factory that makes none', { useFactory: () => ({ directory: './uploads' }) }],
  ])('a storage that is %s is refused', async (_, wrong) => {
    const forRoot = TusModule.forRoot({ storage: wrong } as unknown as TusModuleOptions);
    expectSentence(await failureOf(forRoot), 'storage');
    const useFactory = () => ({ storage: wrong }) as never;
    expectSentence(await failureOf(TusModule.forRootAsync({ useFactory })), 'storage');
  });

  it('a storage without a place on this machine needs the option database', async () => {
    const remote = Object.assign(Object.create(storage) as LocalStorage, { homeDirectory: undefined });
    expectSentence(await failureOf(TusModule.forRoot({ storage: remote })), 'database');
  });

  it('a directory that cannot be one is named by its storage', async () => {
    expect(() => new LocalStorage({ directory: '' })).toThrow('the option "directory"');
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-options-'));
    try {
      await writeFile(join(folder, 'file'), '');
      const broken = new LocalStorage({ directory: join(folder, 'file') });
      expect(String(await failureOf(TusModule.forRoot({ storage: broken })))).toContain(
        'the option "directory"',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each<[string, Partial<TusModuleOptions>]>([
    ['trustProxy', { publicUrl: 'https://cdn.example.com/files', trustProxy: true }],
    ['relativeLocation', { publicUrl: 'https://cdn.example.com/files', relativeLocation: true }],
    ['relativeLocation', { trustProxy: true, relativeLocation: true }],
  ])('%s contradicts another one: %p', (option, options) => {
    let failure: unknown;
    try {
      TusModule.forRoot({ storage, ...options });
    } catch (error) {
      failure = error;
    }
    expectSentence(failure, option);
    expect(fixesOf(option).some((fix) => fix.test(String(failure)))).toBe(true);
  });

  it.each(WRONG.filter(([option]) => !option.includes('.')))(
    '%s: %p has its sentence in docs/options.md',
    (option, value) => {
      const refuse = () => TusModule.forRoot(withWrong(option, value) as unknown as TusModuleOptions);
      const fixes = fixesOf(option);
      expect(fixes).not.toHaveLength(0);
      expect(refuse).toThrow(new RegExp(fixes.map(({ source }) => source).join('|')));
    },
  );

  it('CORS may be an origin, a pattern, a list, and names of headers', () => {
    const lists = { allowedHeaders: ['X-Mine'], exposedHeaders: [] };
    for (const origin of ['*', /example/, ['https://a.example', /b/], []]) {
      const cors = { origin, credentials: true, maxAge: 0, ...lists };
      expect(() => TusModule.forRoot({ storage, cors })).not.toThrow();
    }
  });

  it('says nothing of what else is in an object', () => {
    const cors = [{ secret: { password: 'hunter2' } }] as never;
    expect(() => TusModule.forRoot({ storage, cors })).toThrow(/^((?!hunter2).)*$/s);
  });
});
