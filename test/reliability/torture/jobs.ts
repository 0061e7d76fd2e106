import { metadataFor, sha256 } from './checker.js';
import type { Random } from '../random.js';
import { Uploader } from './uploader.js';
import type { UploadPlan } from './uploader.js';
import { GivenUp } from './world.js';
import type { World } from './world.js';

/** What a client wants to come about; may be gone on with as often as it takes. */
export interface Job {
  /** @throws GivenUp */
  go(): Promise<void>;
  /** Ids that are complete in the end, and ids that are gone. */
  readonly complete: readonly string[];
  readonly ended: readonly string[];
}

/** The clients that begin in one life of the server; `contents` gets the hash of what each of them sends. */
export function jobsOf(
  world: World,
  random: Random,
  { life, contents }: { readonly life: number; readonly contents: Map<string, string> },
): Job[] {
  return Array.from({ length: 2 + random.below(3) }, (_, index) => {
    const name = `job-${life}-${index}`;
    const own = random.fork();
    if (random.chance(0.5)) return new Concatenation(world, own, { name, contents });
    const upload = new Uploader(world, own, uploadPlan(own, name, false));
    contents.set(name, sha256(upload.plan.bytes));
    return random.chance(0.3) ? new Deletion(world, upload) : new Single(upload);
  });
}

function uploadPlan(random: Random, name: string, partial: boolean): UploadPlan {
  const bytes = random.bytes(1 + random.below(random.pick([20, 5_000, 300_000, 2_500_000])));
  const early = random.chance(0.3) ? random.pick([bytes.length, 1 + random.below(bytes.length)]) : 0;
  return { name, bytes, partial, early, deferred: early < bytes.length && random.chance(0.3) };
}

class Single implements Job {
  readonly ended = [];

  constructor(private readonly upload: Uploader) {}

  get complete(): string[] {
    return this.upload.id === undefined ? [] : [this.upload.id];
  }

  go(): Promise<void> {
    return this.upload.finish();
  }
}

/** Sends a part, and deletes it while it is written to and asked for. */
class Deletion implements Job {
  readonly complete = [];
  private over = false;

  constructor(
    private readonly world: World,
    private readonly upload: Uploader,
  ) {}

  get ended(): string[] {
    return this.upload.id === undefined ? [] : [this.upload.id];
  }

  async go(): Promise<void> {
    const id = await this.upload.create();
    if (this.over) return;
    // Whether it is there any more is not known, once a deletion was sent.
    const racing = this.race(id);
    for (let round = 0; !this.over; round++) {
      if (round === 200) throw new Error(`upload ${id} cannot be deleted`);
      const answer = await this.world.request({ method: 'DELETE', id });
      if (!answer) continue;
      if (![204, 404].includes(answer.status)) this.world.unexpected(`DELETE of ${id}`, answer);
      this.over = true;
    }
    await racing;
    const answer = await this.world.request({ method: 'HEAD', id });
    if (answer && answer.status !== 404) this.world.unexpected(`HEAD of the deleted ${id}`, answer);
  }

  /** What comes of them depends on who is first. */
  private async race(id: string): Promise<void> {
    const body = this.upload.plan.bytes.subarray(0, 1);
    const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
    const requests = [
      this.world.request({ method: 'PATCH', id, headers, body }),
      this.world.request({ method: 'HEAD', id }),
    ];
    await Promise.all(requests.map((request) => request.catch(() => undefined)));
  }
}

/** Uploads partials at once, and asks for the final before, or after they are complete. */
class Concatenation implements Job {
  readonly ended = [];
  private readonly partials: readonly Uploader[];
  private readonly early: boolean;
  private readonly twice: boolean;
  private final: string | undefined;

  constructor(
    private readonly world: World,
    random: Random,
    private readonly named: { readonly name: string; readonly contents: Map<string, string> },
  ) {
    this.partials = Array.from({ length: 1 + random.below(3) }, (_, index) => {
      const own = random.fork();
      return new Uploader(world, own, uploadPlan(own, `${named.name}-${index}`, true));
    });
    this.early = random.chance(0.4);
    this.twice = random.chance(0.2);
    named.contents.set(named.name, sha256(Buffer.concat(this.list.map(({ plan }) => plan.bytes))));
  }

  get complete(): string[] {
    return this.final === undefined ? [] : [this.final];
  }

  async go(): Promise<void> {
    const ids = await all(this.partials.map((partial) => partial.create()));
    if (this.early && this.final === undefined) await this.ask(ids);
    await all(this.partials.map((partial) => partial.finish()));
    if (this.final === undefined) await this.ask(ids);
    await this.merged();
  }

  private get list(): Uploader[] {
    return this.twice ? [...this.partials, ...this.partials.slice(0, 1)] : [...this.partials];
  }

  /** Asks five times at once: all that succeed name the same final (CON-30). */
  private async ask(ids: readonly string[]): Promise<void> {
    const listed = this.twice ? [...ids, ...ids.slice(0, 1)] : ids;
    const path = new URL(this.world.endpoint).pathname;
    const headers = {
      'upload-concat': `final;${listed.map((id) => `${path}/${id}`).join(' ')}`,
      'upload-metadata': metadataFor(this.named.name),
    };
    for (let round = 0; this.final === undefined; round++) {
      if (round === 50) throw new Error(`the final ${this.named.name} is not made`);
      const asked = Array.from({ length: 5 }, () => this.world.request({ method: 'POST', headers }));
      const answers = await Promise.allSettled(asked);
      const finals = new Set<string>();
      for (const answer of answers) {
        if (answer.status === 'rejected' || !answer.value) continue;
        if (answer.value.status === 201)
          finals.add(String(answer.value.headers.location).split('/').at(-1) ?? '');
        else this.world.unexpected(`POST of the final ${this.named.name}`, answer.value);
      }
      if (finals.size > 1)
        this.world.problems.push(`one final has ${finals.size} names: ${[...finals].join()}`);
      this.final = [...finals][0];
      const failed = answers.find(({ status }) => status === 'rejected');
      if (this.final === undefined && failed?.status === 'rejected') throw failed.reason;
    }
  }

  private async merged(): Promise<void> {
    const id = this.final ?? '';
    // The merge of a process that failed is taken up by the next.
    for (let round = 0; round < 2_000; round++) {
      const answer = await this.world.request({ method: 'HEAD', id });
      if (!answer) continue;
      if (answer.status !== 200) {
        this.world.unexpected(`HEAD of the final ${this.named.name} (${id})`, answer);
        throw new GivenUp();
      }
      const { 'upload-offset': offset, 'upload-length': length } = answer.headers;
      if (offset !== undefined && offset === length) return;
      if (!this.world.calm && round > 50) throw new GivenUp();
    }
    throw new Error(`the final ${this.named.name} (${id}) is not merged`);
  }
}

/** Of several that are under way at once each comes to rest, also where one gives up. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
