/** The request that the application lets a decision depend on. */
export interface RequestContext {
  /**
   * The request of the platform (Express, Fastify), with what the application's guards put on it.
   * @example context.getRequest<{ user: User }>().user
   */
  getRequest<Request = unknown>(): Request;
  /** The value of a header; its name in any case. */
  header(name: string): string | undefined;
}
