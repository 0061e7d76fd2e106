const FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Milliseconds of an HTTP date in any of its three forms (RFC 9110, 5.6.7); undefined if it is none. */
export function parseHttpDate(value: string): number | undefined {
  const text = value.trim();
  const zoned = ASCTIME.test(text) ? `${text} GMT` : text;
  if (zoned === text && !FIXDATE.test(text) && !RFC_850.test(text)) return undefined;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? undefined : time;
}
