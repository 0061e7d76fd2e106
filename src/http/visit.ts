import type { IncomingMessage } from 'node:http';
import type { UploadError } from '../model/errors/upload.error.js';

/** What the front door knows of a request and the platform does not tell any more. */
export interface Visit {
  /** The request target as the client sent it. */
  readonly url: string;
  /** The method on the wire, whatever an override made of it (OVR-04). */
  readonly realMethod: string;
  /** `Content-Type` as received: body parsers do not see it. */
  readonly contentType: string | undefined;
  /** The id in the URL; null if there is none, or none that could be one. */
  readonly id: string | null;
  /** Paths under which the server knows the endpoint. */
  readonly endpointPaths: readonly string[];
  /** Why the request cannot be served, found before routing; the controller throws it. */
  readonly refusal: UploadError | undefined;
  /**
   * Whether the request is for the endpoint for certain: it speaks tus, or the controller has it. Before, another route
   * of the application may be meant.
   */
  ours: boolean;
  /** The client waits for 100 Continue before it sends the body (CRE-23); false once it was sent. */
  awaitsContinue: boolean;
}

const visits = new WeakMap<IncomingMessage, Visit>();

export function visitOf(request: IncomingMessage): Visit | undefined {
  return visits.get(request);
}

export function rememberVisit(request: IncomingMessage, visit: Visit): void {
  visits.set(request, visit);
}

/** Shows the type of the body again, once nobody parses bodies any more. */
export function showContentType(request: IncomingMessage): void {
  const visit = visits.get(request);
  if (!visit) return;
  if (visit.contentType === undefined) delete request.headers['content-type'];
  else request.headers['content-type'] = visit.contentType;
}
