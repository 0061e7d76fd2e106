/**
 * What must hold, of the medians of one run. `figure` of `server`, beside that of `than` (the same figure, where none is
 * named; an absolute one where there is no `than`):
 * - `faster: N`: a time, at most an Nth of the other's;
 * - `more: N`: a rate, at least N times the other's;
 * - `atMost: N`: at most N times the other's, or at most N.
 */
export const targets = [
  ...each(['nestjs-tus', 'nestjs-tus-fastify'], (server) => [
    { workload: 'one-patch', server, figure: 'wall, s', faster: 1.3, than: { server: 'tus-server' } },
    { workload: 'one-patch', server, figure: 'wall, s', faster: 2.2, than: { server: 'tus-server-in-nest' } },
    { workload: 'one-patch', server, figure: 'CPU, s', atMost: 0.75, than: { server: 'tus-server' } },
    { workload: 'one-patch', server, figure: 'highest RSS, MiB', atMost: 180 },
    { workload: 'many-patches', server, figure: 'wall, s', faster: 2.2, than: { server: 'tus-server' } },
    {
      workload: 'many-patches',
      server,
      figure: 'wall, s',
      faster: 2.5,
      than: { server: 'tus-server-in-nest' },
    },
    { workload: 'many-patches', server, figure: 'CPU, s', atMost: 0.4, than: { server: 'tus-server' } },
    { workload: 'parallel', server, figure: 'total, s', faster: 1, than: { server: 'resumable-upload' } },
    { workload: 'parallel', server, figure: 'merge, s', atMost: 0.75, than: { server: 'resumable-upload' } },
    {
      workload: 'small-uploads',
      server,
      figure: 'in the POST, /s',
      more: 1.5,
      than: { server: 'tus-server' },
    },
    {
      workload: 'small-uploads',
      server,
      figure: 'POST + PATCH, /s',
      more: 1.8,
      than: { server: 'tus-server' },
    },
    { workload: 'merge', server, figure: '1000, ms', atMost: 110 },
    // Flat, with room for what a measurement of some milliseconds is off.
    {
      workload: 'merge',
      server,
      figure: '1000, ms a partial',
      atMost: 1.2,
      than: { figure: '100, ms a partial' },
    },
    { workload: 'start', server, figure: 'first 201, ms', atMost: 1.2, than: { server: 'nest-typeorm' } },
  ]),
  ...each(['in the POST, /s', 'POST + PATCH, /s'], (figure) => [
    {
      workload: 'completion-hook',
      server: 'nestjs-tus-hook',
      figure,
      more: 0.8,
      than: { server: 'nestjs-tus' },
    },
  ]),
  ...each(['nestjs-tus-better-sqlite3'], (server) => [
    { workload: 'small-uploads', server, figure: 'in the POST, /s', more: 2, than: { server: 'tus-server' } },
    {
      workload: 'small-uploads',
      server,
      figure: 'POST + PATCH, /s',
      more: 2.5,
      than: { server: 'tus-server' },
    },
  ]),
  ...each(['', ', Node 20'], (node) => [
    {
      workload: 'heap',
      server: `nestjs-tus${node}, 400 MB`,
      figure: 'CPU, s',
      atMost: 1.3,
      than: { server: `nestjs-tus${node}, 0 MB` },
    },
  ]),
  ...each(['wall, s', 'CPU, s'], (figure) => [
    {
      workload: 'heap',
      server: 'nestjs-tus, 400 MB',
      figure,
      faster: 3,
      than: { server: 'tus-server, 400 MB' },
    },
  ]),
  ...each(['nestjs-tus'], (server) => [
    { workload: 'slow-uploads', server, figure: 'KiB of RSS each', atMost: 100 },
    { workload: 'slow-uploads', server, figure: 'failed', atMost: 0 },
    { workload: 'slow-uploads', server, figure: 'HEAD p99, ms', atMost: 20 },
    { workload: 'hand-over', server, figure: 'hand-over, ms', atMost: 50 },
  ]),
  ...each(['one stream', 'four ranges'], (way) => [
    {
      workload: 'client',
      server: 'nestjs-tus/client',
      figure: `${way}, s`,
      // A throughput of 0.95 at least.
      atMost: 1.05,
      than: { server: 'tus-js-client' },
    },
    { workload: 'client', server: 'nestjs-tus/client', figure: `${way}, highest RSS, MiB`, atMost: 100 },
  ]),
  ...each(['nestjs-tus-s3'], (server) => [
    { workload: 's3-one-patch', server, figure: 'wall, s', faster: 2, than: { server: 'tus-server-s3' } },
    { workload: 's3-one-patch', server, figure: 'CPU, s', atMost: 0.5, than: { server: 'tus-server-s3' } },
    // The budget of the parts in memory, and as much for connections, requests and the heap; the bytes are 444 KiB each.
    { workload: 's3-slow-uploads', server, figure: 'KiB of RSS each', atMost: 512 },
    { workload: 's3-slow-uploads', server, figure: 'failed', atMost: 0 },
  ]),
  ...each(['p50, ms'], (figure) => [
    {
      workload: 'head-million',
      server: '1,000,000 uploads',
      figure,
      atMost: 1.5,
      than: { server: '1,000 uploads' },
    },
  ]),
];

function each(names, make) {
  return names.flatMap(make);
}
