import { TusController } from '../http/tus.controller.js';
import { DEFAULT_NAME } from './tokens.js';
import { wrongOption } from './wrong-option.js';
import type { TusRegistration } from './tus-module-options.js';

/** Rows keep the name of their registration in a column of this size. */
const LONGEST_NAME = 255;

/**
 * Checks what Nest needs before any provider exists.
 * @throws TusOptionError for the first option that is wrong.
 */
export function checkRegistration({ path, name, isGlobal, controller }: TusRegistration): void {
  // Routers give other signs a meaning, and a client's URL has them encoded.
  if (path !== undefined && !(typeof path === 'string' && /^[\w.~@,;=$&/-]*$/.test(path))) {
    throw wrongOption('path', path, "give plain segments such as 'media/videos', without parameters");
  }
  if (name !== undefined && !isName(name)) {
    throw wrongOption(
      'name',
      name,
      `give a text of 1 to ${LONGEST_NAME} characters that is not '${DEFAULT_NAME}'`,
    );
  }
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean') {
    throw wrongOption('isGlobal', isGlobal, 'use true or false');
  }
  if (controller !== undefined && !isController(controller)) {
    throw wrongOption('controller', controller, 'give a class that extends TusController');
  }
}

/** @throws TusOptionError for an option that a factory made too late for Nest. */
export function refuseRegistration(made: object | undefined): void {
  if (typeof made !== 'object' || made === null) {
    throw wrongOption('useFactory', made, 'let it return the options, or a promise of them');
  }
  for (const option of ['path', 'name', 'isGlobal', 'controller', 'imports']) {
    const value: unknown = Reflect.get(made, option);
    if (value === undefined) continue;
    throw wrongOption(option, value, 'put it beside the factory: Nest needs it before the factory runs');
  }
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && name !== DEFAULT_NAME && name.length <= LONGEST_NAME;
}

function isController(controller: unknown): boolean {
  if (typeof controller !== 'function') return false;
  return controller === TusController || (controller.prototype as unknown) instanceof TusController;
}
