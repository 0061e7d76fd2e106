import type { CompletionRelay } from '../events/relay/completion-relay.js';
import type { OrphanedDeliveries } from '../events/relay/failed-deliveries.js';
import type { Recovery } from '../uploads/recovery.js';

const INTERVAL_MILLISECONDS = 5_000;
/** Tombstones and strays are looked for once in so many rounds. */
const ROUNDS_BETWEEN_SWEEPS = 720;

export interface MaintenanceDeps {
  readonly recovery: Recovery;
  readonly relay: CompletionRelay;
  readonly onError: (error: unknown) => void;
  /** Told at start, and once an hour, of deliveries that nobody takes. */
  readonly onOrphans: (orphans: OrphanedDeliveries) => void;
}

/** Due work, round after round: what a crash left behind is taken up at the next start, or by another instance. */
export class Maintenance {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private rounds = 0;

  constructor(private readonly deps: MaintenanceDeps) {}

  /** Begins at once, without anybody waiting for it, and goes on every 5 s. */
  start(): void {
    void this.run();
    this.timer = setInterval(() => void this.run(), INTERVAL_MILLISECONDS).unref();
  }

  /** One round; joins the one that runs. Never rejects. */
  async run(): Promise<void> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    const { recovery, relay } = this.deps;
    const sweeping = this.rounds++ % ROUNDS_BETWEEN_SWEEPS === 0;
    // Hooks may run for as long as they like; the round does not wait for them.
    void this.step(() => relay.catchUp());
    await this.step(() => recovery.resume());
    await this.step(() => recovery.settleFinals());
    // What is left of a complete upload is found by its row, which says no more once it has expired.
    await this.step(() => recovery.release());
    await this.step(() => recovery.expire());
    if (!sweeping) return;
    await this.step(() => recovery.forgetTombstones());
    await this.step(() => recovery.sweep());
    await this.step(() => this.warnOfOrphans());
  }

  private async warnOfOrphans(): Promise<void> {
    const orphans = await this.deps.relay.orphans();
    if (orphans.providers.length + orphans.uploads.length > 0) this.deps.onOrphans(orphans);
  }

  private async step(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.deps.onError(error);
    }
  }
}
