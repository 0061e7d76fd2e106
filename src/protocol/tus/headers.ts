/** Reads one request header, whatever the case of its name; undefined if it was not sent. */
export type HeaderReader = (name: string) => string | undefined;

/** Response headers by name. */
export type Headers = Readonly<Record<string, string>>;
