import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  // Thumbnails that are being made have five seconds to end; what has not is made after the next start.
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');

  const url = await app.getUrl();
  console.log(`Page at      ${url}/`);
  console.log(`Uploads at   ${url}/files`);
  console.log(`Stored in    ${settings.uploads}`);
  console.log(
    `Try          npm run upload -- IMAGE${url === 'http://127.0.0.1:3000' ? '' : ` --endpoint ${url}/files`}`,
  );
}

void bootstrap();
