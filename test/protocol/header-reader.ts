import type { HeaderReader } from '../../src/protocol/tus/headers.js';

/** Headers of a request that was never sent. */
export function headersOf(headers: Record<string, string>): HeaderReader {
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => values.get(name.toLowerCase());
}
