import { Presets, SingleBar } from 'cli-progress';
import type { UploadProgress } from '../client/options.js';
import { formatBytes, formatSeconds } from './format.js';
import { printable } from './output.js';

export type Progress = Omit<UploadProgress, 'parts'>;

/** Shows how far a transfer is. It goes to standard error, so that standard output is the result alone. */
export interface ProgressDisplay {
  update(progress: Progress): void;
  stop(): void;
}

export interface DisplayOptions {
  /** Which of several files it is; empty for the only one. */
  readonly label: string;
  readonly json: boolean | undefined;
}

/** Lines of JSON if they are asked for, else a bar on a terminal and a line for each tenth elsewhere. */
export function createProgress(stream: NodeJS.WriteStream, { label, json }: DisplayOptions): ProgressDisplay {
  if (json)
    return new Steps(100, (progress) => stream.write(`${JSON.stringify({ file: label, ...progress })}\n`));
  const prefix = label === '' ? '' : `${printable(label)}: `;
  if (stream.isTTY) return new Bar(stream, prefix);
  return new Steps(10, ({ sent, total, rate }, percent) => {
    stream.write(`${prefix}${percent}% of ${formatBytes(total ?? sent)}, ${formatBytes(rate)}/s\n`);
  });
}

class Bar implements ProgressDisplay {
  private readonly bar: SingleBar;
  private started = false;

  constructor(
    stream: NodeJS.WriteStream,
    private readonly prefix: string,
  ) {
    const format = '{prefix}{bar} {percentage}% | {done} of {size} | {rate}/s | {left} left';
    this.bar = new SingleBar({ format, stream, hideCursor: true, fps: 10 }, Presets.shades_classic);
  }

  update({ sent, total, rate, secondsLeft }: Progress): void {
    const size = total ?? sent;
    const words = {
      prefix: this.prefix,
      done: formatBytes(sent),
      size: formatBytes(size),
      rate: formatBytes(rate),
      left: formatSeconds(secondsLeft ?? NaN),
    };
    if (this.started) this.bar.update(sent, words);
    else this.bar.start(size, sent, words);
    this.started = true;
  }

  stop(): void {
    if (this.started) this.bar.stop();
  }
}

/** Tells of each step of so many once, of the last one too; of what has no size there are none. */
class Steps implements ProgressDisplay {
  private step = 0;

  constructor(
    private readonly steps: number,
    private readonly tell: (progress: Progress, percent: number) => void,
  ) {}

  update(progress: Progress): void {
    const { sent, total } = progress;
    const step = total === null ? this.step : Math.floor((sent / total) * this.steps);
    if (!(step > this.step)) return;
    this.step = step;
    this.tell(progress, (step * 100) / this.steps);
  }

  stop(): void {
    // Each line is complete as it is.
  }
}
