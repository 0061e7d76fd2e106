import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { uploadDirectory } from './upload-directory.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  // Running uploads are cut at an offset that is stored, and clients go on after the next start.
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');

  const url = await app.getUrl();
  console.log(`Uploads at   ${url}/files`);
  console.log(`Stored in    ${uploadDirectory}`);
  console.log(
    `Try          npm run upload -- FILE${url === 'http://127.0.0.1:3000' ? '' : ` ${url}/files`} --parallel 4`,
  );
}

void bootstrap();
