const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

/** @type {import('jest').Config} */
export default {
  projects: [
    { ...common, displayName: 'typeorm 0.3', testPathIgnorePatterns: ['/node_modules/', '/typeorm-1/'] },
    {
      ...common,
      displayName: 'typeorm 1',
      testMatch: ['**/typeorm-1/*.spec.ts'],
      moduleNameMapper: { ...common.moduleNameMapper, '^typeorm$': 'typeorm-1' },
    },
  ],
  maxWorkers: 2,
  // Modules of past spec files stay in a worker's heap; at 2 GiB three quarters of its time went to sweeping it.
  workerIdleMemoryLimit: '768MB',
  testTimeout: 30_000,
};
