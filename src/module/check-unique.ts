import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { wrongOption } from './wrong-option.js';

/** What a registration is known by in its application. */
export interface Registration {
  readonly name: string | undefined;
  readonly path: string;
  readonly controller: Type;
}

/** Tokens of one registration: what it is known by, and that it is the only one of that kind. */
export const REGISTRATION = Symbol('nestjs-tus:registration');
export const UNIQUE_REGISTRATION = Symbol('nestjs-tus:unique-registration');

/**
 * Looks at all registrations of an application.
 * @throws TusOptionError for a name or a path that two of them have.
 */
export function checkUnique(modules: ModulesContainer): true {
  const known: Registration[] = [];
  for (const { providers } of modules.values()) {
    const one = providers.get(REGISTRATION)?.instance as Registration | undefined;
    if (!one) continue;
    for (const other of known) refuseSame(one, other);
    known.push(one);
  }
  return true;
}

function refuseSame(one: Registration, other: Registration): void {
  if (one.name === other.name) {
    throw wrongOption(
      'name',
      one.name,
      'another registration has it: give each a name of its own, or import the one registration in both places',
    );
  }
  if (bare(one.path) === bare(other.path) && isSameRoute(one.controller, other.controller)) {
    throw wrongOption('path', one.path, 'another registration serves it: give each a path of its own');
  }
}

/** Versions and hosts tell routes of one path apart. */
function isSameRoute(one: Type, other: Type): boolean {
  const [versions, otherVersions] = [one, other].map((type) => metadataOf('__version__', type));
  const [hosts, otherHosts] = [one, other].map((type) => metadataOf('host', type));
  return overlap(versions, otherVersions) && overlap(hosts, otherHosts);
}

function overlap(some: readonly unknown[] = [], others: readonly unknown[] = []): boolean {
  return some.length === 0 || others.length === 0
    ? some.length === others.length
    : some.some((one) => others.includes(one));
}

function metadataOf(key: string, type: Type): readonly unknown[] {
  const value: unknown = Reflect.getMetadata(key, type);
  return value === undefined ? [] : [value].flat();
}

function bare(path: string): string {
  return path.split('/').filter(Boolean).join('/');
}
