import type { DiscoveryService } from '@nestjs/core';
import { HOOK_NAMES } from '../events/hook-lists.js';
import type { BoundHook, HookLists, HookName } from '../events/hook-lists.js';
import { REGISTRATION } from './check-unique.js';
import type { Registration } from './check-unique.js';
import { DEFAULT_NAME } from './tokens.js';
import { TUS_HOOKS } from './tus-hooks.decorator.js';
import type { TusHooksOptions } from './tus-hooks.decorator.js';
import { wrongOption } from './wrong-option.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A provider with hooks. */
interface Provider {
  readonly name: string;
  readonly instance: object;
  readonly methods: readonly HookName[];
  readonly options: TusHooksOptions;
}

/**
 * Finds the hooks of the application for one registration, in the order of their calls.
 * @throws Error for a provider that exists per request, since there may be no request when a hook is called, and for
 * two of one name with `OnUploadComplete`; TusOptionError for what `@TusHooks` cannot say
 */
export function findHooks(discovery: DiscoveryService, endpoint = DEFAULT_NAME): HookLists {
  const wrappers = [...discovery.getProviders(), ...discovery.getControllers()];
  const endpoints = wrappers.filter(({ token }) => token === REGISTRATION).map(endpointOf);
  const found = new Map<object, Provider>();
  for (const wrapper of wrappers) {
    const provider = providerOf(wrapper);
    // One provider may have several tokens.
    if (!provider || found.has(provider.instance)) continue;
    checkOptions(provider, endpoints);
    found.set(provider.instance, provider);
  }
  const bound = [...found.values()]
    .filter(({ options }) => options.endpoint === undefined || options.endpoint === endpoint)
    .toSorted((one, other) => (one.options.order ?? 0) - (other.options.order ?? 0));
  checkNames(bound);
  const lists = HOOK_NAMES.map((method) => [method, boundTo(method, bound)] as const);
  return Object.fromEntries(lists) as unknown as HookLists;
}

function endpointOf({ instance }: Wrapper): string {
  return (instance as Registration).name ?? DEFAULT_NAME;
}

function providerOf(wrapper: Wrapper): Provider | undefined {
  // Of a provider whose token is a symbol it is one.
  const name = String(wrapper.name);
  const isStatic = wrapper.isDependencyTreeStatic();
  const candidate: unknown = isStatic
    ? wrapper.instance
    : (wrapper.metatype as { prototype?: unknown } | null)?.prototype;
  if (typeof candidate !== 'object' || candidate === null) return undefined;
  const methods = HOOK_NAMES.filter((method) => hasMethod(candidate, method));
  if (methods.length === 0) return undefined;
  if (!isStatic || wrapper.isTransient) {
    throw new Error(
      `${name} implements ${interfacesOf(methods)} but is request-scoped or transient: give it the default scope.`,
    );
  }
  return { name, instance: candidate, methods, options: optionsOf(candidate) };
}

/** A proxy may throw for what it does not know, and has no such hook then. */
function hasMethod(candidate: object, method: HookName): boolean {
  try {
    return typeof Reflect.get(candidate, method) === 'function';
  } catch {
    return false;
  }
}

/** `OnUploadCreate and OnUploadFinish` of the methods. */
function interfacesOf(methods: readonly HookName[]): string {
  return methods.map((method) => `O${method.slice(1)}`).join(' and ');
}

function optionsOf({ constructor }: object): TusHooksOptions {
  if (typeof constructor !== 'function') return {};
  return (Reflect.getMetadata(TUS_HOOKS, constructor) as TusHooksOptions | undefined) ?? {};
}

function checkOptions({ name, options }: Provider, endpoints: readonly string[]): void {
  const { endpoint, order, includePartials } = options;
  if (endpoint !== undefined && !endpoints.includes(endpoint)) {
    const names = endpoints.map((known) => `'${known}'`).join(' or ');
    throw wrongOption(`endpoint of @TusHooks on ${name}`, endpoint, `use ${names}, or leave it out`);
  }
  if (order !== undefined && !Number.isFinite(order)) {
    throw wrongOption(`order of @TusHooks on ${name}`, order, 'use a number, or leave it out');
  }
  if (includePartials !== undefined && typeof includePartials !== 'boolean') {
    throw wrongOption(`includePartials of @TusHooks on ${name}`, includePartials, 'use true or false');
  }
}

/** What was not delivered is kept by the name of the provider. */
function checkNames(providers: readonly Provider[]): void {
  const names = new Set<string>();
  for (const { name, methods } of providers) {
    if (!methods.includes('onUploadComplete')) continue;
    if (names.has(name)) {
      throw new Error(
        `Two providers named ${name} implement OnUploadComplete, and deliveries are kept by the name: ` +
          'provide it in one module that the others import, or give one of them another name.',
      );
    }
    names.add(name);
  }
}

function boundTo<Name extends HookName>(method: Name, providers: readonly Provider[]): BoundHook<Name>[] {
  return providers
    .filter(({ methods }) => methods.includes(method))
    .map(({ name, instance, options }) => ({
      name,
      hook: instance as BoundHook<Name>['hook'],
      includePartials: options.includePartials ?? false,
    }));
}
