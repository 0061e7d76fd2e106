// nestjs-tus on Express, with sqlite3, in an application that is told of each completed upload.
import { serveTus } from '../serve-tus.mjs';

let calls = 0;

class Counting {
  onUploadComplete() {
    calls += 1;
  }
}

// The channel to the load keeps no process alive that is told to end.
process.on('message', () => process.send({ calls }));
await serveTus({ driver: 'sqlite3', providers: [Counting] });
