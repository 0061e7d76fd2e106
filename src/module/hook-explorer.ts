import type { DiscoveryService } from '@nestjs/core';
import type { OnUploadComplete } from '../events/hooks.js';

/**
 * Finds the providers of the application that implement `OnUploadComplete`.
 * @throws Error for a provider that exists per request: there is no request when the hook is called.
 */
export function findCompletionHooks(discovery: DiscoveryService): OnUploadComplete[] {
  const hooks = new Set<OnUploadComplete>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const candidate: unknown = wrapper.isDependencyTreeStatic()
      ? wrapper.instance
      : (wrapper.metatype as { prototype?: unknown } | null)?.prototype;
    if (!isCompletionHook(candidate)) continue;
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      throw new Error(
        `${wrapper.name} implements OnUploadComplete but is request-scoped or transient: give it the default scope.`,
      );
    }
    hooks.add(candidate);
  }
  return [...hooks];
}

function isCompletionHook(candidate: unknown): candidate is OnUploadComplete {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof (candidate as Partial<OnUploadComplete>).onUploadComplete === 'function'
  );
}
