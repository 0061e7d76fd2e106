import { ENDPOINT, urlOf } from './grammar.js';
import { isOpen } from './model.js';
import type { Model } from './model.js';
import type { Random } from '../random.js';
import { setField } from './raw-request.js';
import type { RawRequest } from './raw-request.js';

/** Another `Upload-Concat`: finals of all that can be listed, and of what cannot. */
export function mutateConcat(request: RawRequest, random: Random, model: Model): void {
  const value = random.chance(0.6) ? finalOf(random, model) : random.pick(JUNK);
  setField(request, 'Upload-Concat', value);
  if (random.chance(0.7)) {
    setField(request, 'Upload-Length', undefined);
    setField(request, 'Upload-Defer-Length', undefined);
  }
}

const JUNK = [
  ...[
    '',
    'final',
    'final;',
    'final; ',
    'partial;',
    'PARTIAL',
    'final;\t',
    'final;,',
    'final;http://',
    'final;?',
    'final;#',
  ],
  ...[
    'partial, partial',
    'final;/files/x, final;/files/y',
    'final;//',
    'final;/',
    'final;/files',
    'final;/files/',
  ],
  ...[
    'final;/files/../../etc/passwd',
    'final;/files/%2e%2e',
    'final;file:///etc/passwd',
    'final;http://[::1',
    'final;\xe9',
  ],
  ...[
    'final;http://127.0.0.1:1/files/x',
    'final;/files/%00',
    'final;/files\\x',
    'final;javascript:x',
    'final;data:,x',
  ],
];

function finalOf(random: Random, model: Model): string {
  const partials = model.living.filter(({ kind }) => kind === 'partial');
  const ready = partials.filter((partial) => !isOpen(partial));
  const others = [
    ...model.living.map(urlOf),
    ...model.dead.slice(-3).map((id) => urlOf({ id })),
    ...[
      `${ENDPOINT}/AAAAAAAAAAAAAAAAAAAAAA`,
      '/other/x',
      'http://elsewhere.example/other/x',
      'x',
      '../x',
      './x',
      '%',
    ],
  ];
  const count = random.weighted([
    [6, random.below(5) + 1],
    [2, 100],
    [1, 1_001],
    [1, 3_000],
  ]);
  // A thousand long URLs would be more than the server reads of a head.
  if (count > 100) return `final;${Array.from({ length: count }, () => random.pick(['x', './y'])).join(' ')}`;
  const entries = Array.from({ length: count }, () =>
    random.chance(0.8) && ready.length > 0 ? urlOf(random.pick(ready)) : random.pick(others),
  );
  return `final;${entries.join(random.pick([' ', '  ', ' ', ',']))}`;
}
