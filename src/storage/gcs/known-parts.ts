import type { Part } from '../../model/part.js';
import type { UploadParts } from '../upload-storage.js';

/** The record of one append, remembered as it passes: afterwards nothing has to be asked for. */
export class KnownParts implements UploadParts {
  private readonly known = new Map<number, Part>();

  /** @param reach - bytes before the place of an append whose parts are asked for as well */
  constructor(
    private readonly parts: UploadParts,
    private readonly reach: number,
  ) {}

  get all(): readonly Part[] {
    return [...this.known.values()].toSorted((one, other) => one.number - other.number);
  }

  async list(from?: number): Promise<readonly Part[]> {
    const list = await this.parts.list(from === undefined ? undefined : Math.max(0, from - this.reach));
    for (const part of list) this.known.set(part.number, part);
    return list;
  }

  async record(parts: readonly Part[]): Promise<void> {
    await this.parts.record(parts);
    for (const part of parts) this.known.set(part.number, part);
  }

  async forget(numbers?: readonly number[]): Promise<void> {
    await this.parts.forget(numbers);
    for (const number of numbers ?? this.known.keys()) this.known.delete(number);
  }
}
