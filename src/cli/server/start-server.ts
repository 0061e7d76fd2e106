import 'reflect-metadata';
import { createServer } from 'node:http';
import { ConsoleLogger, Module, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { OnUploadComplete } from '../../events/hooks.js';
import { TusModule } from '../../module/tus.module.js';
import { LocalStorage } from '../../storage/local/local.storage.js';

/** Bytes: room for the list of more than a thousand partials, where Node's 16 KiB end at about 300. */
const MOST_HEADER_BYTES = 65_536;
/** Milliseconds for what is being answered when the server ends; uploads are cut, and their bytes kept, before. */
const GRACE = 1000;

export interface StoredFile {
  readonly id: string;
  readonly name: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly path: string;
}

export interface ServerOptions {
  readonly directory: string;
  readonly port: number;
  readonly host: string;
  readonly onComplete: (file: StoredFile) => void;
}

/** Starts a server on a folder of the local disk and a SQLite file in it. */
export async function startServer({
  directory,
  port,
  host,
  onComplete,
}: ServerOptions): Promise<{ endpoint: string; close: () => Promise<void> }> {
  const storage = new LocalStorage({ directory });
  const listener: OnUploadComplete = {
    onUploadComplete: ({ id, key, length: size, metadata }) =>
      onComplete({ id, name: metadata.get('filename'), size, path: storage.pathOf(key) }),
  };
  const app = await NestFactory.create<NestExpressApplication>(
    {
      module: ServerModule,
      imports: [
        TusModule.forRoot({
          storage,
          checksums: ['sha1', 'sha256', 'sha512', 'md5', 'crc32'],
          cors: true,
          downloads: true,
        }),
      ],
      providers: [{ provide: 'listener', useValue: listener }],
    },
    new CliAdapter(),
    // What keeps it from starting is thrown, and said once.
    { abortOnError: false, logger: false },
  );
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    throw error;
  }
  app.useLogger(new StderrLogger({ logLevels: ['warn', 'error', 'fatal'] }));
  return { endpoint: `${await app.getUrl()}/files`, close: () => app.close() };
}

@Module({})
class ServerModule {}

class CliAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.setHttpServer(createServer({ maxHeaderSize: MOST_HEADER_BYTES }, this.getInstance()));
  }

  /** A client that says nothing, or reads nothing, would hold the server for as long as it likes. */
  override async close(): Promise<void> {
    const cut = setTimeout(() => this.httpServer.closeAllConnections(), GRACE);
    await super.close();
    clearTimeout(cut);
  }
}

/** Standard output is the result of the command. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}
