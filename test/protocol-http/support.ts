import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HttpException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { UploadService } from '../../src/index.js';
import type { Upload } from '../../src/index.js';
import { TUS_EXTENSIONS } from '../../src/protocol/tus/extensions.js';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import { call, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import type { TusApp } from '../support/tus-app.js';

export const BYTES = { 'content-type': 'application/offset+octet-stream' };

/** All but the extension that lets a final wait for its partials (CON-22). */
export const FINISHED = TUS_EXTENSIONS.filter((extension) => extension !== 'concatenation-unfinished');

export function idOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}

export function portOf(app: TusApp): number {
  return Number(new URL(app.origin).port);
}

/** The absolute URL of what a creation made. */
export function made(app: TusApp, answer: Answer): string {
  if (answer.status !== 201) throw new Error(`creation answered ${answer.status}: ${answer.body.toString()}`);
  return new URL(String(answer.headers.location), app.endpoint).href;
}

/** A POST on the endpoint; a body has the media type of upload bytes unless the headers say otherwise. */
export function post(
  app: TusApp,
  headers: Record<string, string>,
  body?: string | Buffer,
  chunked = false,
): Promise<Answer> {
  const sent = { ...(body !== undefined && BYTES), ...headers };
  return call({
    method: 'POST',
    url: app.endpoint,
    headers: tus(sent),
    ...(body !== undefined && { body, chunked }),
  });
}

/** A complete partial with these bytes. */
export async function partial(app: TusApp, bytes: string): Promise<string> {
  const headers = { 'upload-concat': 'partial', 'upload-length': String(Buffer.byteLength(bytes)) };
  return made(app, await post(app, headers, bytes === '' ? undefined : bytes));
}

export function concatenate(
  app: TusApp,
  urls: readonly string[],
  headers: Record<string, string> = {},
): Promise<Answer> {
  return post(app, { 'upload-concat': `final;${urls.join(' ')}`, ...headers });
}

export function remove(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return call({ method: 'DELETE', url, headers: tus(headers) });
}

export function options(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return call({ method: 'OPTIONS', url, headers });
}

/** A request whose body a test sends piece by piece, and never to its end. */
export function openRequest(
  method: string,
  url: string,
  headers: Record<string, string>,
): {
  send(bytes: string): Promise<void>;
  cut(): void;
  /** The status; 0 if the connection ended without one. */
  readonly answered: Promise<number>;
} {
  const outgoing = request(url, { method, agent: false, headers: tus(headers) });
  const answered = new Promise<number>((resolve) => {
    outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode ?? 0));
    outgoing.on('error', () => resolve(0));
    outgoing.on('close', () => resolve(0));
  });
  outgoing.flushHeaders();
  return {
    send: (bytes) => new Promise((resolve) => outgoing.write(bytes, () => resolve())),
    cut: () => void outgoing.destroy(),
    answered,
  };
}

/** What the engine has on record of an upload. */
export async function record(app: TusApp, url: string): Promise<Upload | undefined> {
  return app.get(UploadService).find(idOf(url));
}

/** The stored bytes of a complete upload. */
export async function content(app: TusApp, url: string): Promise<string> {
  return text(await app.get(UploadService).read(idOf(url)));
}

/** How many uploads the engine knows. */
export async function count(app: TusApp): Promise<number> {
  return (await app.get(UploadService).list({ limit: 1000 })).length;
}

/** Looks at rows, or changes them behind the back of the engine, to make them old or foreign. */
export async function sql(
  { directory }: Pick<TusApp, 'directory'>,
  statement: string,
  parameters: (string | number)[] = [],
): Promise<unknown[]> {
  const connection = new SqliteConnection({ path: join(directory, '.tus', 'uploads.sqlite') });
  await connection.open();
  try {
    return await connection.query<unknown>(statement, parameters);
  } finally {
    await connection.close();
  }
}

/** A gate that a test opens. */
export function gate(): { readonly closed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open: () => open() };
}

class RefusingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { headers } = http.getRequest<{ headers: Record<string, string | undefined> }>();
    const response = http.getResponse<{ header(name: string, value: string): void }>();
    if (headers['x-wait']) response.header('Retry-After', headers['x-wait']);
    if (headers['x-refuse']) throw new HttpException('refused', Number(headers['x-refuse']));
    return true;
  }
}

/** A guard of the application: the request says in `x-refuse` with which status it is refused. */
export const REFUSING = { provide: APP_GUARD, useClass: RefusingGuard };
