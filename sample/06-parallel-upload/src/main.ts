import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { TusClient } from 'nestjs-tus/client';
import { AppModule } from './app.module.js';
import { makeFile, sha256Of } from './large-file.js';
import { fileSize, folder } from './settings.js';
import { uploadAtOnce } from './upload-at-once.js';
import { uploadInProcesses } from './upload-in-processes.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  try {
    await app.listen(0, '127.0.0.1');
    const endpoint = `${await app.getUrl()}/files`;
    const path = join(folder, 'large.bin');
    await makeFile(path, fileSize);

    console.log(`One call, four partials, ${fileSize} bytes`);
    await verify(path, await uploadAtOnce(endpoint, path));

    console.log('Two processes upload a half each, a third one merges');
    await verify(path, await uploadInProcesses(endpoint, path, fileSize));
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gets the file back, and compares. */
async function verify(path: string, url: string): Promise<void> {
  const client = new TusClient();
  const { kind, partialUrls } = await client.info(url);
  console.log(`  ${kind} of ${partialUrls.length} partials at ${url}`);
  const copy = join(folder, 'copy.bin');
  await client.download(url, copy);
  const [sent, stored] = await Promise.all([sha256Of(path), sha256Of(copy)]);
  if (sent !== stored) throw new Error(`The server has other bytes: ${stored} instead of ${sent}.`);
  console.log(`  sha256 ${stored} is that of the file`);
}

await main();
