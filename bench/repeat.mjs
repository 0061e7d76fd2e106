/**
 * The `results`: the figures of each contender, by name, and of each figure all samples. Each repetition is on fresh
 * servers, one after the other, each time beginning with another one, so that whatever else the machine does hits all
 * of them. A peer that does not do what it
 * was asked, or does not hold what it was sent, is out, and among the `failed`.
 * @throws Error if that is this project.
 */
export async function repeat(workload, contenders, { repetitions, quick }) {
  const [results, failed] = [new Map(contenders.map(({ name }) => [name, {}])), []];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, ours, start } of turned(contenders, repetition)) {
      if (!results.has(name)) continue;
      try {
        collect(results.get(name), await once(workload, { start, quick }));
      } catch (error) {
        if (ours) throw new Error(`${name}: ${error.message}`, { cause: error });
        failed.push({ name, reason: `failed in repetition ${repetition + 1}: ${error.message}` });
        results.delete(name);
      }
    }
  }
  return { results, failed };
}

function turned(list, by) {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

async function once(workload, { start, quick }) {
  const server = await start();
  try {
    return await workload.run(server, { quick });
  } finally {
    await server.stop();
  }
}

function collect(figures, more) {
  for (const [figure, samples] of Object.entries(more)) (figures[figure] ??= []).push(...samples);
}
