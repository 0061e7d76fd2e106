import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Readable } from 'node:stream';
import { TusClient, TusClientModule, type TusClientOptionsFactory } from '../../src/client/index.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { TusPeer } from './tus-peer.js';

describe('TusClientModule', () => {
  it('forRoot makes a client injectable where it is imported', async () => {
    const peer = await new TusPeer().start();
    try {
      @Injectable()
      class Backups {
        constructor(readonly client: TusClient) {}
      }
      const module = await Test.createTestingModule({
        imports: [TusClientModule.forRoot({ endpoint: peer.endpoint })],
        providers: [Backups],
      }).compile();
      const info = await module.get(Backups).client.serverInfo();
      expect(info.extensions).toEqual(['creation', 'concatenation']);
      await module.close();
    } finally {
      await peer.stop();
    }
  });

  it.each(PLATFORMS)('stands in an application on %s, beside its server', async (platform) => {
    const endpoint = 'http://127.0.0.1:9/files';
    const app = await TusApp.start({ platform, imports: [TusClientModule.forRoot({ endpoint })] });
    try {
      const client = app.get(TusClient);
      const url = await client.createPartialUpload(Readable.from(['abc']), { endpoint: app.endpoint });
      expect(await client.info(url)).toMatchObject({ kind: 'partial', length: 3 });
    } finally {
      await app.stop();
    }
  });

  it('is for all modules with isGlobal', async () => {
    @Injectable()
    class Backups {
      constructor(readonly client: TusClient) {}
    }
    @Module({ providers: [Backups] })
    class Feature {}
    const client = TusClientModule.forRoot({ endpoint: 'http://h/files', isGlobal: true });
    const module = await Test.createTestingModule({ imports: [client, Feature] }).compile();
    expect(module.get(Backups, { strict: false }).client).toBeInstanceOf(TusClient);
    await module.close();
  });

  it.each(['useFactory', 'useClass', 'useExisting'] as const)('forRootAsync takes %s', async (way) => {
    const ENDPOINT = Symbol('endpoint');
    @Injectable()
    class Options implements TusClientOptionsFactory {
      async createTusClientOptions() {
        return { endpoint: 'http://h/files' };
      }
    }
    @Module({
      providers: [{ provide: ENDPOINT, useValue: 'http://h/files' }, Options],
      exports: [ENDPOINT, Options],
    })
    class Config {}
    const options = {
      useFactory: { inject: [ENDPOINT], useFactory: (endpoint: string) => ({ endpoint }) },
      useClass: { useClass: Options },
      useExisting: { useExisting: Options },
    }[way];
    const client = TusClientModule.forRootAsync({ imports: [Config], ...options });
    const module = await Test.createTestingModule({ imports: [client] }).compile();
    expect(module.get(TusClient)).toBeInstanceOf(TusClient);
    await module.close();
  });

  it('names what is wrong, at the call or when the application starts', async () => {
    expect(() => TusClientModule.forRoot({ endpoint: 'files' })).toThrow('option "endpoint" is \'files\'');
    expect(() => TusClientModule.forRootAsync({})).toThrow('give useFactory, useClass or useExisting');
    const late = TusClientModule.forRootAsync({ useFactory: () => ({ chunkSize: 0 }) });
    await expect(Test.createTestingModule({ imports: [late] }).compile()).rejects.toThrow(
      'option "chunkSize" is 0',
    );
  });
});
