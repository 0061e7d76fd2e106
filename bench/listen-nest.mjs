import { NestFactory } from '@nestjs/core';

/** Starts an application on a port of its own, and tells it. Without an adapter Nest takes Express. */
export async function listen(AppModule, { adapter, ...options } = {}) {
  const all = { logger: ['error', 'warn'], ...options };
  const app = await (adapter
    ? NestFactory.create(AppModule, adapter, all)
    : NestFactory.create(AppModule, all));
  await app.listen(0, '127.0.0.1');
  process.send({ port: app.getHttpServer().address().port, path: '/files' });
  return app;
}
