// Installs the servers and programs that tests start themselves. Quick where all are there; says what is missing where it cannot.
import { debian } from './services/debian.mjs';
import { go } from './services/go.mjs';
import { python } from './services/python.mjs';

for (const { services, obstacle, install } of [debian, go, python]) {
  for (const { name } of services.filter(({ there }) => there)) console.log(`${name} is there`);
  const missing = services.filter(({ there }) => !there);
  if (missing.length === 0) continue;
  const why = obstacle(missing);
  if (why === undefined) {
    install(missing);
    continue;
  }
  console.error(`Missing: ${missing.map(({ name }) => name).join(', ')}. ${why}`);
  process.exitCode = 1;
}
