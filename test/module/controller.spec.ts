import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { LocalStorage, TUS_HTTP, TusController, TusModule, UploadService } from '../../src/index.js';
import type { TusAnswer, TusHttp, TusRequest } from '../../src/index.js';
import { call, create, patch, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

interface UserRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: string;
}

/** Knows who asks, and lets nobody else in. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<UserRequest>();
    if (request.headers.authorization === undefined) return false;
    request.user = request.headers.authorization;
    return true;
  }
}

@Injectable()
class Tracing implements NestInterceptor {
  static seen: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    Tracing.seen.push(`${context.getClass().name}.${context.getHandler().name}`);
    return next.handle();
  }
}

@UseGuards(UserGuard)
@UseInterceptors(Tracing)
@SetMetadata('tenant', 'a')
class UserUploads extends TusController {
  protected override async create(request: TusRequest): Promise<TusAnswer> {
    const { user } = request.platform as unknown as UserRequest;
    if (user === 'guest') throw new ForbiddenException('Guests read only.');
    const answer = await super.create(request);
    return { ...answer, headers: { ...answer.headers, 'X-Owner': user ?? '' } };
  }
}

describe.each(PLATFORMS)('a controller that extends TusController, on platform-%s', (platform) => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  async function start(asynchronous = false) {
    const storage = new LocalStorage({ directory: await apps.folder() });
    const registration = { path: 'uploads', controller: UserUploads };
    Tracing.seen = [];
    return apps.start(platform, {
      imports: [
        asynchronous
          ? TusModule.forRootAsync({ ...registration, useFactory: () => ({ storage }) })
          : TusModule.forRoot({ ...registration, storage }),
      ],
    });
  }

  const post = (origin: string, headers: Record<string, string>) =>
    call({
      method: 'POST',
      url: `${origin}/uploads`,
      headers: tus({ 'upload-length': '5', ...headers }),
    });

  it.each([false, true])(
    'has its guards asked before anything is stored (async: %s)',
    async (asynchronous) => {
      const { nest, origin } = await start(asynchronous);
      const refused = await post(origin, {});
      expect(refused.status).toBe(403);
      expect(refused.headers['tus-resumable']).toBe('1.0.0');
      expect(await nest.get(UploadService, { strict: false }).list()).toEqual([]);
      expect((await post(origin, { authorization: 'ada' })).status).toBe(201);
    },
  );

  it('overrides a step, with what the guard put on the request', async () => {
    const { nest, origin } = await start();
    expect((await post(origin, { authorization: 'ada' })).headers['x-owner']).toBe('ada');
    const refused = await post(origin, { authorization: 'guest' });
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ message: 'Guests read only.' });
    expect(await nest.get(UploadService, { strict: false }).list()).toHaveLength(1);
  });

  it('runs its interceptors on every request', async () => {
    const { origin } = await start();
    const url = await create(`${origin}/uploads`, { 'upload-length': '5', authorization: 'ada' });
    expect((await patch(url, 0, 'hello', { authorization: 'ada' })).status).toBe(204);
    expect(Tracing.seen).toEqual(['UserUploads.serveCollection', 'UserUploads.serveUpload']);
  });

  it('keeps the scope that its decorator names, and injects more than the endpoint', async () => {
    @Injectable()
    class Clock {}
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class PerRequest extends TusController {
      constructor(
        @Inject(TUS_HTTP) http: TusHttp,
        readonly clock: Clock,
      ) {
        super(http);
        made += 1;
      }
    }
    @Module({ providers: [Clock], exports: [Clock] })
    class ClockModule {}
    const storage = new LocalStorage({ directory: await apps.folder() });
    const { origin } = await apps.start(platform, {
      imports: [TusModule.forRoot({ controller: PerRequest, storage, imports: [ClockModule] })],
    });
    const url = await create(`${origin}/files`, { 'upload-length': '5' });
    expect((await patch(url, 0, 'hello')).status).toBe(204);
    expect(made).toBe(2);
  });

  it('serves two registrations at their own paths', async () => {
    const directory = await apps.folder();
    const register = (name: string) =>
      TusModule.forRoot({
        name,
        path: name,
        controller: UserUploads,
        storage: new LocalStorage({ directory }),
      });
    const { origin } = await apps.start(platform, { imports: [register('one'), register('two')] });
    for (const name of ['one', 'two']) {
      const url = await create(`${origin}/${name}`, { 'upload-length': '5', authorization: 'ada' });
      expect(new URL(url).pathname).toMatch(new RegExp(`^/${name}/`));
    }
    expect((await call({ method: 'OPTIONS', url: `${origin}/files` })).status).toBe(404);
  });
});
