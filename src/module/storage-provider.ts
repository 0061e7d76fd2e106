import type { Provider, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { UploadStorage } from '../storage/upload-storage.js';
import { getTusStorageToken } from './tokens.js';
import type { AsyncOptions, StorageFactory, StorageSource } from './tus-module-options.js';
import { wrongOption } from './wrong-option.js';

/** The storage as a provider of its own, so that it can be injected and overridden. */
export function storageProvider(name: string | undefined, source: StorageSource): Provider {
  const provide = getTusStorageToken(name);
  if (isClass(source)) return { provide, useClass: source };
  if (isFactory(source))
    return { provide, useFactory: source.useFactory, inject: [...(source.inject ?? [])] };
  return { provide, useFactory: () => source };
}

/** The storage that comes with options made at start: an instance, or a class that Nest resolves. */
export function asyncStorageProvider(name: string | undefined, optionsToken: symbol): Provider {
  return {
    provide: getTusStorageToken(name),
    useFactory: async (options: AsyncOptions, moduleRef: ModuleRef) => {
      const source: unknown = options.storage;
      return isClass(source) ? moduleRef.create(source) : source;
    },
    inject: [optionsToken, ModuleRef],
  };
}

/** @throws TusOptionError for what a user gave, or a class or factory of the user made, that is no storage. */
export function checkStorage(storage: unknown): void {
  if (typeof (storage as Partial<UploadStorage> | undefined)?.append === 'function') return;
  throw wrongOption(
    'storage',
    storage,
    'give an instance such as new LocalStorage({ directory }), a class, or { useFactory, inject } (beside useFactory in forRootAsync)',
  );
}

function isClass(source: unknown): source is Type<UploadStorage> {
  return typeof source === 'function';
}

function isFactory(source: StorageSource): source is StorageFactory {
  return typeof (source as Partial<StorageFactory> | undefined)?.useFactory === 'function';
}
