import { once } from 'node:events';
import { cpuOf, rssOf } from './process-figures.mjs';
import { answer, send } from './tus-request.mjs';

/** A server that somebody started and named by --peer. It stays as it is from one repetition to the next. */
export class HandStartedServer {
  /** @throws Error if the text is not NAME=URL or NAME=URL,PID, with the URL of the collection. */
  static parse(text) {
    const [, name, url, pid] = /^([^=]+)=(http:\/\/[^,]+)(?:,(\d+))?$/.exec(text) ?? [];
    if (!name) throw new Error(`--peer ${text} is not NAME=URL,PID (or NAME=URL) with a URL of http.`);
    return new HandStartedServer(name, new URL(url), pid);
  }

  #read = [];

  constructor(name, url, pid) {
    Object.assign(this, { name, url, pid });
    this.address = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
    this.path = url.pathname;
  }

  /** The extensions that the server names. */
  async extensions() {
    const { headers } = await answer(send({ address: this.address, method: 'OPTIONS', path: this.path }));
    return (headers['tus-extension'] ?? '').split(',').map((name) => name.trim());
  }

  /** @throws Error unless the server gives uploads to GET. */
  async content(path) {
    this.#read.push(path);
    const [incoming] = await once(send({ address: this.address, method: 'GET', path }), 'response');
    if (incoming.statusCode !== 200) {
      throw new Error(`${this.name} answers ${incoming.statusCode} to GET: its bytes cannot be verified`);
    }
    return incoming;
  }

  /** Bytes; not a number without a PID. */
  rss() {
    return this.pid ? rssOf(this.pid) : Number.NaN;
  }

  /** Seconds; not a number without a PID. */
  cpu() {
    return this.pid ? cpuOf(this.pid) : Number.NaN;
  }

  /** Deletes what was verified, so that large files do not pile up; a server that cannot delete keeps them. */
  async stop() {
    for (const path of this.#read.splice(0)) {
      await answer(send({ address: this.address, method: 'DELETE', path }));
    }
  }
}
