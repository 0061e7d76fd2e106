// Writes docs/options.md from the docstrings of the options. With --check it writes nothing, and fails if the page is out
// of date or an option lacks a docstring or a default.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'options.md');

/** Heading, what stands below it, file, interface; and the option that it is the value of, if it is. */
const CHAPTERS = [
  {
    heading: 'Registration',
    text: 'Nest needs these before any provider exists: in `forRootAsync` they stand beside the factory.',
    file: 'src/module/tus-module-options.ts',
    name: 'TusRegistration',
  },
  {
    heading: 'Uploads',
    text: 'Returned by the factory in `forRootAsync`; `storage` and `database` may stand beside it instead.',
    file: 'src/module/tus-module-options.ts',
    name: 'TusOptions',
  },
  {
    heading: 'Expiration',
    text: 'What an object for `expiration` may say.',
    file: 'src/module/expiration-options.ts',
    name: 'ExpirationOptions',
    of: 'expiration',
  },
  {
    heading: 'Delivery',
    text: 'What an object for `delivery` may say.',
    file: 'src/module/delivery-options.ts',
    name: 'DeliveryOptions',
    of: 'delivery',
  },
  {
    heading: 'CORS',
    text: 'What an object for `cors` may say.',
    file: 'src/protocol/tus/cors.ts',
    name: 'CorsOptions',
    of: 'cors',
  },
  {
    heading: 'LocalStorage',
    text: 'What `new LocalStorage({ … })` takes; what is wrong is a `TusOptionError` that names the option.',
    file: 'src/storage/local/options.ts',
    name: 'LocalStorageOptions',
  },
  {
    heading: 'S3Storage',
    text: 'What `new S3Storage({ … })` of `nestjs-tus/s3` takes; what is wrong is a `TusOptionError` that names the option.',
    file: 'src/storage/s3/options.ts',
    name: 'S3StorageOptions',
  },
  {
    heading: 'Objects in S3',
    text: 'What the option `object` of `S3Storage` may say: each a value, or a function of the upload.',
    file: 'src/storage/s3/object-settings.ts',
    name: 'S3ObjectSettings',
    of: 'object',
  },
  {
    heading: 'GcsStorage',
    text: 'What `new GcsStorage({ … })` of `nestjs-tus/gcs` takes; what is wrong is a `TusOptionError` that names the option.',
    file: 'src/storage/gcs/options.ts',
    name: 'GcsStorageOptions',
  },
  {
    heading: 'Objects in Google Cloud Storage',
    text: 'What the option `object` of `GcsStorage` may say: each a value, or a function of the upload.',
    file: 'src/storage/gcs/object-settings.ts',
    name: 'GcsObjectSettings',
    of: 'object',
  },
  {
    heading: 'AzureStorage',
    text: 'What `new AzureStorage({ … })` of `nestjs-tus/azure` takes; what is wrong is a `TusOptionError` that names the option.',
    file: 'src/storage/azure/options.ts',
    name: 'AzureStorageOptions',
  },
  {
    heading: 'Blobs in Azure',
    text: 'What the option `blob` of `AzureStorage` may say: each a value, or a function of the upload.',
    file: 'src/storage/azure/blob-settings.ts',
    name: 'AzureBlobSettings',
    of: 'blob',
  },
];

const INTRODUCTION = `# Options

Made of the docstrings by \`node scripts/options-table.mjs\`. What is wrong is a \`TusOptionError\` at start, before anything
is opened: \`TusModule: option "NAME" is VALUE; FIX.\` Each FIX is listed with its option.

Functions that get a \`context\` are called for a request: \`context.getRequest()\` is the request of Express or Fastify, with
what guards have put on it, and \`context.header(name)\` a header. What they throw is answered as in any handler: an
\`HttpException\` with its status, anything else with 500 and a line in the log. So is what they must not return:
\`TusModule: option "NAME" returned VALUE; FIX.\` \`maxSize\` and \`validateMetadata\` judge requests of clients, so calls of
\`UploadService\` by the application pass them by (a plain number for \`maxSize\` counts there, too); \`idGenerator\` and \`key\`
name every upload, with an undefined context where there is no request.
`;

const problems = [];

function optionsOf({ file, name, of }) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const declaration = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (!declaration) throw new Error(`${file} has no interface ${name}.`);
  return declaration.members.filter(ts.isPropertySignature).map((member) => {
    const tags = ts.getJSDocTags(member);
    const texts = (tag) =>
      tags
        .filter(({ tagName }) => tagName.text === tag)
        .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '');
    const [documentation] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
    const option = of ? `${of}.${member.name.getText()}` : member.name.getText();
    const about = (documentation && ts.getTextOfJSDocComment(documentation.comment)) || '';
    const [given] = texts('default');
    if (about === '') problems.push(`${option} in ${file} has no docstring`);
    return {
      option,
      about,
      type: member.type.getText().replaceAll(/\s+/g, ' '),
      given: given ?? (member.questionToken ? 'none' : 'none, it has to be given'),
      example: texts('example')[0],
      fixes: texts('throws').map((text) => text.replace(/^TusOptionError\s+/, '')),
    };
  });
}

/** A value of the language stands as code, a sentence as it is. */
function shownDefault(text) {
  return /^(?:['[{]|\d+$|true$|false$|Tus\w+$)/.test(text) ? `\`${text}\`` : text;
}

function shown({ option, about, type, given, example, fixes }) {
  return [
    `### \`${option}\`\n`,
    ...(about === '' ? [] : [`${about}\n`]),
    ...(example === undefined ? [] : ['```ts', example, '```', '']),
    `- type: \`${type}\``,
    `- default: ${shownDefault(given)}`,
    ...(fixes.length === 0 ? [] : [`- when it is wrong: ${fixes.map((fix) => `“${fix}”`).join(', ')}`]),
    '',
  ].join('\n');
}

const chapters = CHAPTERS.map((chapter) => ({ ...chapter, options: optionsOf(chapter) }));
const after = [
  INTRODUCTION,
  ...chapters.map(({ heading, text, options }) =>
    [`## ${heading}\n`, `${text}\n`, ...options.map(shown)].join('\n'),
  ),
].join('\n');

if (process.argv.includes('--check')) {
  const before = readFileSync(page, 'utf8');
  if (before !== after) problems.push('docs/options.md is out of date: run node scripts/options-table.mjs');
} else {
  writeFileSync(page, after);
}
for (const problem of problems) console.error(problem);
const count = chapters.flatMap(({ options }) => options).length;
console.log(`${count} options.`);
if (count === 0 || problems.length > 0) process.exitCode = 1;
