import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MalformedAnswerError, readAnswer } from './answer.js';
import type { RawAnswer } from './answer.js';

/** Milliseconds without an answer and without the end of the connection, after which the server counts as hanging. */
const WATCHDOG = 25_000;

export class HangError extends Error {}

/** A connection over which a test sends bytes as they are. */
export class Connection {
  private received: Buffer = Buffer.alloc(0);
  private over = false;
  /** The server reset it: bytes of an answer may be lost. */
  private reset = false;
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => (this.reset = true));
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.over = true;
        this.wake();
      });
    }
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Neither side has closed it, and nothing has arrived that was not read. */
  get idle(): boolean {
    return !this.over && this.received.length === 0;
  }

  /** What has arrived and was not read. */
  get unread(): string {
    return this.received.toString('latin1');
  }

  /** Resolves when the bytes are out of this process, or the connection is gone. */
  send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (bytes.length === 0 || !this.socket.writable) resolve();
      else this.socket.write(bytes, () => resolve());
    });
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    if (this.socket.writable) this.socket.end();
  }

  cut(): void {
    this.over = true;
    this.socket.destroy();
  }

  /**
   * The next answer, also an informational one; undefined if the connection ends without.
   * @throws HangError, MalformedAnswerError
   */
  async answer(method: string): Promise<RawAnswer | undefined> {
    for (;;) {
      const read = readAnswer(this.received, { method, ended: this.over });
      if (read) {
        this.received = this.received.subarray(read.size);
        return read.answer;
      }
      if (this.over) {
        if (this.received.length > 0 && !this.reset)
          throw new MalformedAnswerError(`The answer ends early: ${JSON.stringify(this.unread)}`);
        return undefined;
      }
      await this.news();
    }
  }

  private async news(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.wake = resolve;
        timer = setTimeout(() => reject(new HangError('The server does not answer.')), WATCHDOG);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
