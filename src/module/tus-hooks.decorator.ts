import { SetMetadata } from '@nestjs/common';

/** Key of the metadata that `@TusHooks` leaves on a class. */
export const TUS_HOOKS = 'nestjs-tus:hooks';

export interface TusHooksOptions {
  /**
   * Name of the registration whose uploads the hooks are for; `'default'` for the one without a name. Default: all
   * registrations.
   */
  readonly endpoint?: string;
  /**
   * Place among the hooks of one kind: the lowest is called first. Those of the same place are called in the order in
   * which Nest lists providers: module by module as they are imported, controllers last. Default: 0.
   */
  readonly order?: number;
  /** Whether the hooks are called for partials, too; never `OnUploadFinish` and `OnUploadComplete`. Default: false. */
  readonly includePartials?: boolean;
}

/**
 * Says when the hooks of a provider are called. Without it they are called for all registrations.
 * @example
 * \@TusHooks({ endpoint: 'videos', order: 1 })
 * \@Injectable()
 * export class Scanner implements OnUploadFinish { … }
 */
export function TusHooks(options: TusHooksOptions): ClassDecorator {
  return SetMetadata(TUS_HOOKS, options);
}
