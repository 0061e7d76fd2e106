// Loaded before a server's script: gives the process the live heap of a large application, and counts collections.
// TUS_BALLAST_MB: how much of it, in megabytes. It is asked for the number of mark-compacts, and to `settle` before.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const chunks = [];
const missing = () => Number(process.env.TUS_BALLAST_MB) * 1e6 - process.memoryUsage().heapUsed;
while (missing() > 0) chunks.push(Array.from({ length: 10_000 }, (_, index) => record(chunks.length, index)));

function record(chunk, index) {
  return { id: index, name: `object ${chunk}-${index}`, place: { row: index, column: chunk } };
}

let markCompacts = 0;
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) markCompacts++;
  }
});
observer.observe({ entryTypes: ['gc'] });

process.on('message', (question) => {
  // An application is at rest; here V8 is still at work on what has just been made.
  if (question === 'settle') collect();
  // The number of the chunks keeps them alive.
  process.send({ markCompacts, chunks: chunks.length });
});

function collect() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  setFlagsFromString('--no-expose-gc');
}
