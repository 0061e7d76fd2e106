import { errnoOf } from './errno.mjs';

const CALLS = ['access', 'link', 'lstat', 'mkdir', 'open', 'opendir', 'readdir', 'rename', 'stat', 'unlink'];
const HANDLE_CALLS = ['writev', 'datasync', 'sync', 'truncate', 'read', 'stat', 'close'];

/** Calls of the file system by their names, as steps of whom their path belongs to. */
export function faultyFiles(calls, stepsOf) {
  const faulty = {};
  for (const name of CALLS) {
    const call = calls[name];
    if (!call) continue;
    faulty[name] = async (path, ...rest) => {
      const real = () => call(path, ...rest);
      const steps = typeof path === 'string' ? stepsOf(path) : undefined;
      if (!steps) return real();
      const found = await steps.run(`file ${name}`, real, (code) => errnoOf(code, name, path));
      return name === 'open' ? faultyHandle(found, steps) : found;
    };
  }
  return { ...calls, ...faulty };
}

/** The statements of data sources, as steps of one process. */
export function faultyStatements(dataSources, steps) {
  for (const dataSource of new Set(dataSources)) {
    const query = dataSource.query.bind(dataSource);
    dataSource.query = (sql, ...rest) => {
      const words = sql.replace(/^WITH one\(x\) AS \(SELECT 1\) /, '').split(/\s+/, 3);
      return steps.run(`sql ${words.join(' ')}`, () => query(sql, ...rest), ioError);
    };
  }
}

function faultyHandle(handle, steps) {
  for (const name of HANDLE_CALLS) {
    const real = handle[name]?.bind(handle);
    if (!real) continue;
    // A descriptor is closed whatever close says of it.
    const failing = (code) => errnoOf(code, name);
    handle[name] = (...input) =>
      name === 'close'
        ? steps.run('file close', real, failing).catch((error) => real().then(() => Promise.reject(error)))
        : steps.run(`file ${name}`, () => real(...input), failing);
  }
  return handle;
}

function ioError() {
  return Object.assign(new Error('SQLITE_IOERR: disk I/O error'), { code: 'SQLITE_IOERR' });
}
