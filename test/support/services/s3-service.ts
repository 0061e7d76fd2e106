import type { Service } from './with-service.js';

/** How to reach a store, in the words of `S3Client`; JSON can carry it to another process. */
export interface S3Address {
  /** Amazon itself without one. */
  readonly endpoint?: string;
  readonly region?: string;
  /** What the SDK finds by itself without them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly forcePathStyle: boolean;
}

export interface RunningS3 {
  readonly address: S3Address;
  /** A bucket that is there already and may not be emptied; a suite makes one of its own elsewhere. */
  readonly bucket?: string;
  stop(): Promise<void>;
}

/** A store that speaks S3. */
export interface S3Service extends Service {
  start(): Promise<RunningS3>;
}

/** What the servers are started with. */
export const KEYS = { accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey' };
export const REGION = 'us-east-1';

export function localAddress(port: number): S3Address {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: REGION,
    credentials: KEYS,
    forcePathStyle: true,
  };
}
