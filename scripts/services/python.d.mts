export const PYTHON_PEER: string;
export const PYTHON_PEER_VERSION: string;
/** What `PYTHONPATH` has to name. */
export const PYTHON_FOLDER: string;
export const python: { readonly services: readonly { readonly name: string; readonly there: boolean }[] };
