/**
 * Makes a conditional change whose answer may get lost: when it seems to have changed nothing, or its answer did not
 * come, `happened` looks at the row. What was thrown is thrown on unless the row says that the change was made.
 */
export async function settle<Result>(
  change: () => Promise<Result | undefined>,
  happened: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    const result = await change();
    if (result !== undefined) return result;
  } catch (error) {
    const result = await happened().catch(() => undefined);
    if (result !== undefined) return result;
    throw error;
  }
  return happened();
}
