import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import type { Platform } from '../support/tus-app.js';

type Metadata = Parameters<typeof Test.createTestingModule>[0];

export interface ModuleAppOptions extends Metadata {
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** What `main.ts` does between create and listen. */
  readonly configure?: (app: INestApplication) => unknown;
  readonly nest?: NestApplicationOptions;
}

export interface ModuleApp {
  readonly nest: INestApplication;
  readonly origin: string;
}

/** Applications and folders of a spec, so that each test ends with neither. */
export class ModuleApps {
  private readonly running: INestApplication[] = [];
  private readonly folders: string[] = [];

  /** A folder of its own. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-module-'));
    this.folders.push(folder);
    return folder;
  }

  /** A listening application whose modules the test names itself. */
  async start(platform: Platform, options: ModuleAppOptions): Promise<ModuleApp> {
    const { override, configure, nest: settings, ...metadata } = options;
    const builder = Test.createTestingModule(metadata);
    const module = await (override?.(builder) ?? builder).compile();
    const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const nest = module.createNestApplication(adapter, { logger: false, ...settings });
    this.running.push(nest);
    await configure?.(nest);
    await nest.listen(0, '127.0.0.1');
    const { port } = nest.getHttpServer().address() as AddressInfo;
    return { nest, origin: `http://127.0.0.1:${port}` };
  }

  async clear(): Promise<void> {
    for (const nest of this.running.splice(0)) await nest.close();
    for (const folder of this.folders.splice(0)) await rm(folder, { recursive: true, force: true });
  }
}
