import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { launchScript } from './node-script.mjs';
import { cpuOf, rssOf } from './process-figures.mjs';
import { launchPython, PYTHON_SERVER } from './python-server.mjs';

/** In memory where that can be had, so that servers are measured and not a disk that one syncs and another does not. */
export const FOLDER = process.env.TMPDIR ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** A server under measurement, in a process of its own, over a folder of its own. */
export class ServerProcess {
  /**
   * @param contender `server` names the script, and is the name where it is left out; `prepare` is called with the
   *   folder before the start; `store` starts what the server keeps uploads in, if that is not the folder; the rest is
   *   for the script: see node-script.mjs.
   */
  static async start({ name, server = name, prepare, store: startStore, ...shape }) {
    const directory = await mkdtemp(join(FOLDER, 'nestjs-tus-bench-'));
    let store;
    try {
      await prepare?.(directory);
      store = await startStore?.(directory);
      const env = { ...shape.env, ...store?.env };
      const began = performance.now();
      const launched = await (server === PYTHON_SERVER
        ? launchPython(directory)
        : launchScript(server, { directory, ...shape, env }));
      return new ServerProcess({ name, directory, store, began, ...launched });
    } catch (error) {
      await store?.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** `began` is when the process was started, on the clock of `performance.now()`. */
  constructor({ name, child, directory, store, began, port, path }) {
    Object.assign(this, { name, child, directory, store, began, port, path });
  }

  get address() {
    return { host: '127.0.0.1', port: this.port };
  }

  /** What the server keeps of an upload. */
  content(path) {
    if (this.store) return this.store.content(basename(path));
    return createReadStream(join(this.directory, basename(path)));
  }

  /** Bytes. */
  rss() {
    return rssOf(this.child.pid);
  }

  /** Seconds. */
  cpu() {
    return cpuOf(this.child.pid);
  }

  /** What the script's preload answers. */
  async ask(question) {
    const answered = once(this.child, 'message');
    this.child.send(question);
    const [answer] = await answered;
    return answer;
  }

  async stop() {
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
    await this.store?.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
