import type { Readable } from 'node:stream';
import { Storage } from '@google-cloud/storage';
import type { GcsAddress } from './fake-gcs.js';

/** The bucket of a suite, or its share of one that is used by others too. */
export class GcsBucket {
  constructor(
    readonly client: Storage,
    readonly name: string,
    /** What all names of the suite begin with; empty where the bucket is its own. */
    readonly prefix: string,
  ) {}

  static at(address: Partial<GcsAddress>, name: string, prefix: string): GcsBucket {
    return new GcsBucket(new Storage({ ...address }), name, prefix);
  }

  create(options: { readonly versions?: boolean } = {}): Promise<unknown> {
    return this.client.createBucket(this.name, { versioning: { enabled: options.versions ?? false } });
  }

  /** Names of all objects, also of those that a newer generation hides. */
  async names(prefix = ''): Promise<string[]> {
    const files = await this.files(prefix);
    return files.map(({ name }) => name).sort();
  }

  /** Undefined if there is no such object. */
  async bytes(name: string): Promise<Buffer | undefined> {
    const [exists] = await this.client.bucket(this.name).file(name).exists();
    if (!exists) return undefined;
    const [bytes] = await this.client.bucket(this.name).file(name).download({ validation: false });
    return bytes;
  }

  stream(name: string): Readable {
    return this.client.bucket(this.name).file(name).createReadStream({ validation: false });
  }

  async put(name: string, bytes: Buffer | string): Promise<void> {
    await this.client.bucket(this.name).file(name).save(bytes, { resumable: false, validation: false });
  }

  async metadata(name: string) {
    const [metadata] = await this.client.bucket(this.name).file(name).getMetadata();
    return metadata;
  }

  async remove(name: string): Promise<void> {
    await this.client.bucket(this.name).file(name).delete({ ignoreNotFound: true });
  }

  async empty(prefix = ''): Promise<void> {
    for (const file of await this.files(prefix)) {
      const { generation } = file.metadata;
      await this.client
        .bucket(this.name)
        .file(file.name, { ...(generation !== undefined && { generation }) })
        .delete({ ignoreNotFound: true });
    }
  }

  private async files(prefix: string) {
    const [files] = await this.client
      .bucket(this.name)
      .getFiles({ prefix: this.prefix + prefix, versions: true });
    return files;
  }
}
