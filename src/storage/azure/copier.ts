import type { AzureApi, Block } from './azure.api.js';
import { AzureError, azureError } from './azure.error.js';
import type { WorkHeaders } from './blob-settings.js';
import type { CopyWay } from './copy-ways.js';
import type { ByteRange } from '../upload-storage.js';

export interface Copy {
  readonly from: string;
  readonly range: ByteRange;
  readonly to: Block;
  readonly headers: WorkHeaders;
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
    if (!this.known) {
      this.known = this.probe(copy);
      this.known.catch(() => (this.known = undefined));
      return (await this.known) !== undefined;
    }
    const way = await this.known;
    if (!way) return false;
    try {
      await this.by(way, copy);
      return true;
    } catch (error) {
      // Keys and firewalls change: the next copy looks again.
      if (isRefused(error)) this.known = undefined;
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

  private async by(way: CopyWay, { from, range, to, headers }: Copy): Promise<void> {
    const source = await way.source(from).catch((error: unknown) => {
      throw azureError(way.name, error);
    });
    try {
      await this.deps.api.copyBlock(to, source, { range, headers });
    } catch (error) {
      // A private blob may be said to be missing, too, where nothing allowed to read it.
      if (error instanceof AzureError && error.status === 404 && (await this.deps.api.head(from))) {
        throw new AzureError('unavailable', error.message, { code: REFUSED, status: 403, cause: error });
      }
      throw error;
    }
  }
}

/** What Azure says where a key, a firewall or a policy of the account is in the way. */
const REFUSED = 'CannotVerifyCopySource';
const REFUSALS = [REFUSED, 'AuthorizationPermissionMismatch', 'AuthorizationFailure', 'AuthenticationFailed'];

function isRefused(error: unknown): error is AzureError {
  return (
    error instanceof AzureError && !error.passing && REFUSALS.includes(error.code) && error.status !== 404
  );
}
