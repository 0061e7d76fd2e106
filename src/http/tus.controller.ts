import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { ExtensionDisabledError } from '../model/errors/extension-disabled.error.js';
import { FinalNotWritableError } from '../model/errors/final-not-writable.error.js';
import { MethodNotAllowedError } from '../model/errors/method-not-allowed.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import { advertisedMethods, allowedMethods } from '../protocol/tus/allowed-methods.js';
import type { Target } from '../protocol/tus/allowed-methods.js';
import { appendedHeaders, createdHeaders, headHeaders } from '../protocol/tus/answers.js';
import { parseAppend } from '../protocol/tus/append.js';
import { parseChecksumClaims } from '../protocol/tus/checksum.js';
import type { ChecksumClaims, ChecksumRules } from '../protocol/tus/checksum.js';
import { isFinalCreation, parseCreation } from '../protocol/tus/creation.js';
import type { CreateCommand, CreateFinalCommand } from '../protocol/tus/creation.js';
import { discoveryHeaders } from '../protocol/tus/discovery.js';
import { downloadHeaders, planDownload } from '../protocol/tus/download/plan-download.js';
import { usableExtensions } from '../protocol/tus/extensions.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import { isOffsetStream } from '../protocol/tus/media-type.js';
import { checkVersion } from '../protocol/tus/version.js';
import { isCompleted } from '../model/upload.js';
import type { Upload } from '../model/upload.js';
import type { Access } from '../uploads/access.js';
import type { BodyInput } from '../uploads/commands.js';
import { accessOf } from './access-of.js';
import { stateOf, toException } from './error-response.js';
import { FaultLog } from './fault-log.js';
import { FinishReply } from './finish-reply.js';
import { locationOf, publicPath } from './location.js';
import type { PublicPlace } from './location.js';
import { publicPlace } from './public-place.js';
import { rawRequest, TusRequest } from './request-adapter.js';
import { checkMetadata, sizeLimit } from './request-options.js';
import type { PlatformRequest } from './request-adapter.js';
import { ResponseWriter } from './response-writer.js';
import type { Answer, PlatformResponse } from './response-writer.js';
import { TUS_HTTP } from './tus-http.js';
import type { TusHttp } from './tus-http.js';
import { visitFor } from './visit-for.js';

/**
 * Serves the uploads of one endpoint. Extend it to put guards, interceptors and the like on it, or to override a step;
 * every step answers with a status and headers (a download with a body, too), or throws an `UploadError`. A subclass that injects more passes the
 * first parameter on.
 *
 * @example
 * class Videos extends TusController {
 *   constructor(@Inject(TUS_HTTP) http: TusHttp, private readonly users: Users) {
 *     super(http);
 *   }
 * }
 */
@Controller()
export class TusController {
  private readonly faultLog = new FaultLog();

  constructor(@Inject(TUS_HTTP) protected readonly http: TusHttp) {}

  /** The endpoint itself: creation and discovery. */
  @All()
  serveCollection(@Req() request: PlatformRequest, @Res() response: PlatformResponse): Promise<void> {
    return this.serve('collection', request, response);
  }

  /** The URL of one upload. */
  @All(':id')
  serveUpload(@Req() request: PlatformRequest, @Res() response: PlatformResponse): Promise<void> {
    return this.serve('upload', request, response);
  }

  /** POST on the endpoint: an ordinary, partial or final upload (CRE, CON). */
  protected async create(request: TusRequest): Promise<Answer> {
    const sendsBytes = isOffsetStream(request.header('Content-Type')) && request.hasBody;
    const { maxMetadataBytes, maxPartials, bodyIdleTimeout } = this.http.settings;
    if (sendsBytes && isFinalCreation(request.header) && (await request.hasContent(bodyIdleTimeout))) {
      throw new FinalNotWritableError();
    }
    const requestPath = publicPath(request.url);
    const { command, refusal } = parseCreation(request.header, {
      extensions: this.extensions,
      maxMetadataBytes,
      maxPartials,
      requestPath,
      endpointPaths: [this.placeOf(request).path, requestPath, ...request.endpointPaths],
    });
    if (refusal) throw refusal;
    return command.kind === 'final'
      ? this.concatenate(request, command)
      : this.createFrom(request, command, sendsBytes);
  }

  /** PATCH on an upload. The uploads room looks at the upload before anything that only headers tell is refused. */
  protected async append(request: TusRequest, id: string): Promise<Answer> {
    const { command, refusal } = parseAppend(request.header, this.checksumRules);
    if (refusal) {
      // A missing upload and a final come first in the order of checks.
      const upload = await this.http.uploads.get(id, await this.access(request), 'write');
      throw upload.kind === 'final' ? new FinalNotWritableError() : refusal;
    }
    const { checksum, ...where } = command;
    const limit = await sizeLimit(this.http.settings, request);
    const access = await this.access(request);
    const reply = new FinishReply();
    const call = { context: request, onFinish: reply.onFinish };
    const input = { ...where, ...limit, ...this.bodyOf(request, checksum), ...call, access };
    const upload = await this.http.uploads.append(id, input);
    return reply.over({ status: 204, headers: appendedHeaders(upload) });
  }

  /** HEAD on an upload. */
  protected async head(request: TusRequest, id: string): Promise<Answer> {
    const upload = await stateOf(this.stateFor(request, id));
    // Whoever does not speak tus may be about to download it (GET-10).
    const asFile = this.http.settings.downloads && request.header('Tus-Resumable') === undefined;
    return {
      status: 200,
      headers: {
        ...(asFile && upload.state === 'complete' && isCompleted(upload) && downloadHeaders(upload)),
        ...headHeaders(upload),
        ...(request.realMethod !== 'HEAD' && { 'Content-Length': '0' }),
      },
    };
  }

  /** GET on an upload, where `downloads` is on: all of a complete one, or a range (GET). */
  protected async download(request: TusRequest, id: string): Promise<Answer> {
    const object = await this.http.uploads.object(id, await this.access(request));
    const { status, headers, span } = planDownload(object.upload, request.header);
    if (span === null) return { status, headers };
    return { status, headers, body: await object.open(span === 'all' ? undefined : span) };
  }

  /** DELETE on an upload (TER). */
  protected async terminate(request: TusRequest, id: string): Promise<Answer> {
    await this.http.uploads.terminate(id, await this.access(request), request);
    return { status: 204, headers: {} };
  }

  /** OPTIONS, on the endpoint and on uploads (OPT). */
  protected async options(request: TusRequest): Promise<Answer> {
    const { extensions, checksums } = this.http.settings;
    const limit = await sizeLimit(this.http.settings, request);
    return { status: 204, headers: discoveryHeaders({ extensions, checksums, ...limit }) };
  }

  private async serve(target: Target, platform: PlatformRequest, response: PlatformResponse): Promise<void> {
    const writer = new ResponseWriter(response);
    const raw = rawRequest(platform);
    try {
      const { settings } = this.http;
      const visit = visitFor({ request: raw, response: writer.raw, target, settings });
      const request = new TusRequest(platform, writer, visit);
      writer.send(await this.dispatch(target, request));
    } catch (error) {
      this.faultLog.note(error);
      throw toException(error, raw, writer);
    }
  }

  private dispatch(target: Target, request: TusRequest): Promise<Answer> {
    if (request.refusal) throw request.refusal;
    const { settings } = this.http;
    const { method } = request;
    if (!allowedMethods(target, settings).includes(method))
      throw new MethodNotAllowedError(advertisedMethods(target, settings));
    if (method === 'OPTIONS') return this.options(request);
    checkVersion(method, request.header);
    if (target === 'collection') return this.create(request);
    if (request.id === null) throw new UploadNotFoundError();
    if (method === 'HEAD') return this.head(request, request.id);
    if (method === 'GET') return this.download(request, request.id);
    return method === 'PATCH' ? this.append(request, request.id) : this.terminate(request, request.id);
  }

  private async createFrom(
    request: TusRequest,
    command: CreateCommand,
    sendsBytes: boolean,
  ): Promise<Answer> {
    if (sendsBytes && !this.extensions.includes('creation-with-upload')) {
      throw new ExtensionDisabledError('creation-with-upload');
    }
    const { kind, ...input } = command;
    // No metadata of a partial ever counts: the final has its own (CON-17).
    if (kind === 'single') await checkMetadata(this.http.settings, input.metadata, request);
    const limit = await sizeLimit(this.http.settings, request);
    const reply = new FinishReply();
    const upload = await this.http.uploads.create({
      ...input,
      ...limit,
      context: request,
      onFinish: reply.onFinish,
      partial: kind === 'partial',
      access: await this.access(request),
      // Content of any other type is no content (CRE-21).
      ...(sendsBytes && this.bodyOf(request, parseChecksumClaims(request.header, this.checksumRules))),
    });
    return reply.over(this.created(request, upload));
  }

  private async concatenate(request: TusRequest, command: CreateFinalCommand): Promise<Answer> {
    const { partialIds, metadata, concat } = command;
    await checkMetadata(this.http.settings, metadata, request);
    const limit = await sizeLimit(this.http.settings, request);
    const reply = new FinishReply();
    const upload = await this.http.uploads.concatenate({
      partialIds,
      metadata,
      concat,
      ...limit,
      context: request,
      onFinish: reply.onFinish,
      access: await this.access(request),
    });
    return reply.over(this.created(request, upload));
  }

  private created(request: TusRequest, upload: Upload): Answer {
    return { status: 201, headers: createdHeaders(upload, locationOf(this.placeOf(request), upload.id)) };
  }

  private placeOf({ raw, url }: TusRequest): PublicPlace {
    return publicPlace(raw, url, this.http.settings.location);
  }

  private async stateFor(request: TusRequest, id: string): Promise<Upload> {
    return this.http.uploads.get(id, await this.access(request));
  }

  private access(request: TusRequest): Promise<Access> | undefined {
    return accessOf(request, this.http.settings);
  }

  private bodyOf(request: TusRequest, claims: ChecksumClaims): BodyInput {
    request.checkBodyUnread();
    const { raw: body, contentLength, wantBody: onBodyWanted } = request;
    const { algorithms, trailers } = this.checksumRules;
    const trailer = () => request.trailingChecksum(algorithms);
    // On HTTP/2 every body may have a trailer: hashing each of them in case would cost too much.
    const unannounced = contentLength === undefined ? algorithms : [];
    const checksum = {
      ...claims,
      ...(trailers && request.mayHaveTrailers && { trailer, algorithms: unannounced }),
    };
    return { body, onBodyWanted, checksum, ...(contentLength !== undefined && { contentLength }) };
  }

  private get checksumRules(): ChecksumRules {
    const { extensions } = this;
    return {
      algorithms: extensions.includes('checksum') ? this.http.settings.checksums : [],
      trailers: extensions.includes('checksum-trailer'),
    };
  }

  private get extensions(): readonly TusExtension[] {
    return usableExtensions(this.http.settings.extensions);
  }
}
