import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { PartMemory } from '../parts/part-memory.js';
import type { S3ObjectSettings } from './object-settings.js';

const MIB = 1024 * 1024;
/** docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const LEAST_PART = 5 * MIB;
export const LARGEST_PART = 5 * 1024 * MIB;
export const MOST_PARTS = 10_000;

export interface S3StorageOptions {
  /**
   * The bucket that holds the objects. It has to exist, and stays the same while the database knows uploads of it; of
   * several buckets each has a storage of its own.
   */
  readonly bucket: string;
  /**
   * A client of `@aws-sdk/client-s3` that the application has made. Its time-outs and retries are its own.
   * @default one made of `clientConfig`
   */
  readonly client?: S3Client;
  /**
   * What a client is made of: `region`, `endpoint`, `credentials`, `forcePathStyle` … What is not said the SDK takes from
   * the environment. Five tries and time-outs come with it.
   */
  readonly clientConfig?: S3ClientConfig;
  /**
   * Stands before every name in the bucket, as it is: a folder ends with "/". It stays the same while the database knows
   * uploads of it. Unfinished bytes are below `<prefix>.tus/`.
   * @default ''
   */
  readonly prefix?: string;
  /**
   * Bytes of a part, from 5 MiB to 5 GiB, or to the largest buffer of Node (4 GiB in Node 20). Parts of larger uploads are larger, so that their number suffices.
   * @default 8 MiB
   */
  readonly partSize?: number;
  /**
   * How many parts the store allows for an object: 10,000 mostly, 1,000 at Scaleway.
   * @default 10000
   */
  readonly maxParts?: number;
  /**
   * Whether all parts of an object but the last must have the same size, as Cloudflare R2 wants it. Then the bytes at the
   * joints of a final pass through the server.
   * @default false
   */
  readonly equalParts?: boolean;
  /**
   * How many parts of one upload are sent at the same time. Each takes memory of its size, until the budget for parts is
   * used up.
   * @default 4
   */
  readonly partsInFlight?: number;
  /**
   * The budget for parts in memory; one that finds none goes to a temporary file.
   * @default 256 MiB, shared by all storages of the process
   */
  readonly memory?: PartMemory;
  /**
   * Whether an object that has the key of an upload is replaced, which costs one request more. Without it such an upload
   * fails with 409.
   * @default false
   */
  readonly overwrite?: boolean;
  /**
   * Whether the store honours `If-None-Match: *` for PutObject and CompleteMultipartUpload. Without it an object is looked
   * for before, which two writers at once can outrun.
   * @default true
   */
  readonly conditionalWrites?: boolean;
  /**
   * Whether the bodies of requests are part of their signature, which costs about 0.4 s of CPU for each GiB more than the
   * checksum alone. Needed where a policy denies `UNSIGNED-PAYLOAD`. With `true` parts that found no memory
   * are read back into it to be signed, two at a time beyond its limit; by default these are not signed.
   * @default only where the endpoint is not HTTPS
   */
  readonly signPayload?: boolean;
  /**
   * Milliseconds that the store has to answer a small request; with a body it has more by its size, for copies and
   * Complete five times as many.
   * @default 60000
   */
  readonly requestTimeout?: number;
  /**
   * Milliseconds after which the store, or a lifecycle rule of the bucket, aborts multipart uploads: 7 days at Cloudflare
   * R2, 24 hours at MinIO unless it is told otherwise. An `expiration` that is longer fails at start, and bytes that come
   * do not extend the time of an upload beyond it.
   * @default none
   */
  readonly maxUnfinishedAge?: number;
  /**
   * Whether the start asks the store whether bucket and credentials are right, and fails with a sentence if not.
   * @default true
   */
  readonly checkBucket?: boolean;
  /**
   * What finished objects are stored with: content type, metadata, tags, storage class, encryption …
   * @default what the bucket does by itself
   */
  readonly object?: S3ObjectSettings;
}
