/**
 * The figures of each contender, by name: of each figure all samples. Each repetition is on fresh servers, one after
 * the other, so that whatever else the machine does hits all of them.
 */
export async function repeat(workload, contenders, { repetitions, quick }) {
  const results = new Map(contenders.map(({ name }) => [name, {}]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, start } of contenders) {
      const server = await start();
      try {
        const figures = results.get(name);
        for (const [figure, samples] of Object.entries(await workload.run(server, { quick }))) {
          (figures[figure] ??= []).push(...samples);
        }
      } catch (error) {
        throw new Error(`${name}: ${error.message}`, { cause: error });
      } finally {
        await server.stop();
      }
    }
  }
  return results;
}
