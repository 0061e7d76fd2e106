import { DetailedError } from 'tus-js-client';

/** Says in one sentence why an upload to `endpoint` failed. */
export function describeFailure(error: unknown, endpoint: string): string {
  if (!(error instanceof DetailedError)) return `The upload failed: ${messageOf(error)}.`;
  const response = error.originalResponse;
  if (response) return describeStatus(response.getStatus(), response.getBody());
  const code = codeOf(error.causingError);
  if (code === 'ECONNREFUSED') return `Nothing answers at ${endpoint}; is the server running?`;
  if (code === 'ENOTFOUND') return `The host of ${endpoint} is not known.`;
  return `The upload to ${endpoint} failed: ${messageOf(error.causingError ?? error)}.`;
}

function describeStatus(status: number, body: string): string {
  if (status === 431) {
    return (
      'The server answered 431: the list of parts is longer than its limit for headers. ' +
      'Start it with node --max-http-header-size=65536, or use fewer parts.'
    );
  }
  const text = textOf(body);
  return text ? `The server answered ${status}: ${text}` : `The server answered ${status}.`;
}

/** The message of a JSON error, or the first line of a text. */
function textOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: the text itself is what there is to say.
  }
  return body.trim().split('\n')[0]?.slice(0, 300) ?? '';
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

function messageOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return (typeof message === 'string' ? message : String(error)).replace(/\.$/, '');
}
