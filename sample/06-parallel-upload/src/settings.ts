import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this run alone, which is removed in the end. */
export const folder = mkdtempSync(join(tmpdir(), 'parallel-upload-'));

export const uploadDirectory = join(folder, 'uploads');

/** Bytes of the file that is uploaded; not a multiple of the number of its parts, as files are. */
export const fileSize = Number(process.env.SIZE_MIB ?? 256) * 1024 ** 2 + 1;
