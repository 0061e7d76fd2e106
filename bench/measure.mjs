const MIB = 1024 * 1024;

/** Wall time, CPU of the server, and the most memory that it had, while the work runs. */
export async function measure(server, work) {
  let highest = server.rss();
  const watching = setInterval(() => (highest = Math.max(highest, server.rss())), 50);
  const [began, cpu] = [performance.now(), server.cpu()];
  try {
    await work();
  } finally {
    clearInterval(watching);
  }
  return {
    seconds: (performance.now() - began) / 1000,
    cpu: server.cpu() - cpu,
    rss: Math.max(highest, server.rss()) / MIB,
  };
}
