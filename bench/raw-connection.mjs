import { once } from 'node:events';
import { connect } from 'node:net';

const END = Buffer.from('\r\n\r\n');

/** One connection that is kept, and as little else as possible: the load must not be what is measured. */
export class RawConnection {
  static async open({ host, port }) {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  #socket;
  #waiting;
  #received = Buffer.alloc(0);
  #bodiless = false;

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  /** Sends a head, and pieces of a body one after the other, as fast as they are taken. */
  async request(start, pieces = []) {
    const answered = new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.#bodiless = start.startsWith('HEAD');
    this.#socket.write(start);
    for (const piece of pieces) {
      if (!this.#socket.write(piece)) await Promise.race([once(this.#socket, 'drain'), answered]);
    }
    return answered;
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(bytes) {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const end = this.#received.indexOf(END);
    if (end < 0) return;
    const text = this.#received.latin1Slice(0, end);
    const length = this.#bodiless ? 0 : Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
    if (this.#received.length < end + END.length + length) return;
    this.#received = Buffer.alloc(0);
    const location = /^location: *(\S+)/im.exec(text)?.[1];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({
      status: Number(text.slice(9, 12)),
      path: location && new URL(location, 'http://server').pathname,
      offset: Number(/^upload-offset: *(\d+)/im.exec(text)?.[1]),
    });
  }
}

/** The head of a request of tus. */
export function head(method, path, headers = {}) {
  const lines = Object.entries({ host: 'server', 'tus-resumable': '1.0.0', ...headers });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export function must(expected, { status }) {
  if (status !== expected) throw new Error(`answered ${status}, not ${expected}`);
}
