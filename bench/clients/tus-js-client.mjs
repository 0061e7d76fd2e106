// The same by tus-js-client alone.
import { createReadStream } from 'node:fs';
import { Upload } from 'tus-js-client';
import { measured } from './upload.mjs';

await measured(
  ({ endpoint, path, options }) =>
    new Promise((resolve, reject) => {
      const upload = new Upload(createReadStream(path), {
        ...{ endpoint, ...options, storeFingerprintForResuming: false },
        onSuccess: () => resolve(upload.url),
        onError: reject,
      });
      upload.start();
    }),
);
