import type { HttpSettings } from './http-settings.js';
import type { Uploads } from './uploads.port.js';

/** Injects the `TusHttp` of an endpoint. */
export const TUS_HTTP = Symbol('TUS_HTTP');

/** What the controller and the front door of one endpoint work with. */
export interface TusHttp {
  readonly uploads: Uploads;
  readonly settings: HttpSettings;
}
