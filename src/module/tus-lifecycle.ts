import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { CompletionRelay } from '../events/relay/completion-relay.js';
import type { UploadHooks } from '../events/upload-hooks.js';
import type { Locker } from '../locks/locker.js';
import type { Maintenance } from '../maintenance/maintenance.js';
import type { DatabaseConnection } from '../repository/typeorm/sql-connection.js';
import type { Background } from '../uploads/background.js';
import type { KnownHooks } from './known-hooks.js';

/** How long running uploads have at shutdown to come to a durable offset. */
const GRACE_MILLISECONDS = 5_000;

export interface TusLifecycleDeps {
  readonly knownHooks: KnownHooks;
  readonly hooks: UploadHooks;
  readonly relay: CompletionRelay;
  readonly locker: Locker;
  readonly background: Background;
  readonly maintenance: Maintenance;
  readonly connection: DatabaseConnection;
}

/** When the parts of one registration begin and end. */
export class TusLifecycle
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  constructor(private readonly deps: TusLifecycleDeps) {}

  /** Uploads may be made from here on, and before, in modules that are initialized earlier. */
  onModuleInit(): void {
    this.deps.knownHooks.find();
  }

  onApplicationBootstrap(): void {
    this.deps.maintenance.start();
  }

  /**
   * No call of `OnUploadComplete` is begun any more. Modules that import this one are destroyed before it: of what hooks use
   * they close nothing earlier than in `onApplicationShutdown`.
   */
  onModuleDestroy(): void {
    this.deps.relay.pause();
  }

  /** Running uploads are cut at a durable offset; their clients resume on the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    // All of it before the application closes in `onApplicationShutdown` what its hooks use.
    const called = within(GRACE_MILLISECONDS, this.deps.relay.stop());
    // First of all: what maintenance works on has to let go, too.
    await this.deps.locker.drain(GRACE_MILLISECONDS);
    await within(GRACE_MILLISECONDS, this.deps.maintenance.stop());
    // By now it is known how far uploads have come, and what maintenance has ended.
    await within(GRACE_MILLISECONDS, this.deps.hooks.settle());
    await called;
  }

  async onApplicationShutdown(): Promise<void> {
    // A client that hung up has taken its connection along: nothing else waits for what it asked for.
    await within(GRACE_MILLISECONDS, this.deps.background.callsEnded());
    // What has not ended by then is taken up from the rows by the next process.
    await within(GRACE_MILLISECONDS, this.deps.background.idle());
    try {
      this.deps.hooks.close();
    } finally {
      await this.deps.connection.close();
    }
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
