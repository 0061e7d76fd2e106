import { Presets, SingleBar } from 'cli-progress';
import { formatBytes, formatSeconds } from './format.js';

/** Shows how far an upload is. Progress goes to standard error, so that standard output is the URL alone. */
export interface ProgressDisplay {
  update(sent: number, total: number): void;
  stop(): void;
}

/** A bar on a terminal, else a line for each tenth. */
export function createProgress(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? new Bar(stream) : new Lines(stream);
}

/** Bytes per second since the first report; what an earlier run has sent does not count. */
class Rate {
  private first: { readonly at: number; readonly sent: number } | undefined;

  at(sent: number): number {
    this.first ??= { at: performance.now(), sent };
    const seconds = (performance.now() - this.first.at) / 1000;
    return seconds > 0 ? Math.max(0, sent - this.first.sent) / seconds : 0;
  }
}

class Bar implements ProgressDisplay {
  private readonly bar: SingleBar;
  private readonly rate = new Rate();
  private started = false;

  constructor(stream: NodeJS.WriteStream) {
    const format = '{bar} {percentage}% | {done} of {size} | {rate}/s | {left} left';
    this.bar = new SingleBar({ format, stream, hideCursor: true, fps: 10 }, Presets.shades_classic);
  }

  update(sent: number, total: number): void {
    const rate = this.rate.at(sent);
    const words = {
      done: formatBytes(sent),
      size: formatBytes(total),
      rate: formatBytes(rate),
      left: formatSeconds((total - sent) / rate),
    };
    if (this.started) this.bar.update(sent, words);
    else this.bar.start(total, sent, words);
    this.started = true;
  }

  stop(): void {
    if (this.started) this.bar.stop();
  }
}

class Lines implements ProgressDisplay {
  private readonly rate = new Rate();
  private tenths = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  update(sent: number, total: number): void {
    const rate = this.rate.at(sent);
    const tenths = Math.floor((sent / total) * 10);
    if (!(tenths > this.tenths)) return;
    this.tenths = tenths;
    this.stream.write(`${tenths * 10}% of ${formatBytes(total)}, ${formatBytes(rate)}/s\n`);
  }

  stop(): void {
    // Each line is complete as it is.
  }
}
