// Checks the import directions of src/ (of the folder given, else of this project). dependency-cruiser is content with
// sources that it cannot read, so a count of zero is a failure here.
import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';

const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
if (process.argv[2]) process.chdir(process.argv[2]);

const { output } = await cruise(['src'], { ...options, validate: true, ruleSet: { forbidden } });
const { totalCruised, totalDependenciesCruised, violations } = output.summary;

for (const { rule, from, to, cycle } of violations) {
  const path = cycle ? [from, ...cycle.map((step) => step.name)] : [from, to];
  console.error(`${rule.name}: ${path.join(' -> ')}`);
}
console.log(
  `${totalCruised} files, ${totalDependenciesCruised} imports, ${violations.length} in a forbidden direction.`,
);
if (totalCruised === 0 || totalDependenciesCruised === 0) {
  console.error('No file or no import was read: the check checks nothing.');
  process.exitCode = 1;
}
if (violations.length > 0) process.exitCode = 1;
