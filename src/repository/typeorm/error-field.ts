/** A field that a driver put on its error, and TypeORM on the error around it. */
export function errorField(error: unknown, field: 'code' | 'errno'): unknown {
  return error instanceof Error ? (error as Error & Record<typeof field, unknown>)[field] : undefined;
}
