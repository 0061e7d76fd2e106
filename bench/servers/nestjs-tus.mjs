// nestjs-tus as an application would mount it, on Express.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LocalStorage, TusModule } from '../../dist/index.js';

class AppModule {}
Module({
  imports: [TusModule.forRoot({ storage: new LocalStorage({ directory: process.env.TUS_DIRECTORY }) })],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port, path: '/files' });
