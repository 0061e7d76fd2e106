import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TusPeer } from '../client/tus-peer.js';

describe('the published package', () => {
  it('has the build and no tests, sources or samples', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']),
    );
    const expected = /^(dist\/.+\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(paths.filter((path) => !expected.test(path) || path.includes('.spec.'))).toEqual([]);
  });

  it.each([
    { way: 'import', code: "import('nestjs-tus').then((m) => console.log(typeof m.TusModule.forRoot))" },
    { way: 'require', code: "console.log(typeof require('nestjs-tus').TusModule.forRoot)" },
  ])('is loaded by $way()', ({ code }) => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--eval', code], {
      encoding: 'utf8',
      env,
    });
    expect({ status, stdout, stderr: status === 0 ? '' : stderr }).toEqual({
      status: 0,
      stdout: 'function\n',
      stderr: '',
    });
  });

  it.each([
    ['import', 's3', 'S3Storage'],
    ['require', 's3', 'S3Storage'],
    ['import', 'gcs', 'GcsStorage'],
    ['require', 'gcs', 'GcsStorage'],
    ['import', 'azure', 'AzureStorage'],
    ['require', 'azure', 'AzureStorage'],
    ['import', 'client', 'TusClient'],
    ['require', 'client', 'TusClient'],
  ])('gives by %s of the subpath %s the class %s', (way, subpath, name) => {
    const code = `
      const load = ${way === 'import' ? '(name) => import(name)' : 'async (name) => require(name)'};
      load('nestjs-tus/${subpath}').then((m) => console.log(typeof m.${name}));`;
    const { stdout } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8' });
    expect(stdout).toBe('function\n');
  });

  it('names no file of its exports that is missing', () => {
    const code = `for (const path of ['nestjs-tus', 'nestjs-tus/s3', 'nestjs-tus/gcs', 'nestjs-tus/azure', 'nestjs-tus/client', 'nestjs-tus/package.json']) console.log(require.resolve(path))`;
    const { stdout } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual([
      join(process.cwd(), 'dist/index.js'),
      join(process.cwd(), 'dist/storage/s3/index.js'),
      join(process.cwd(), 'dist/storage/gcs/index.js'),
      join(process.cwd(), 'dist/storage/azure/index.js'),
      join(process.cwd(), 'dist/client/index.js'),
      join(process.cwd(), 'package.json'),
    ]);
  });
});

/** Unpacks the tarball as npm does, beside its dependencies and the peers that are named; returns its folder. */
function install(folder: string, ...peers: string[]): string {
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'nestjs-tus');
  mkdirSync(own, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  spawnSync('tar', ['-xzf', join(folder, filename), '-C', own, '--strip-components=1']);
  for (const name of [...Object.keys(manifestOf(own).dependencies), ...peers]) {
    symlinkSync(resolve('node_modules', name), join(modules, name), 'junction');
  }
  return own;
}

function manifestOf(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly bin: Readonly<Record<string, string>>;
  };
}

describe('the client of the package, installed without Nest and TypeORM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  beforeAll(() => void install(folder, 'tus-js-client', 'rxjs'), 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['import', 'require'])('uploads a file: %s', async (way) => {
    const peer = await new TusPeer().start();
    try {
      const code = `
        const load = ${way === 'import' ? '(name) => import(name)' : 'async (name) => require(name)'};
        load('nestjs-tus/client')
          .then(({ TusClient }) => new TusClient({ endpoint: '${peer.endpoint}' }).uploadFile('package.json'))
          .then(({ url }) => console.log(url));`;
      const given = { cwd: folder, env: { PATH: process.env.PATH } };
      await writeFile(join(folder, 'package.json'), '{"private":true}');
      const { stdout } = await promisify(execFile)(process.execPath, ['--eval', code], given);
      expect(String(peer.at(stdout.trim()).bytes)).toBe('{"private":true}');
    } finally {
      await peer.stop();
    }
  });
});

describe('the client of the package, installed without tus-js-client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  beforeAll(() => void install(folder, 'rxjs'), 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is loaded, and names what an upload needs', () => {
    const code = `
      const { FileUrlStore, TusClient } = require('nestjs-tus/client');
      const client = new TusClient({ endpoint: 'http://127.0.0.1:9/files', urlStore: new FileUrlStore('urls') });
      client.uploadFile('node_modules/nestjs-tus/LICENSE').catch((error) => {
        console.log(error.code, error.message, error instanceof require('nestjs-tus/client').MissingPackageError);
      });`;
    const { stdout } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8', cwd: folder });
    expect(stdout).toBe(
      'MISSING_PACKAGE Uploads need the package tus-js-client: npm install tus-js-client. true\n',
    );
  });
});

describe('the command of the package, installed without its optional peers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  const modules = join(folder, 'node_modules');
  const bin = join(modules, '.bin', 'nestjs-tus');

  beforeAll(() => {
    const own = install(folder);
    const program = join(own, manifestOf(own).bin['nestjs-tus']!);
    mkdirSync(join(modules, '.bin'));
    chmodSync(program, 0o755);
    symlinkSync(program, bin);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(bin, args, { encoding: 'utf8', cwd: folder });
    return { status, stdout, stderr };
  };

  it('shows its help', () =>
    expect(run('--help')).toEqual({ status: 0, stdout: expect.stringContaining('Exit codes:'), stderr: '' }));

  it.each([
    ['upload', ['upload', 'package.json'], 'tus-js-client'],
    ['serve', ['serve'], '@nestjs/platform-express better-sqlite3'],
  ])('ends %s with 3, and says how to install what is missing', (name, args, packages) => {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    const flags = packages
      .split(' ')
      .map((missing) => `-p ${missing}`)
      .join(' ');
    expect(stderr).toBe(
      `"${name}" needs ${packages.replace(' ', ' and ')}: npm install ${packages}, ` +
        `or without a project: npx -p nestjs-tus ${flags} nestjs-tus ${name}.\n`,
    );
  });
});
