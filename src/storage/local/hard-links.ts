/** What `link` answers where a file system, or a border between two, has no hard links. */
export const NO_HARD_LINKS: readonly string[] = [
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
  'EMLINK',
];
