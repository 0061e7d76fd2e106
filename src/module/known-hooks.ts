import type { DiscoveryService } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import type { HookLists } from '../events/hook-lists.js';
import { findHooks } from './hook-explorer.js';

const TOO_EARLY =
  'Uploads are not written while Nest still makes providers, whose hooks nobody knows yet: ' +
  'call UploadService in onModuleInit or later, not in a constructor or a factory.';

/** The hooks of one registration, found once: at the first question, and when its module is initialized at the latest. */
export class KnownHooks {
  private lists: HookLists | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly endpoint: string | undefined,
  ) {}

  /** @throws Error while some provider does not exist yet, and whatever `findHooks` throws */
  get(): HookLists {
    if (!this.lists && !this.areAllMade()) throw new Error(TOO_EARLY);
    return this.find();
  }

  /** Of providers that are all there. @throws whatever `findHooks` throws */
  find(): HookLists {
    return (this.lists ??= findHooks(this.discovery, this.endpoint));
  }

  private areAllMade(): boolean {
    return [...this.discovery.getProviders(), ...this.discovery.getControllers()].every(
      (wrapper) =>
        wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved ||
        wrapper.isTransient ||
        !wrapper.isDependencyTreeStatic(),
    );
  }
}
