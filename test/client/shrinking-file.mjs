// Reads a file that is cut off after its first piece, slower than pieces are read ahead, in a process of its own: Node
// ends it where a promise is rejected that nobody holds. It runs the built package, and prints what is thrown.
import { truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LocalFile } from '../../dist/client/source/local-file.js';

const { path } = JSON.parse(process.env.TUS_CLIENT);
const file = await LocalFile.open(path);
try {
  for await (const piece of file.read(0, file.size)) {
    if (piece.length > 0) truncateSync(path, 0);
    // Longer than it takes the next piece to fail.
    for (let time = 0; time < 50; time++) await readFile(path);
  }
} catch (error) {
  process.stdout.write(error.name);
}
