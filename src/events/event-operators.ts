import { filter } from 'rxjs';
import type { MonoTypeOperatorFunction, OperatorFunction } from 'rxjs';
import type { Upload } from '../model/upload.js';
import type { UploadEvent, UploadEventType } from './upload-event.js';

/**
 * Picks events of some kinds.
 * @example events.pipe(ofType('completed', 'failed'))
 */
export function ofType<Event extends UploadEvent<Upload>, Type extends UploadEventType>(
  ...types: readonly Type[]
): OperatorFunction<Event, Extract<Event, { readonly type: Type }>> {
  const wanted: readonly UploadEventType[] = types;
  return filter((event): event is Extract<Event, { readonly type: Type }> => wanted.includes(event.type));
}

/** Which uploads are meant: what is given has to agree. */
export interface UploadChoice {
  readonly id?: string;
  /** Whom the option `owner` named; null for uploads of nobody. */
  readonly owner?: string | null;
}

/**
 * Picks events of one upload, or of the uploads of one owner.
 * @example events.progress$.pipe(ofUpload({ id, owner: user.id }))
 */
export function ofUpload<Event extends UploadEvent<Upload>>({
  id,
  owner,
}: UploadChoice): MonoTypeOperatorFunction<Event> {
  return filter(
    ({ upload }) => (id === undefined || upload.id === id) && (owner === undefined || upload.owner === owner),
  );
}
