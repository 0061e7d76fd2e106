import type { IncomingMessage } from 'node:http';
import { StoreProxy } from '../s3-proxy/s3-proxy.js';
import { kindOf } from './request-kind.js';
import type { GcsKind } from './request-kind.js';

const BUSY = {
  headers: { 'content-type': 'application/json' },
  body: '{"error":{"code":503,"message":"Backend Error","errors":[{"reason":"backendError"}]}}',
};

/** Before a server that speaks the JSON API of Google Cloud Storage. */
export class GcsProxy extends StoreProxy<GcsKind> {
  /** @param store - the endpoint of the store */
  static start(store: string): Promise<GcsProxy> {
    const kind = ({ method = '', url = '' }: IncomingMessage) => kindOf(method, url);
    return new GcsProxy(new URL(store), { kindOf: kind, busy: BUSY }).listen();
  }
}
