// nestjs-tus on Fastify, with sqlite3.
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { serveTus } from '../serve-tus.mjs';

await serveTus({ driver: 'sqlite3', adapter: new FastifyAdapter({ return503OnClosing: false }) });
