import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CommanderError } from 'commander';
import { CommandError } from '../../src/cli/command.error.js';
import { ExitCode } from '../../src/cli/exit-code.js';
import { exitCodeOf } from '../../src/cli/failure.js';
import { TusConnectionError } from '../../src/client/errors/connection.error.js';
import { MergePendingError } from '../../src/client/errors/merge-pending.error.js';
import { TusClientOptionError } from '../../src/client/errors/client-option.error.js';
import { TusResponseError } from '../../src/client/errors/response.error.js';
import { UploadSourceError } from '../../src/client/errors/source.error.js';
import { CommandLine } from './command-line.js';

// Each runs several processes.
jest.setTimeout(120_000);

let commands: CommandLine;

beforeEach(async () => {
  commands = await CommandLine.make();
});
afterEach(() => commands.remove());

describe('the help', () => {
  it.each([['--help'], ['upload', '--help'], ['serve', '--help']])(
    'has the exit codes: %s %s',
    async (...args) => {
      const { code, out, err } = await commands.run(...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/Exit codes:\n {2}0 +done\n[^]*\n {2}130 +interrupted/);
      expect(out).toContain('TUS_TOKEN');
    },
  );

  it('names every command', async () => {
    const { out } = await commands.run('--help');
    for (const name of ['upload', 'partial', 'final', 'info', 'download', 'delete', 'serve']) {
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
  });

  it('is what a command line without a command shows, on standard error', async () => {
    expect(await commands.run()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage: ') });
  });
});

const URL = 'http://127.0.0.1:1/files/1';

describe('a command line that cannot be followed', () => {
  it.each([
    { args: ['uplod'], problem: "Unknown command 'uplod' (Did you mean upload?)" },
    { args: ['upload'], problem: "Missing required argument 'file'." },
    { args: ['upload', URL], problem: 'Name the file to upload.' },
    { args: ['upload', 'a', 'http://'], problem: 'The endpoint http:// is not a URL.' },
    { args: ['upload', 'a', '--parallel', '0'], problem: 'Give a whole number from 1 to 10000.' },
    {
      args: ['upload', 'a', '--parallel', '4', '--stop-at', '9'],
      problem: "'--stop-at <bytes>' cannot be used",
    },
    { args: ['upload', 'a', '--metadata', 'b'], problem: 'Write it as key=value.' },
    { args: ['upload', 'a', '--metadata', 'a b=c'], problem: 'ASCII without space and comma' },
    { args: ['upload', 'a', '--checksum', 'sha3'], problem: 'Allowed choices are sha1, sha256' },
    { args: ['upload', 'a', '--paralel', '4'], problem: '(Did you mean --parallel?)' },
    { args: ['final', URL], problem: 'Name the partial uploads in order, and the endpoint last.' },
    { args: ['info', 'files/1'], problem: 'begins with http:// or https://' },
    { args: ['serve', '--port', '70000'], problem: 'Give a whole number from 0 to 65535.' },
  ])('ends with 2 and one sentence: $problem', async ({ args, problem }) => {
    const { code, out, err } = await commands.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(problem);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describe('the exit code', () => {
  const answer = (status: number) => new TusResponseError('HEAD', URL, { status, headers: {}, body: '' });

  it.each([
    ['the help was shown', new CommanderError(0, 'commander.help', ''), ExitCode.Done],
    ['the command line is wrong', new CommanderError(1, 'commander.unknownOption', ''), ExitCode.Usage],
    ['an option is wrong', new TusClientOptionError('endpoint', '', 'give one'), ExitCode.Usage],
    ['the server refuses', answer(403), ExitCode.Failed],
    ['the file is not there', new UploadSourceError('none'), ExitCode.Failed],
    ['something else happens', new Error('x'), ExitCode.Failed],
    ['something is thrown that is no error', undefined, ExitCode.Failed],
    ['the server is out of order', answer(503), ExitCode.TryLater],
    ['the upload is locked', answer(423), ExitCode.TryLater],
    ['nothing answers', new TusConnectionError(URL, new Error('x')), ExitCode.TryLater],
    ['the merge still runs', new MergePendingError(URL, 1), ExitCode.TryLater],
    ['a command says so itself', new CommandError('x', ExitCode.MissingPackage), ExitCode.MissingPackage],
  ])('when %s is what the help says', (_case, error, code) => expect(exitCodeOf(error)).toBe(code));
});
