import { Inject } from '@nestjs/common';
import type { InjectionToken } from '@nestjs/common';
import { UploadEvents } from '../events/upload-events.js';
import { UploadService } from '../uploads/upload.service.js';

/** Rows and files of the only registration that needs no name. */
export const DEFAULT_NAME = 'default';

/** The storage of the registration without a name. */
const STORAGE = Symbol('nestjs-tus:storage');

/** Token of the `UploadService` of a registration; without a name it is the class itself. */
export function getUploadServiceToken(name?: string): InjectionToken {
  return name === undefined ? UploadService : `nestjs-tus:${name}:upload-service`;
}

/** Token of the `UploadEvents` of a registration; without a name it is the class itself. */
export function getUploadEventsToken(name?: string): InjectionToken {
  return name === undefined ? UploadEvents : `nestjs-tus:${name}:upload-events`;
}

/** Token of the storage of a registration. */
export function getTusStorageToken(name?: string): InjectionToken {
  return name === undefined ? STORAGE : `nestjs-tus:${name}:storage`;
}

/** Injects the `UploadService` of the registration with this name. */
export const InjectUploadService = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getUploadServiceToken(name));

/** Injects the `UploadEvents` of the registration with this name. */
export const InjectUploadEvents = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getUploadEventsToken(name));

/** Injects the storage of the registration with this name; without one, of the registration that has none. */
export const InjectTusStorage = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getTusStorageToken(name));
