import { readFileSync } from 'node:fs';

/** Resident memory of a process in bytes. */
export function rssOf(pid) {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** Seconds of CPU that a process has had so far, user and system. */
export function cpuOf(pid) {
  // Behind the command's name, which may hold blanks: fields 14 and 15, in ticks of which there are 100 a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
