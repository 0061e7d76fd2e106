import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

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
