import type { ServerResponse } from 'node:http';

/**
 * A HEAD that came as another method is answered to that method: the client expects content framing (OVR-04).
 * Frameworks announce the length of an error's body and leave the body out, which would hang the client.
 */
export function fixOverriddenHead(response: ServerResponse): void {
  const end = response.end;
  response.end = function (this: ServerResponse, ...args: unknown[]) {
    if (!response.headersSent && typeof args[0] !== 'string' && !Buffer.isBuffer(args[0])) {
      response.setHeader('Content-Length', '0');
    }
    return Reflect.apply(end, response, args) as ServerResponse;
  } as typeof response.end;
}
