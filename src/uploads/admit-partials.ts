import { toUpload } from '../repository/to-upload.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { authorize, authorizeCreation, isForeign, ownerOf } from './access.js';
import type { ConcatenateUploads } from './commands.js';
import { lengthOf } from './final-plan.js';
import { isLiving } from './living.js';
import type { UploadDeps } from './upload-deps.js';

type Rows = ReadonlyMap<string, UploadRecord>;

/** Leaves out rows that are not there for this request; the plan judges them as missing (CON-12). */
export type Admission = (rows: Rows) => Rows;

/**
 * Asks, before anything is planned, for the final and for each distinct partial, one after the other. A retried POST
 * is asked for again; the plan finds out later whether its final exists. An entry that cannot be merged is not asked
 * for, and stays out of the plan even if it could be merged by then.
 * @throws ForbiddenError, or what `authorize` throws
 */
export async function admitPartials(deps: UploadDeps, input: ConcatenateUploads): Promise<Admission> {
  const { access, partialIds } = input;
  if (!access) return (rows) => rows;
  const owner = ownerOf(access);
  const own: Admission = (rows) => filtered(rows, (row) => !isForeign(row, owner));
  if (!access.authorize) return own;
  const ids = new Set(partialIds);
  const rows = filtered(own(await deps.repository.findAll([...ids])), isLiving);
  await authorizeCreation(access, { ...input, kind: 'final', length: knownLength(partialIds, rows) });
  for (const id of ids) {
    const row = rows.get(id);
    if (row?.kind === 'partial') await authorize(access, { operation: 'concatenate', upload: toUpload(row) });
  }
  return (planned) => filtered(own(planned), ({ id }) => rows.has(id));
}

function knownLength(partialIds: readonly string[], rows: Rows): number | null {
  const partials = partialIds.flatMap((id) => rows.get(id) ?? []);
  return partials.length === partialIds.length ? lengthOf(partials) : null;
}

function filtered(rows: Rows, keep: (row: UploadRecord) => boolean): Rows {
  return new Map([...rows].filter(([, row]) => keep(row)));
}
