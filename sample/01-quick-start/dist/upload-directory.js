import { resolve } from 'node:path';
/** npm starts scripts in the folder of the package; INIT_CWD is where the user typed the command. */
export const uploadDirectory = resolve(process.env.INIT_CWD ?? process.cwd(), process.env.TUS_DIRECTORY ?? 'uploads');
//# sourceMappingURL=upload-directory.js.map