import type { CanActivate, ExecutionContext, LoggerService } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { RequestContext, Upload } from '../../src/index.js';
import { TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';

/** What a hook is told, and a promise of what it will be told next. */
export class Told {
  readonly list: Upload[] = [];
  private waiting: ((upload: Upload) => void)[] = [];

  readonly hear = (upload: Upload): void => {
    this.list.push(upload);
    for (const resolve of this.waiting.splice(0)) resolve(upload);
  };

  /** Resolves with the first that is told from now on. */
  next(): Promise<Upload> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  get ids(): string[] {
    return this.list.map(({ id }) => id);
  }
}

/** Who made the request of a hook, as the guard below found out. */
export function userOf(context: RequestContext | undefined): string | undefined {
  return context?.getRequest<{ user?: string }>().user;
}

class Session implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined>; user?: string }>();
    request.user = request.headers['x-user'];
    return true;
  }
}

/** Keeps the sentences of errors and warnings. */
export class Log implements LoggerService {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  log(): void {}
  warn(message: unknown): void {
    this.warnings.push(String(message));
  }
  error(message: unknown): void {
    this.errors.push(String(message));
  }
}

export interface HookApp extends TusAppOptions {
  /** Providers with hooks, in order. */
  readonly hooks?: readonly object[];
  readonly log?: Log;
}

/** An application with CORS, and a guard that takes `x-user` for who asks. */
export function startWithHooks({ hooks = [], log, tus, providers = [], ...rest }: HookApp): Promise<TusApp> {
  return TusApp.start({
    tus: { cors: true, ...tus },
    providers: [
      { provide: APP_GUARD, useClass: Session },
      ...hooks.map((useValue, n) => ({ provide: `hook-${n}`, useValue })),
      ...providers,
    ],
    ...(log && { nest: { logger: log } }),
    ...rest,
  });
}
