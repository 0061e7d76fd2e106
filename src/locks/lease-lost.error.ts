/** Another holder has the lease, or this one could not be renewed in time: nothing may be written any more. */
export class LeaseLostError extends Error {
  constructor(id: string) {
    super(`The lease of upload ${id} is lost.`);
    this.name = 'LeaseLostError';
  }
}
