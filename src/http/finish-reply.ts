import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { FinishAnswer } from '../model/finish-answer.js';
import { isOurs } from '../model/response-headers.js';
import type { Headers } from '../protocol/tus/headers.js';
import type { Answer } from './response-writer.js';

const logger = new Logger('TusController');

/** Adds what `OnUploadFinish` says to the answer of the request that completes an upload. */
export class FinishReply {
  private given: FinishAnswer | undefined;

  readonly onFinish = (answer: FinishAnswer): void => {
    this.given = answer;
  };

  /** The answer with it; as it is where no hook had anything to say. */
  over(answer: Answer): Answer {
    if (!this.given) return answer;
    const { headers = {}, body } = this.given;
    const added = usable(headers);
    const content = body === undefined ? undefined : contentOf(body);
    if (!content) return { ...answer, headers: { ...added, ...answer.headers } };
    const { bytes, type } = content;
    const typed = Object.keys(added).some((name) => name.toLowerCase() === 'content-type');
    return {
      // 204 has no content (RFC 9110, 15.3.5).
      status: answer.status === 204 ? 200 : answer.status,
      headers: {
        ...(!typed && { 'Content-Type': type }),
        ...added,
        ...answer.headers,
        'Content-Length': String(bytes.length),
      },
      body: Readable.from([bytes]),
    };
  }
}

/** The upload is complete: what cannot be sent is no reason to tell the client otherwise. */
function leftOut(what: string, error: unknown): undefined {
  logger.error(`OnUploadFinish returned a ${what} that cannot be sent; it is left out`, error);
}

function usable(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      if (isOurs(name)) return false;
      try {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        return true;
      } catch (error) {
        leftOut('header', error);
        return false;
      }
    }),
  );
}

interface Content {
  readonly bytes: Uint8Array;
  readonly type: string;
}

function contentOf(body: NonNullable<FinishAnswer['body']>): Content | undefined {
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  try {
    return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json; charset=utf-8' };
  } catch (error) {
    return leftOut('body', error);
  }
}
