/** The extensions of tus 1.0.0 that this server has, in the order in which OPTIONS lists them (OPT-03). */
export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'expiration',
  'checksum',
  'checksum-trailer',
  'termination',
  'concatenation',
  'concatenation-unfinished',
] as const;

export type TusExtension = (typeof TUS_EXTENSIONS)[number];

/** What an extension cannot do without (OPT-07). Nothing can be concatenated that cannot be created. */
const NEEDS: Partial<Record<TusExtension, TusExtension>> = {
  'creation-with-upload': 'creation',
  'creation-defer-length': 'creation',
  'checksum-trailer': 'checksum',
  concatenation: 'creation',
  'concatenation-unfinished': 'concatenation',
};

/** The extension that this one cannot do without; undefined if it stands by itself (OPT-07). */
export function neededBy(extension: TusExtension): TusExtension | undefined {
  return NEEDS[extension];
}

/** The enabled extensions in the order of OPTIONS, without those that lack the one they need (OPT-07). */
export function usableExtensions(enabled: readonly TusExtension[]): TusExtension[] {
  return TUS_EXTENSIONS.filter((extension) => {
    const needed = NEEDS[extension];
    return enabled.includes(extension) && (needed === undefined || enabled.includes(needed));
  });
}
