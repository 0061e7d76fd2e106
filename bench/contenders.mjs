import { missingMinio } from './minio.mjs';
import { missingNode } from './node-script.mjs';
import { missingPython, PYTHON_SERVER } from './python-server.mjs';
import { ServerProcess } from './server-process.mjs';

/**
 * The servers that a workload is measured with, each with a `start`, and those that are left out, each with a reason.
 * A workload names its servers, by the script or as `{ name, server, node, env, preload, prepare, store }`. Those that were
 * started by hand are taken too, unless the workload starts processes itself or needs an extension they do not have.
 */
export async function contendersOf(workload, byHand) {
  const [contenders, leftOut] = [[], []];
  for (const named of workload.servers) {
    const contender = typeof named === 'string' ? { name: named } : named;
    const missing = await reasonAgainst(contender);
    if (missing) leftOut.push({ name: contender.name, reason: missing });
    else contenders.push(startable(contender));
  }
  for (const server of byHand) {
    const lacking = await lackOf(server, workload);
    if (lacking) leftOut.push({ name: server.name, reason: lacking });
    else contenders.push({ name: server.name, ours: false, start: () => server });
  }
  return { contenders, leftOut };
}

function startable(contender) {
  const { name, server = name } = contender;
  return { name, ours: server.startsWith('nestjs-tus'), start: () => ServerProcess.start(contender) };
}

function reasonAgainst({ name, server = name, node, store }) {
  if (store) return missingMinio();
  if (server === PYTHON_SERVER) return missingPython();
  return missingNode(node);
}

async function lackOf(server, { ownProcess = false, needs = [] }) {
  if (ownProcess) return 'this workload starts the server itself';
  const extensions = await server.extensions();
  const lacking = needs.filter((extension) => !extensions.includes(extension));
  return lacking.length > 0 ? `it does not offer ${lacking.join(', ')}` : undefined;
}
