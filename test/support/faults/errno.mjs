import { constants } from 'node:os';

/** An error as the operating system would give it. */
export function errnoOf(code, syscall, path) {
  const named = path === undefined ? {} : { path };
  const errno = -(constants.errno[code] ?? 0);
  return Object.assign(new Error(`${code}: a fault of a test, ${syscall}`), {
    code,
    errno,
    syscall,
    ...named,
  });
}
