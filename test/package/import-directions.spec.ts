import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const script = resolve('scripts/check-imports.mjs');
const { forbidden } = createRequire(resolve('package.json'))('./.dependency-cruiser.cjs') as {
  forbidden: { name: string }[];
};

/** A file in each room, by the name that its rules have. */
const rooms: Record<string, string> = {
  model: 'model/a.ts',
  protocol: 'protocol/tus/a.ts',
  storage: 'storage/a.ts',
  'storage-local': 'storage/local/a.ts',
  'storage-parts': 'storage/parts/a.ts',
  'storage-s3': 'storage/s3/a.ts',
  'storage-gcs': 'storage/gcs/a.ts',
  'storage-azure': 'storage/azure/a.ts',
  repository: 'repository/a.ts',
  'repository-typeorm': 'repository/typeorm/a.ts',
  locks: 'locks/a.ts',
  'locks-lease': 'locks/lease/a.ts',
  'locks-postgres': 'locks/postgres/a.ts',
  'locks-redis': 'locks/redis/a.ts',
  events: 'events/a.ts',
  uploads: 'uploads/a.ts',
  maintenance: 'maintenance/a.ts',
  http: 'http/a.ts',
  observability: 'observability/a.ts',
  'observability-prometheus': 'observability/prometheus/a.ts',
  'observability-terminus': 'observability/terminus/a.ts',
  'observability-otel': 'observability/otel/a.ts',
  client: 'client/a.ts',
  'client-nest': 'client/nest/a.ts',
  'client-index': 'client/index.ts',
  cli: 'cli/a.ts',
  testing: 'testing/a.ts',
  module: 'module/a.ts',
  index: 'index.ts',
};

/** Imports of one room by another that somebody is likely to want. */
const temptations: [from: string, to: string][] = [
  ['model', 'protocol'],
  ['protocol', 'uploads'],
  ['uploads', 'protocol'],
  ['storage', 'repository'],
  ['storage', 'storage-local'],
  ['storage-local', 'repository'],
  ['storage-local', 'storage-parts'],
  ['storage-s3', 'storage-gcs'],
  ['storage-gcs', 'storage-azure'],
  ['storage-azure', 'storage-local'],
  ['storage-parts', 'storage-s3'],
  ['repository', 'storage'],
  ['repository', 'repository-typeorm'],
  ['repository-typeorm', 'locks'],
  ['locks', 'locks-lease'],
  ['locks-lease', 'locks-redis'],
  ['locks-lease', 'repository-typeorm'],
  ['events', 'uploads'],
  ['uploads', 'storage-local'],
  ['uploads', 'repository-typeorm'],
  ['uploads', 'http'],
  ['maintenance', 'repository'],
  ['http', 'storage'],
  ['http', 'repository'],
  ['http', 'module'],
  ['observability', 'uploads'],
  ['client', 'uploads'],
  ['client', 'client-nest'],
  ['cli', 'uploads'],
  ['cli', 'storage-s3'],
  ['testing', 'storage-local'],
  ['module', 'storage-s3'],
  ['module', 'locks-redis'],
  ['module', 'client'],
  ['index', 'storage-s3'],
  ['index', 'testing'],
];

const packages: [room: string, allowed: string][] = [
  ['storage-s3', '@aws-sdk/client-s3'],
  ['storage-gcs', '@google-cloud/storage'],
  ['storage-azure', '@azure/storage-blob'],
  ['repository-typeorm', 'typeorm'],
  ['locks-redis', 'ioredis'],
  ['events', 'rxjs'],
  ['http', '@nestjs/common'],
  ['observability-prometheus', 'prom-client'],
  ['client', 'tus-js-client'],
  ['client-nest', '@nestjs/common'],
  ['module', '@nestjs/core'],
  ['cli', 'commander'],
];

const allowed: [from: string, to: string][] = [
  ['protocol', 'model'],
  ['storage-local', 'storage'],
  ['storage-s3', 'storage-parts'],
  ['repository-typeorm', 'repository'],
  ['locks-lease', 'locks'],
  ['locks', 'repository'],
  ['uploads', 'storage'],
  ['uploads', 'locks'],
  ['maintenance', 'uploads'],
  ['http', 'protocol'],
  ['http', 'uploads'],
  ['cli', 'client'],
  ['cli', 'module'],
  ['cli', 'storage-local'],
  ['client', 'protocol'],
  ['testing', 'uploads'],
  ['module', 'http'],
  ['module', 'storage-local'],
  ['module', 'repository-typeorm'],
  ['index', 'module'],
];

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project of its own, in which every room has a file and every package is a stub. */
class Tree {
  readonly folder = mkdtempSync(join(tmpdir(), 'import-directions-'));

  constructor() {
    folders.push(this.folder);
    mkdirSync(join(this.folder, 'src'));
  }

  withRooms(): this {
    for (const path of Object.values(rooms)) this.write(`src/${path}`, 'export const a = 1;\n');
    for (const name of [...packages.map(([, allowedName]) => allowedName), 'left-pad']) {
      this.write(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      this.write(`node_modules/${name}/index.js`, 'exports.a = 1;\n');
    }
    return this;
  }

  /** Plants an import into a new file of the room, or into its only one for an index; answers that file's path. */
  plant(room: string, specifier: string): string {
    const path = room.endsWith('index')
      ? `src/${rooms[room]!}`
      : `src/${dirname(rooms[room]!)}/plant-${folders.length}-${this.planted++}.ts`;
    this.lines.set(
      path,
      `${this.lines.get(path) ?? ''}import type { a${this.planted} } from '${specifier}';\n`,
    );
    this.write(path, this.lines.get(path)!);
    return path;
  }

  plantRoom(from: string, to: string): string {
    const path = relative(dirname(join('src', rooms[from]!)), join('src', rooms[to]!)).replace(
      /\.ts$/,
      '.js',
    );
    return this.plant(from, path.startsWith('.') ? path : `./${path}`);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  check(): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, this.folder], {
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  private readonly lines = new Map<string, string>();
  private planted = 0;
}

describe('a tree with a breach of every rule', () => {
  const tree = new Tree().withRooms();
  const planted: { rule: string; file: string }[] = [];
  let found: string[] = [];

  beforeAll(() => {
    for (const [from, to] of temptations) {
      planted.push({ rule: `${from}-rooms`, file: tree.plantRoom(from, to) });
    }
    for (const room of Object.keys(rooms)) {
      if (room !== 'cli') planted.push({ rule: `${room}-rooms`, file: tree.plantRoom(room, 'cli') });
      planted.push({ rule: `${room}-packages`, file: tree.plant(room, 'left-pad') });
      if (hasRule(`${room}-node`)) planted.push({ rule: `${room}-node`, file: tree.plant(room, 'node:fs') });
    }
    for (const [room, name] of packages) {
      const other = room.startsWith('storage') ? 'storage-local' : 'storage-s3';
      planted.push({ rule: `${other}-packages`, file: tree.plant(other, name) });
    }
    planted.push({ rule: 'nobody-imports-the-index', file: tree.plantRoom('module', 'index') });
    planted.push({ rule: 'every-import-is-found', file: tree.plant('model', './missing.js') });
    planted.push({ rule: 'every-file-is-in-a-room', file: 'src/utils/a.ts' });
    tree.write('src/utils/a.ts', "import '../model/a.js';\n");
    planted.push({ rule: 'nothing-outside-src', file: tree.plant('model', '../../test/a.js') });
    tree.write('test/a.ts', 'export const a = 1;\n');
    planted.push({ rule: 'no-cycles', file: 'src/model/b.ts' });
    tree.write('src/model/b.ts', "import type { c } from './c.js';\nexport type b = c;\n");
    tree.write('src/model/c.ts', "import type { b } from './b.js';\nexport type c = b;\n");
    found = tree.check().output.split('\n');
  });

  it('has one for each rule', () => {
    const broken = new Set(planted.map(({ rule }) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
  });

  it('is refused for each of them, imports of types too', () => {
    const missed = planted.filter(
      ({ rule, file }) => !found.some((line) => line.startsWith(`${rule}: ${file} -> `)),
    );
    expect(missed).toEqual([]);
  });
});

describe('a tree that keeps the directions', () => {
  it('passes, with every package where it belongs', () => {
    const tree = new Tree().withRooms();
    for (const [from, to] of allowed) tree.plantRoom(from, to);
    for (const [room, name] of packages) tree.plant(room, name);
    expect(tree.check()).toEqual({
      status: 0,
      output: expect.stringContaining(' 0 in a forbidden direction'),
    });
  });
});

describe('a tree in which nothing can be read', () => {
  it('fails instead of passing without a look', () => {
    expect(new Tree().check()).toEqual({ status: 1, output: expect.stringContaining('checks nothing') });
  });
});

function hasRule(name: string): boolean {
  return forbidden.some((rule) => rule.name === name);
}
