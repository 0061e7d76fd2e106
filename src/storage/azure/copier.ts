import type { AzureApi, Block, CopyOptions } from './azure.api.js';
import { AzureError, azureError } from './azure.error.js';
import type { AzureAnswer } from './azure.error.js';
import type { CopyWay } from './copy-ways.js';

export interface Copy extends CopyOptions {
  readonly from: string;
  readonly to: Block;
}

export interface CopierDeps {
  readonly api: AzureApi;
  readonly ways: readonly CopyWay[];
  /** Called once, with what the store has said to the last way. */
  readonly onRefused: (error: AzureError) => void;
}

/** Lets the store copy. What allows it to read the source is found out with the first copy, and remembered. */
export class Copier {
  private known: Promise<CopyWay | undefined> | undefined;
  private told = false;

  constructor(private readonly deps: CopierDeps) {}

  /** Resolves with false if the store copies nothing by itself. @throws StorageError */
  async copy(copy: Copy): Promise<boolean> {
    if (!this.known) return this.look(copy);
    // What ended the copy that was to find out, such as a source that is gone, says nothing of this one.
    const found = await this.known.then(
      (way) => ({ way }),
      () => undefined,
    );
    if (!found) return this.look(copy);
    if (!found.way) return false;
    try {
      await this.by(found.way, copy);
      return true;
    } catch (error) {
      // Keys and firewalls change: the next copy looks again.
      if (isRefused(error)) this.known = undefined;
      throw error;
    }
  }

  private async look(copy: Copy): Promise<boolean> {
    const probe = this.probe(copy);
    this.known = probe;
    try {
      return (await probe) !== undefined;
    } catch (error) {
      if (this.known === probe) this.known = undefined;
      throw error;
    }
  }

  private async probe(copy: Copy): Promise<CopyWay | undefined> {
    let refused: AzureError | undefined;
    for (const way of this.deps.ways) {
      try {
        await this.by(way, copy);
        return way;
      } catch (error) {
        if (!isRefused(error)) throw error;
        refused = error;
      }
    }
    if (refused && !this.told) this.deps.onRefused(refused);
    this.told = true;
    return undefined;
  }

  private async by(way: CopyWay, { from, to, ...options }: Copy): Promise<void> {
    const source = (abortSignal: AbortSignal) =>
      way.source(from, abortSignal).catch((error: unknown) => {
        throw ofWay(way, error);
      });
    try {
      await this.deps.api.copyBlock(to, source, options);
    } catch (error) {
      if (!isRefused(error) || !GONE.includes(error.status)) throw error;
      // A private blob is said to be missing, too, where nothing allowed to read it.
      if (error.status === 404 && (await this.deps.api.head(from))) throw error;
      throw new AzureError('missing', error.message, { ...answerOf(error), cause: error });
    }
  }
}

/**
 * What Azure says where a key, a firewall or a policy of the account keeps it from reading a source. Other refusals are
 * of the request itself, and say nothing of the way.
 */
const REFUSED = 'CannotVerifyCopySource';
/** With it, where the source is not there, or has fewer bytes. */
const GONE: readonly unknown[] = [404, 416];

function isRefused(error: unknown): error is AzureError {
  return error instanceof AzureError && error.code === REFUSED && error.kind !== 'missing' && !error.passing;
}

/** A way that is forbidden is none. */
function ofWay({ name }: CopyWay, cause: unknown): AzureError {
  const error = azureError(name, cause);
  if (error.status !== 403) return error;
  return new AzureError('unavailable', error.message, { ...answerOf(error), code: REFUSED, cause });
}

function answerOf({ code, status }: AzureError): AzureAnswer {
  return { code, status };
}
