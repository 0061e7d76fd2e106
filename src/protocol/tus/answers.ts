import { expiryHeader } from '../../model/expiry-header.js';
import type { Upload } from '../../model/upload.js';
import type { Headers } from './headers.js';

/** The headers of a 201 (CRE-01, CRE-05, CON-08). A final that is not merged yet has no offset (CON-31). */
export function createdHeaders(upload: Upload, location: string): Headers {
  return {
    Location: location,
    ...offsetHeader(upload),
    ...expiresHeader(upload),
    ...(upload.kind === 'final' && upload.length !== null && { 'Upload-Length': String(upload.length) }),
  };
}

/** The headers of the answer to a PATCH (CORE-11). */
export function appendedHeaders(upload: Upload): Headers {
  return { 'Upload-Offset': String(upload.offset), ...expiresHeader(upload) };
}

/** The headers of the answer to a HEAD (CORE-05, CRE-11, CRE-13, CON-03, CON-18 to CON-20). */
export function headHeaders(upload: Upload): Headers {
  return {
    ...offsetHeader(upload),
    ...(upload.length === null ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(upload.length) }),
    ...expiresHeader(upload),
    ...(upload.rawMetadata !== null && { 'Upload-Metadata': upload.rawMetadata }),
    ...(upload.concat !== null && { 'Upload-Concat': upload.concat }),
    'Cache-Control': 'no-store',
  };
}

/** Whatever expires says so, wherever it is named (EXP-02, EXP-03). */
function expiresHeader({ expiresAt }: Upload): Headers {
  return expiryHeader(expiresAt?.getTime() ?? null);
}

function offsetHeader(upload: Upload): Headers {
  // Clients take the offset of a final for "it is there": only its publication makes that true.
  if (upload.kind === 'final' && upload.state !== 'complete') return {};
  return { 'Upload-Offset': String(upload.offset) };
}
