import type { Part } from '../../model/part.js';
import { FIRST_TAIL } from './part-rules.js';

/** The numbers that a writer may use: above all on record, and those that a silent writer may still be using. */
export class PartNumbers {
  private part: number;
  private tail: number;

  /** @param gap - numbers to leave out */
  constructor(parts: readonly Part[], gap: number) {
    this.part = highest(parts, false) + gap;
    this.tail = highest(parts, true);
  }

  /** The one that `nextPart` would give. */
  get comingPart(): number {
    return this.part + 1;
  }

  nextPart(): number {
    return ++this.part;
  }

  /** Tails need no gap: each is on record before it is put. */
  nextTail(): number {
    return ++this.tail;
  }
}

/**
 * Tails that nothing can need any more: the offset is on record, and they are not the one that ends there. The highest
 * number stays on record, so that it is not given again; one without a tag may still arrive, and waits for the end of
 * the upload.
 */
export function supersededTails(parts: readonly Part[], needed: Part | undefined): readonly Part[] {
  const top = highest(parts, true);
  return parts.filter((part) => part.tail && part.tag !== null && part.number < top && part !== needed);
}

function highest(parts: readonly Part[], tail: boolean): number {
  const none = tail ? FIRST_TAIL - 1 : 0;
  return parts.reduce((top, part) => (part.tail === tail ? Math.max(top, part.number) : top), none);
}
