import { filter, merge, Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import type { CompletedUpload, Upload } from '../model/upload.js';
import { guarded, IsolatedObservable } from './isolated-observable.js';
import type {
  UploadCompletedEvent,
  UploadCreatedEvent,
  UploadEvent,
  UploadEventType,
  UploadExpiredEvent,
  UploadFailedEvent,
  UploadProgressEvent,
  UploadTerminatedEvent,
} from './upload-event.js';

type AnyEvent = UploadEvent<Upload>;
type Subjects = Readonly<Record<UploadEventType, Subject<AnyEvent>>>;

interface Sources {
  readonly subjects: Subjects;
  readonly includePartials: boolean;
  /** Told of what subscribers throw. */
  readonly onError: (error: unknown) => void;
}

/** Hot streams without replay; itself the stream of all events. They complete when the application ends. */
export class UploadStreams<Completed extends Upload = Upload> extends IsolatedObservable<
  UploadEvent<Completed>
> {
  readonly created$: Observable<UploadCreatedEvent>;
  /** At most every `progressInterval` for each upload, and always the last one. */
  readonly progress$: Observable<UploadProgressEvent>;
  readonly completed$: Observable<UploadCompletedEvent<Completed>>;
  readonly terminated$: Observable<UploadTerminatedEvent>;
  readonly expired$: Observable<UploadExpiredEvent>;
  readonly failed$: Observable<UploadFailedEvent>;

  /** @internal */
  constructor({ subjects, includePartials, onError }: Sources) {
    // What a subject emits is known by its name; without partials every upload that is complete is a CompletedUpload.
    const picked = <Event>(source: Observable<AnyEvent>): Observable<Event> =>
      source.pipe(
        filter(({ upload }) => includePartials || upload.kind !== 'partial'),
      ) as Observable<unknown> as Observable<Event>;
    const stream = <Event>(source: Observable<AnyEvent>): Observable<Event> =>
      new IsolatedObservable<Event>(onError, (subscriber) =>
        picked<Event>(source).subscribe(guarded(subscriber, onError)),
      );
    super(onError, (subscriber) =>
      picked<UploadEvent<Completed>>(merge(...Object.values(subjects))).subscribe(
        guarded(subscriber, onError),
      ),
    );
    this.created$ = stream(subjects.created);
    this.progress$ = stream(subjects.progress);
    this.completed$ = stream(subjects.completed);
    this.terminated$ = stream(subjects.terminated);
    this.expired$ = stream(subjects.expired);
    this.failed$ = stream(subjects.failed);
  }
}

/**
 * What happens to uploads in this process, as it happens: best effort. For work that must not be lost implement
 * `OnUploadComplete`. A subscriber that throws is logged, and hurts neither uploads nor other subscribers. Partials are
 * left out.
 *
 * @example events.completed$.subscribe(({ upload }) => console.log(upload.key))
 */
export class UploadEvents extends UploadStreams<CompletedUpload> {
  private readonly sources: Sources;

  /** @internal */
  constructor(onError: (error: unknown) => void) {
    const subjects: Subjects = {
      created: new Subject(),
      progress: new Subject(),
      completed: new Subject(),
      terminated: new Subject(),
      expired: new Subject(),
      failed: new Subject(),
    };
    const sources = { subjects, includePartials: false, onError };
    super(sources);
    this.sources = sources;
  }

  /** The same streams, with partials in all of them. */
  with({ includePartials }: { readonly includePartials: boolean }): UploadStreams {
    return new UploadStreams({ ...this.sources, includePartials });
  }

  /** @internal Whether anybody listens: what nobody hears is not made. */
  wants(type: UploadEventType): boolean {
    return this.sources.subjects[type].observed;
  }

  /** @internal */
  announce(event: AnyEvent): void {
    this.sources.subjects[event.type].next(Object.freeze(event));
  }

  /** @internal Ends the streams. */
  close(): void {
    for (const subject of Object.values(this.sources.subjects)) subject.complete();
  }
}
