import { HttpException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { AuthorizeContext, Operation, RequestContext, TusModuleOptions } from '../../src/index.js';
import { TusApp } from '../support/tus-app.js';
import type { Platform } from '../support/tus-app.js';

/** What the guard below puts on a request. */
interface WithUser {
  readonly user?: { readonly id: string };
}

/** Lets everybody in, and says who it is. */
class Session implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: { id: string };
    }>();
    const id = request.headers['x-user'];
    if (id) request.user = { id };
    return true;
  }
}

/** Owners that no upload can have, by the name that a request gives in `x-owner`. */
export const WRONG_OWNERS: Readonly<Record<string, unknown>> = {
  empty: '',
  'too long': 'x'.repeat(1_025),
  'a number': 7,
  'with a null character': 'a\0b',
  'half a surrogate pair': 'a\ud800',
};

/** An application with users: `x-user` says who asks, `x-deny` what is refused, `x-throw` with what status. */
export class GuardedApp {
  private constructor(
    readonly tus: TusApp,
    /** What `authorize` was asked, in order. */
    readonly asked: Operation[],
  ) {}

  static async start(platform: Platform, options: Partial<TusModuleOptions> = {}): Promise<GuardedApp> {
    const asked: Operation[] = [];
    const authorize = (context: AuthorizeContext): boolean | void => {
      asked.push(context);
      return decide(context);
    };
    const app = await TusApp.start({
      platform,
      tus: { owner: ownerOf, authorize, ...options },
      providers: [{ provide: APP_GUARD, useClass: Session }],
    });
    return new GuardedApp(app, asked);
  }
}

function ownerOf(context: RequestContext): string | undefined {
  const wrong = context.header('X-Owner');
  return wrong === undefined ? context.getRequest<WithUser>().user?.id : (WRONG_OWNERS[wrong] as string);
}

/** `x-deny: concatenate 2` refuses the partial whose metadata says `part 2`. */
function decide({ operation, upload, header }: AuthorizeContext): boolean | void {
  const [denied, part] = header('X-Deny')?.split(' ') ?? [];
  if (denied !== operation || (part !== undefined && upload.metadata.get('part') !== part)) return;
  const thrown = header('X-Throw');
  if (thrown === 'error') throw new Error('the directory of users is away');
  if (thrown !== undefined) throw new HttpException({ reason: 'the application says so' }, Number(thrown));
  return false;
}
