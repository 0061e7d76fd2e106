import type { UploadRecord, UrlStore } from './url-store.js';

/** Remembers uploads for as long as this process runs. */
export class MemoryUrlStore implements UrlStore {
  private readonly records = new Map<string, UploadRecord>();

  async find(fingerprint: string): Promise<UploadRecord[]> {
    return [...this.records.values()].filter((record) => record.fingerprint === fingerprint);
  }

  async save(record: UploadRecord): Promise<void> {
    this.records.set(record.id, record);
  }

  async remove({ id }: UploadRecord): Promise<void> {
    this.records.delete(id);
  }
}
