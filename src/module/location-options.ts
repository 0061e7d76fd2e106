import type { LocationSettings } from '../http/location.js';
import { wrongOption } from './wrong-option.js';
import type { TusOptions } from './tus-module-options.js';

type LocationOptions = Pick<TusOptions, 'publicUrl' | 'trustProxy' | 'relativeLocation'>;

/** @throws TusOptionError for a value that is wrong, and for two that contradict each other */
export function resolveLocation({
  publicUrl,
  trustProxy,
  relativeLocation,
}: LocationOptions): LocationSettings {
  for (const [option, value] of Object.entries({ trustProxy, relativeLocation })) {
    if (value !== undefined && typeof value !== 'boolean')
      throw wrongOption(option, value, 'use true or false');
  }
  if (publicUrl !== undefined && !isEndpointUrl(publicUrl)) {
    const fix =
      "give the whole URL of the endpoint, such as 'https://cdn.example.com/api/files', without a query";
    throw wrongOption('publicUrl', publicUrl, fix);
  }
  if (publicUrl !== undefined && trustProxy === true) {
    throw wrongOption('trustProxy', trustProxy, 'leave it out: "publicUrl" says where the endpoint is');
  }
  if (relativeLocation === true && (publicUrl !== undefined || trustProxy === true)) {
    const other = publicUrl === undefined ? 'trustProxy' : 'publicUrl';
    throw wrongOption(
      'relativeLocation',
      relativeLocation,
      `leave it out: "${other}" makes Location absolute`,
    );
  }
  return {
    trustProxy: trustProxy ?? false,
    relative: relativeLocation ?? true,
    ...(publicUrl !== undefined && { publicUrl: new URL(publicUrl).href }),
  };
}

function isEndpointUrl(url: unknown): url is string {
  // The parser of URLs would drop line breaks, and take a backslash for a slash.
  if (typeof url !== 'string' || /[\s\\?#\p{Cc}]/u.test(url) || !/^https?:\/\//i.test(url)) return false;
  if (!URL.canParse(url)) return false;
  const { username, password, pathname } = new URL(url);
  return username === '' && password === '' && !pathname.includes('//');
}
