import type { Operation } from '../model/authorization.js';
import type { Access } from '../uploads/access.js';
import type { HttpSettings } from './http-settings.js';
import type { TusRequest } from './request-adapter.js';

/**
 * On whose behalf the uploads room works for a request; undefined, without a wait, where the application decides
 * nothing.
 * @throws whatever the option `owner` throws
 */
export function accessOf(
  request: TusRequest,
  { owner, authorize }: Pick<HttpSettings, 'owner' | 'authorize'>,
): Promise<Access> | undefined {
  if (!owner && !authorize) return undefined;
  const context = {
    getRequest: <Request>() => request.getRequest<Request>(),
    header: (name: string) => request.header(name),
  };
  const asked = authorize && {
    authorize: (operation: Operation) => authorize(Object.freeze({ ...context, ...operation })),
  };
  return (async () => ({ owner: await owner?.(context), ...asked }))();
}
