import type { TusExtension } from './extensions.js';

/** `collection`: where uploads are created (E). `upload`: the URL of one upload (U). */
export type Target = 'collection' | 'upload';

/** What decides which methods there are. */
export interface MethodRules {
  readonly extensions: readonly TusExtension[];
  /** Whether complete uploads can be read (GET-01). */
  readonly downloads: boolean;
}

/** The methods that have a meaning (CORE-24, OPT-08). */
export function allowedMethods(target: Target, { extensions, downloads }: MethodRules): string[] {
  const methods = target === 'collection' ? ['OPTIONS'] : ['OPTIONS', 'HEAD', 'PATCH'];
  if (target === 'collection' && extensions.includes('creation')) methods.push('POST');
  if (target === 'upload' && extensions.includes('termination')) methods.push('DELETE');
  if (target === 'upload' && downloads) methods.push('GET');
  return methods;
}

/** The value of `Allow`: on an upload a POST can carry the methods that some clients cannot send (OVR-03). */
export function advertisedMethods(target: Target, rules: MethodRules): string[] {
  const methods = allowedMethods(target, rules);
  return target === 'upload' ? [...methods, 'POST'] : methods;
}
