// The import directions of ARCHITECTURE.md. What a room is not allowed here, it is forbidden.
// The door of a room is the files directly in it; implementations are folders below.

const door = (...rooms) => `^src/(${rooms.join('|')})/[^/]+$`;
const room = (...rooms) => `^src/(${rooms.join('|')})/`;
const model = room('model');
const doors = door('storage', 'repository', 'locks', 'events');

/** name: the room, from: its files (except `not`), to: what of src they may import, packages: what of npm, node: whether Node's own modules. */
const rooms = [
  { name: 'model', from: model, to: [model] },
  { name: 'protocol', from: room('protocol'), to: [room('protocol'), model] },

  { name: 'storage', from: door('storage'), to: [door('storage'), model], node: true },
  ...['local', 'parts'].map((part) => ({
    name: `storage-${part}`,
    from: room(`storage/${part}`),
    to: [room(`storage/${part}`), door('storage'), model],
    node: true,
  })),
  ...Object.entries({ s3: '@aws-sdk', gcs: '@google-cloud', azure: '@azure' }).map(([store, sdk]) => ({
    name: `storage-${store}`,
    from: room(`storage/${store}`),
    to: [room(`storage/${store}`, 'storage/parts'), door('storage'), model],
    packages: [sdk],
    node: true,
  })),

  { name: 'repository', from: door('repository'), to: [door('repository'), model] },
  {
    name: 'repository-typeorm',
    from: room('repository/typeorm'),
    to: [room('repository/typeorm'), door('repository'), model],
    packages: ['typeorm'],
    node: true,
  },

  { name: 'locks', from: door('locks'), to: [door('locks', 'repository'), model], node: true },
  ...Object.entries({ lease: [], postgres: [], redis: ['ioredis'] }).map(([lock, packages]) => ({
    name: `locks-${lock}`,
    from: room(`locks/${lock}`),
    to: [room(`locks/${lock}`), door('locks', 'repository'), model],
    packages,
    node: true,
  })),

  {
    name: 'events',
    from: room('events'),
    to: [room('events'), door('repository'), model],
    packages: ['rxjs'],
    node: true,
  },
  { name: 'uploads', from: room('uploads'), to: [room('uploads'), doors, model], node: true },
  { name: 'maintenance', from: room('maintenance'), to: [room('maintenance', 'uploads', 'events'), model] },
  {
    name: 'http',
    from: room('http'),
    to: [room('http', 'protocol', 'uploads'), model],
    packages: ['@nestjs'],
    node: true,
  },
  ...Object.entries({ prometheus: 'prom-client', terminus: '@nestjs', otel: '@opentelemetry' }).map(
    ([listener, peer]) => ({
      name: `observability-${listener}`,
      from: room(`observability/${listener}`),
      to: [room(`observability/${listener}`, 'events'), door('observability'), doors, model],
      packages: [peer, 'rxjs'],
    }),
  ),
  {
    name: 'observability',
    from: door('observability'),
    to: [door('observability'), room('events'), doors, model],
    packages: ['rxjs'],
  },
  {
    name: 'client',
    from: room('client'),
    not: [room('client/nest'), '^src/client/index'],
    to: ['^src/client/(?!nest/|index)', room('protocol'), model],
    packages: ['tus-js-client', 'rxjs', 'typeorm'],
    node: true,
  },
  {
    name: 'client-nest',
    from: room('client/nest'),
    to: [room('client'), model],
    packages: ['@nestjs'],
    node: true,
  },
  // The subpath: the client with its module.
  { name: 'client-index', from: '^src/client/index\\.ts$', to: [room('client'), model] },
  {
    name: 'cli',
    from: room('cli'),
    to: [room('cli', 'client', 'module', 'storage/local'), door('events')],
    packages: ['@nestjs', 'cli-progress', 'commander', 'reflect-metadata'],
    node: true,
  },
  {
    name: 'testing',
    from: room('testing'),
    to: [room('testing', 'uploads', 'protocol'), doors, model],
    node: true,
  },
  {
    name: 'module',
    from: room('module'),
    to: [
      room(
        'module',
        'storage/local',
        'storage/parts',
        'repository',
        'locks/lease',
        'locks/postgres',
        'events',
      ),
      room('protocol', 'uploads', 'maintenance', 'http'),
      doors,
      model,
    ],
    packages: ['@nestjs', 'typeorm', 'rxjs'],
    node: true,
  },
  // Optional peers are loaded through their own subpath only.
  {
    name: 'index',
    from: '^src/index\\.ts$',
    to: [
      room('module', 'http', 'uploads', 'maintenance', 'events', 'protocol', 'storage/local', 'repository'),
      room('locks/lease', 'locks/postgres'),
      doors,
      model,
    ],
  },
];

const npm = [
  'npm',
  'npm-dev',
  'npm-optional',
  'npm-peer',
  'npm-bundled',
  'npm-no-pkg',
  'npm-unknown',
  'unknown',
];

// A file that is missing counts as a package; another rule names it.
const relative = '^\\.';

function rulesOf({ name, from, not, to, packages = [], node = false }) {
  const files = not ? { path: from, pathNot: not } : { path: from };
  const named = `(^|/)node_modules/(@types/)?(${packages.join('|')})(/|$)`;
  return [
    { name: `${name}-rooms`, severity: 'error', from: files, to: { path: '^src/', pathNot: to } },
    {
      name: `${name}-packages`,
      severity: 'error',
      from: files,
      to: { dependencyTypes: npm, pathNot: packages.length > 0 ? [relative, named] : relative },
    },
    ...(node
      ? []
      : [{ name: `${name}-node`, severity: 'error', from: files, to: { dependencyTypes: ['core'] } }]),
  ];
}

module.exports = {
  forbidden: [
    ...rooms.flatMap(rulesOf),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nobody-imports-the-index',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'nothing-outside-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['local'], pathNot: '^src/' },
    },
    { name: 'every-import-is-found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'every-file-is-in-a-room',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms.map(({ from }) => from) },
      to: {},
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
