import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
} from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import type { CompletionRelay } from '../events/relay/completion-relay.js';
import type { UploadEvents } from '../events/upload-events.js';
import type { Locker } from '../locks/locker.js';
import type { Maintenance } from '../maintenance/maintenance.js';
import type { SqliteConnection } from '../repository/typeorm/sqlite-connection.js';
import type { Background } from '../uploads/background.js';
import { findCompletionHooks } from './hook-explorer.js';

/** How long running uploads have at shutdown to come to a durable offset. */
const GRACE_MILLISECONDS = 5_000;

export interface TusLifecycleDeps {
  readonly discovery: DiscoveryService;
  readonly events: UploadEvents;
  readonly relay: CompletionRelay;
  readonly locker: Locker;
  readonly background: Background;
  readonly maintenance: Maintenance;
  readonly connection: SqliteConnection;
}

/** When the parts of one registration begin and end. */
export class TusLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(private readonly deps: TusLifecycleDeps) {}

  onApplicationBootstrap(): void {
    this.deps.relay.use(findCompletionHooks(this.deps.discovery));
    this.deps.maintenance.start();
  }

  /** Running uploads are cut at a durable offset; their clients resume on the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.deps.maintenance.stop();
    await this.deps.locker.drain(GRACE_MILLISECONDS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.deps.background.idle();
    await this.deps.relay.stop();
    this.deps.events.close();
    await this.deps.connection.close();
  }
}
