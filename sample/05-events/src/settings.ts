import { resolve } from 'node:path';

/** npm starts scripts in the folder of the package; INIT_CWD is where the user typed the command. */
const here = process.env.INIT_CWD ?? process.cwd();

export const settings = {
  uploads: resolve(here, process.env.TUS_DIRECTORY ?? 'uploads'),
  /** What is made of the uploads. */
  gallery: resolve(here, process.env.GALLERY_DIRECTORY ?? 'gallery'),
};
