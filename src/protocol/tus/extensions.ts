/** The extensions of tus 1.0.0 that this server has, in the order in which OPTIONS lists them (OPT-03). */
export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'concatenation',
] as const;

export type TusExtension = (typeof TUS_EXTENSIONS)[number];
