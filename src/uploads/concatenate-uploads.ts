import { InvalidHeaderError } from '../model/errors/invalid-header.error.js';
import { Metadata } from '../model/metadata.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { FinalPlan } from '../repository/upload-repository.js';
import { ownerOf } from './access.js';
import { admitPartials } from './admit-partials.js';
import type { Admission } from './admit-partials.js';
import { checkConcat } from './check-concat.js';
import type { ConcatenateUploads, FinishCall } from './commands.js';
import { expireUpload } from './expire-upload.js';
import { checkPartials, dedupeKey } from './final-plan.js';
import type { FinalLimits } from './final-plan.js';
import { living } from './living.js';
import type { Merge, Merges } from './merges.js';
import { newId } from './naming.js';
import { proposed } from './proposed.js';
import { limitOf } from './size-limit.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Plans a final from the rows alone, in one short transaction, and merges it. Resolves when it is complete, or with
 * the state `merging` when that takes longer than `respondAfter`. A repetition joins the merge that runs (CON-30). A
 * final whose partials are not all complete waits in the state `pending`.
 */
export async function concatenateUploads(
  deps: UploadDeps,
  merges: Merges,
  input: ConcatenateUploads,
): Promise<UploadRecord> {
  const { partialIds } = input;
  if (partialIds.length === 0)
    throw new InvalidHeaderError('Upload-Concat', 'the list of partials is empty.');
  const metadata = Metadata.parse(input.metadata);
  checkConcat(input.concat);
  const plan = await planOf(deps, input, { decoded: metadata, admission: await admitPartials(deps, input) });
  let planned = await deps.repository.planFinal(plan);
  // One whose time is over is not there any more, whether or not the sweep has come by (EXP-06).
  if (planned.final.expired) {
    await expireUpload(deps, planned.final.id);
    planned = await deps.repository.planFinal(plan);
  }
  if (planned.created) deps.hooks.created(planned.final);
  // A final that waits for partials is answered at once (CON-23).
  if (planned.final.state === 'pending') return planned.final;
  if (planned.created) {
    const { list } = planned;
    const started = { answered: false, context: input.context, list };
    const merge = merges.start(deps.locker.adopt(planned.final), started);
    return answer(deps, merge, { final: planned.final, input });
  }
  return join(deps, merges, { final: planned.final, input });
}

async function planOf(
  deps: UploadDeps,
  input: ConcatenateUploads,
  { decoded, admission }: { readonly decoded: Metadata; readonly admission: Admission },
): Promise<FinalPlan> {
  const { partialIds, context } = input;
  const id = await newId(deps, context);
  const metadata = input.metadata?.trim() ? input.metadata : null;
  const owner = ownerOf(input.access);
  const draft = { id, kind: 'final', length: null, metadata: decoded, owner } as const;
  return {
    final: {
      id,
      storage: deps.storageName,
      kind: 'final',
      ...(await proposed(deps, { ...draft, rawMetadata: metadata }, context)),
      concat: input.concat ?? `final;${partialIds.join(' ')}`,
      owner,
      // While it merges it cannot expire; once it is merged the time begins anew (EXP-05).
      expiresIn: deps.settings.expiration.completed,
      dedupeKey: dedupeKey(deps.endpoint, owner, partialIds, metadata),
    },
    partialIds,
    check: (rows) => {
      const verdict = checkPartials(partialIds, admission(rows), limitsOf(deps, input));
      // While it waits it must not keep its partials for ever.
      return verdict.state === 'pending'
        ? { ...verdict, expiresIn: deps.settings.expiration.unfinished }
        : verdict;
    },
    holder: deps.locker.holder,
  };
}

function limitsOf(deps: UploadDeps, input: ConcatenateUploads): FinalLimits {
  const { storageName, settings } = deps;
  return { storage: storageName, maxSize: limitOf(deps, input), unfinished: settings.unfinishedFinals };
}

/** The final exists already: complete, merging here, or left behind by a crash or merging elsewhere. */
async function join(deps: UploadDeps, merges: Merges, { final, input }: Asked): Promise<UploadRecord> {
  if (final.state === 'complete') return final;
  const merge = merges.get(final.id) ?? (await resumeMerge(deps, merges, { id: final.id, call: input }));
  return merge ? answer(deps, merge, { final, input }) : living(await deps.repository.find(final.id));
}

/** Takes up a merge that nobody works on; undefined if somebody does, or it is done. */
export async function resumeMerge(
  deps: UploadDeps,
  merges: Merges,
  { id, call }: { readonly id: string; readonly call?: FinishCall },
): Promise<Merge | undefined> {
  const acquired = await deps.locker.tryAcquire(id, ['merging', 'finishing']);
  return acquired && merges.start(acquired, { answered: true, context: call?.context });
}

/** A final, and who asked for it just now. */
interface Asked {
  readonly final: UploadRecord;
  readonly input: FinishCall;
}

async function answer(deps: UploadDeps, merge: Merge, { final, input }: Asked): Promise<UploadRecord> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deps.settings.respondAfter);
  });
  try {
    const completed = await Promise.race([merge.done, late]);
    if (completed) {
      if (merge.answer) input.onFinish?.(merge.answer);
      return completed;
    }
    merge.answered = true;
    return final;
  } finally {
    clearTimeout(timer);
  }
}
