import type { IncomingMessage } from 'node:http';
import type { Checksum, ChecksumAlgorithm } from '../model/checksum.js';
import { parseChecksum } from '../protocol/tus/checksum.js';
import type { HeaderReader } from '../protocol/tus/headers.js';
import { MalformedRequestError } from '../model/errors/malformed-request.error.js';
import type { UploadError } from '../model/errors/upload.error.js';
import type { RequestContext } from '../model/request-context.js';
import { bringsContent } from '../uploads/refuse-content.js';
import { headerReader } from './admit.js';
import { checkBodyUnread } from './platform-checks.js';
import type { ResponseWriter } from './response-writer.js';
import { showContentType } from './visit.js';
import type { Visit } from './visit.js';

/** Express hands over Node's own request, Fastify a wrapper around it; both may carry a parsed body. */
export type PlatformRequest = (IncomingMessage | { readonly raw: IncomingMessage }) & {
  readonly body?: unknown;
};

/** Names and values of all fields behind a body (CHK-15). */
const MAX_TRAILER_BYTES = 8 * 1024;

/** Node's request behind the platform's. */
export function rawRequest(request: PlatformRequest): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}

/** A request of tus, whatever platform it came through. */
export class TusRequest implements RequestContext {
  /** The method that counts, after an override (OVR-01). */
  readonly method: string;
  /** The method on the wire. */
  readonly realMethod: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  /** The id in the URL; null on the collection, and where it cannot be an id. */
  readonly id: string | null;
  readonly endpointPaths: readonly string[];
  readonly refusal: UploadError | undefined;
  readonly header: HeaderReader;
  readonly raw: IncomingMessage;
  /** Whether content was announced; with a chunked body it may still turn out to be empty. */
  readonly hasBody: boolean;
  /** Bytes of content; undefined if the body does not say. */
  readonly contentLength: number | undefined;

  constructor(
    readonly platform: PlatformRequest,
    private readonly response: ResponseWriter,
    private readonly visit: Visit,
  ) {
    this.raw = rawRequest(platform);
    this.method = this.raw.method ?? 'GET';
    this.realMethod = visit.realMethod;
    this.url = visit.url;
    this.id = visit.id;
    this.endpointPaths = visit.endpointPaths;
    this.refusal = visit.refusal;
    showContentType(this.raw);
    this.header = headerReader(this.raw);
    const length = this.header('Content-Length');
    const unknown = length === undefined && mayHaveBody(this.raw);
    this.contentLength = unknown ? undefined : Number(length ?? 0);
    this.hasBody = unknown || Number(length ?? 0) > 0;
  }

  getRequest<Request = unknown>(): Request {
    return this.platform as Request;
  }

  /** Lets a client send that asked whether it should (CRE-23). */
  readonly wantBody = (): void => {
    if (!this.visit.awaitsContinue || this.response.raw.headersSent) return;
    this.visit.awaitsContinue = false;
    this.response.raw.writeContinue();
  };

  /** @throws BodyConsumedError if a body parser of the application was there first. */
  checkBodyUnread(): void {
    if (this.hasBody) checkBodyUnread(this.raw, this.platform.body);
  }

  /** Whether fields can follow the body (CHK-11); if so, only its end tells. */
  get mayHaveTrailers(): boolean {
    return this.hasBody && (this.contentLength === undefined || this.raw.httpVersionMajor >= 2);
  }

  /**
   * The checksum behind the body, once that has ended (CHK-10, CHK-13). Every other trailer field is ignored (CHK-15).
   * @throws InvalidHeaderError; MalformedRequestError for more than 8 KiB of trailer fields
   */
  trailingChecksum(algorithms: readonly ChecksumAlgorithm[]): Checksum | undefined {
    // A request that came without a connection (`inject()`) has none.
    const { trailers = {}, rawTrailers = [] } = this.raw as Partial<IncomingMessage>;
    const bytes = rawTrailers.reduce((sum, text) => sum + text.length, 0);
    if (bytes > MAX_TRAILER_BYTES) throw new MalformedRequestError('The trailer section exceeds 8 KiB.');
    const value = trailers['upload-checksum'];
    return value === undefined ? undefined : parseChecksum(value, algorithms);
  }

  /**
   * Whether at least one byte of content comes. Who asks with `Expect: 100-continue` whether to send has some
   * (RFC 9110, 10.1.1); else it is waited for only if the length was not announced, and then for this many milliseconds
   * at most (0: for ever).
   * @throws BodyInterruptedError if the body neither came nor ended.
   */
  async hasContent(idleMilliseconds: number): Promise<boolean> {
    if (!this.hasBody || this.contentLength !== undefined || this.visit.awaitsContinue) return this.hasBody;
    this.checkBodyUnread();
    return bringsContent({ body: this.raw, offset: 0, idleMilliseconds });
  }
}

function mayHaveBody(
  raw: IncomingMessage & { readonly stream?: { readonly endAfterHeaders?: boolean } },
): boolean {
  if (raw.httpVersionMajor >= 2) return raw.stream?.endAfterHeaders === false;
  return raw.headers['transfer-encoding'] !== undefined;
}
