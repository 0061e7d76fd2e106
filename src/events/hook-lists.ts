import type {
  OnUploadComplete,
  OnUploadCreate,
  OnUploadExpire,
  OnUploadFinish,
  OnUploadProgress,
  OnUploadTerminate,
  OnUploadTerminated,
} from './hooks.js';
import type { NamedHook } from './named-hook.js';

type AnyHook = OnUploadCreate &
  OnUploadProgress &
  OnUploadFinish &
  OnUploadComplete &
  OnUploadTerminate &
  OnUploadTerminated &
  OnUploadExpire;

/** The method of a hook. */
export type HookName = keyof AnyHook;

export const HOOK_NAMES = [
  'onUploadCreate',
  'onUploadProgress',
  'onUploadFinish',
  'onUploadComplete',
  'onUploadTerminate',
  'onUploadTerminated',
  'onUploadExpire',
] as const satisfies readonly HookName[];

/** A hook of one endpoint. */
export interface BoundHook<Name extends HookName> extends NamedHook<Pick<AnyHook, Name>> {
  /** Whether it is called for partials, too; never for `onUploadFinish` and `onUploadComplete`. */
  readonly includePartials: boolean;
}

/** The hooks of one endpoint, in the order of their calls. */
export type HookLists = { readonly [Name in HookName]: readonly BoundHook<Name>[] };

export const NO_HOOKS: HookLists = {
  onUploadCreate: [],
  onUploadProgress: [],
  onUploadFinish: [],
  onUploadComplete: [],
  onUploadTerminate: [],
  onUploadTerminated: [],
  onUploadExpire: [],
};
