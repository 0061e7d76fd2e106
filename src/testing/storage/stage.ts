import assert from 'node:assert/strict';
import type { UploadStorage } from '../../storage/upload-storage.js';
import type { StoragePlace } from '../storage-place.js';
import { FedBody } from './bodies.js';
import { assertBytes, readAll } from './bytes.js';
import { Row } from './row.js';
import type { NewRow } from './row.js';
import { Writer } from './writer.js';

export interface Scenario {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<void>;
}

export interface Scenarios {
  readonly group: string;
  readonly scenarios: readonly Scenario[];
}

/** The world of one case: a place, storages on it, and the rows of its uploads. */
export class Stage {
  private readonly rows: Row[] = [];
  private readonly writers: Writer[] = [];
  private readonly bodies: FedBody[] = [];
  private readonly background: Promise<unknown>[] = [];

  private constructor(
    readonly place: StoragePlace,
    readonly storage: UploadStorage,
  ) {}

  static async open(place: StoragePlace): Promise<Stage> {
    return new Stage(place, await started(place));
  }

  /** A storage of another process. */
  another(): Promise<UploadStorage> {
    return started(this.place);
  }

  row(row: NewRow = {}): Row {
    const made = new Row(row);
    this.rows.push(made);
    return made;
  }

  /** The next one who has the right to write. */
  take(row: Row, storage = this.storage): Writer {
    const writer = new Writer(row, storage);
    this.writers.push(writer);
    return writer;
  }

  /** A complete upload with these bytes, in one append. */
  async stored(bytes: Buffer, row: NewRow = {}): Promise<Row> {
    const made = this.row({ ...row, length: bytes.length });
    await this.take(made).receive(bytes);
    return made;
  }

  partial(bytes: Buffer): Promise<Row> {
    return this.stored(bytes, { kind: 'partial' });
  }

  body(): FedBody {
    const body = new FedBody();
    this.bodies.push(body);
    return body;
  }

  /** Something that nobody waits for any more, and that may fail. */
  leave(promise: Promise<unknown>): void {
    this.background.push(promise.catch(() => undefined));
  }

  async expectObject({ key, view }: Row, bytes: Buffer): Promise<void> {
    assertBytes(await this.place.object(key ?? ''), bytes, 'The object');
    assertBytes(await readAll(await this.storage.read(view)), bytes, 'What is read');
  }

  async expectReadable({ view }: Row, bytes: Buffer): Promise<void> {
    assertBytes(await readAll(await this.storage.read(view)), bytes, `What is read of a ${view.kind}`);
  }

  /** What is stored besides published objects, in a list of this realm: runners may have several. */
  async leftovers(): Promise<string[]> {
    return [...(await this.place.leftovers())].toSorted();
  }

  /** Lets everything that was left behind come to its end. */
  async settle(): Promise<void> {
    for (const row of this.rows) row.statements.thaw();
    for (const body of this.bodies) body.end();
    await Promise.all(this.background);
  }

  /** Clears up as maintenance does, and looks whether all has gone. */
  async strike(): Promise<void> {
    for (const row of this.rows) {
      if (row.complete && row.kind !== 'partial') await this.storage.discardWork(row.view);
      else await this.removed(row);
    }
    assert.deepEqual(await this.leftovers(), [], 'Something is left besides published objects.');
    const published = this.rows.filter(({ complete, kind }) => complete && kind !== 'partial');
    for (const row of published) await this.removed(row);
    // One key may have had an object after another.
    for (const { key } of published) {
      assert.equal(await this.place.object(key ?? ''), undefined, 'A removed object is still there.');
    }
    assert.deepEqual(await this.leftovers(), [], 'Something is left after objects were removed.');
    for (const { parts } of this.rows) {
      assert.deepEqual(parts.breaches, []);
      assert.equal(parts.size, 0, 'Parts are still on record.');
    }
    for (const { breaches } of this.writers) assert.deepEqual(breaches, []);
  }

  private async removed(row: Row): Promise<void> {
    const published = row.complete && row.kind !== 'partial';
    await this.storage.remove(this.take(row).upload, published);
    await this.storage.remove(this.take(row).upload, published);
  }
}

async function started(place: StoragePlace): Promise<UploadStorage> {
  const storage = place.open();
  await storage.start?.();
  return storage;
}
