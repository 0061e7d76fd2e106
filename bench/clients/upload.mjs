import { readFileSync } from 'node:fs';

/** Makes the upload of BENCH_UPLOAD, and tells the parent its URL, and what it took from the call on. */
export async function measured(upload) {
  const task = JSON.parse(process.env.BENCH_UPLOAD);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const url = await upload(task);
  const { user, system } = process.cpuUsage(cpu);
  const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const seconds = (performance.now() - began) / 1000;
  process.send({ url, seconds, cpu: (user + system) / 1e6, rss: Number(kibibytes) / 1024 });
  process.disconnect();
}
