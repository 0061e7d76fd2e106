import type { UploadService } from '../uploads/upload.service.js';
import type { HttpSettings } from './http-settings.js';

/** Injects the `TusHttp` of an endpoint. */
export const TUS_HTTP = Symbol('TUS_HTTP');

/** What this room needs of the uploads room. */
export type Uploads = Pick<
  UploadService,
  'create' | 'append' | 'concatenate' | 'get' | 'object' | 'terminate'
>;

/** What the controller and the front door of one endpoint work with. */
export interface TusHttp {
  readonly uploads: Uploads;
  readonly settings: HttpSettings;
}
