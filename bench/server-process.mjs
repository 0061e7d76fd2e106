import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In memory where that can be had, so that servers are measured and not a disk that one syncs and another does not. */
const FOLDER = process.env.TMPDIR ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** A server under measurement, in a process of its own, over a folder of its own. */
export class ServerProcess {
  static async start(name) {
    const directory = await mkdtemp(join(FOLDER, 'nestjs-tus-bench-'));
    const child = fork(new URL(`./servers/${name}.mjs`, import.meta.url), {
      env: { ...process.env, TUS_DIRECTORY: directory },
    });
    const [{ port, path }] = await once(child, 'message');
    return new ServerProcess({ name, child, directory, port, path });
  }

  constructor({ name, child, directory, port, path }) {
    Object.assign(this, { name, child, directory, port, path });
  }

  get address() {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Resident memory in bytes. */
  rss() {
    const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(this.#proc('status')) ?? [];
    return Number(kibibytes) * 1024;
  }

  /** Seconds of CPU so far, user and system. */
  cpu() {
    // Behind the command's name, which may hold blanks: fields 14 and 15, in ticks of which there are 100 a second.
    const fields = this.#proc('stat').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop() {
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
    await rm(this.directory, { recursive: true, force: true });
  }

  #proc(file) {
    return readFileSync(`/proc/${this.child.pid}/${file}`, 'utf8');
  }
}
