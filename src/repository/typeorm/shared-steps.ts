import type { Work } from './commit-queue.js';
import { isRefused } from './sqlite-dialect.js';

/** Changes that one statement makes, or one work of any sort. */
export type Step = readonly Work[];

/** How works ended. */
export type Results = Map<Work, PromiseSettledResult<unknown>>;

/**
 * Puts changes of one kind together, so that one statement can make them. No statement has a row twice, and changes of
 * one row keep their order; so does all that comes before and behind a work that does not tell which rows it changes.
 */
export function sharedSteps(works: readonly Work[]): Step[] {
  const steps: Work[][] = [];
  const open = new Map<string, number>();
  const last = new Map<string, number>();
  for (const work of works) {
    const { change } = work;
    if (!change) {
      open.clear();
      steps.push([work]);
      continue;
    }
    const { id, kind } = change;
    const fitting = open.get(kind);
    const place = fitting !== undefined && fitting > (last.get(id) ?? -1) ? fitting : steps.length;
    (steps[place] ??= []).push(work);
    open.set(kind, place);
    last.set(id, place);
  }
  return steps;
}

/**
 * Notes how each work of a step ended. A constraint takes back its own statement only, so that the changes in it can be
 * made one by one; any other error is thrown.
 */
export async function settleStep(
  step: Step,
  results: Results,
  perform: (step: Step) => Promise<readonly unknown[]>,
): Promise<void> {
  try {
    const values = await perform(step);
    for (const [index, work] of step.entries())
      results.set(work, { status: 'fulfilled', value: values[index] });
  } catch (error) {
    if (!isRefused(error)) throw error;
    const [work, ...others] = step;
    if (work && others.length === 0) results.set(work, rejected(error));
    else for (const one of step) await settleStep([one], results, perform);
  }
}

export function rejected(reason: unknown): PromiseRejectedResult {
  return { status: 'rejected', reason };
}
