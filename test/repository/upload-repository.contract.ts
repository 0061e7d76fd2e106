import { describe } from '@jest/globals';
import { consumedPartialContract } from './consumed-partials.contract.js';
import { deliveryContract } from './deliveries.contract.js';
import { endingContract } from './endings.contract.js';
import { finalContract } from './finals.contract.js';
import { expiryContract } from './expiry.contract.js';
import type { MakeDatabase } from './fixtures.js';
import { leaseContract } from './leases.contract.js';
import { maintenanceContract } from './maintenance.contract.js';
import { pendingFinalContract } from './pending-finals.contract.js';
import { partContract } from './parts.contract.js';
import { retryContract } from './retries.contract.js';
import { rowContract } from './rows.contract.js';

/** What a database has to do for uploads, whichever it is. */
export function uploadRepositoryContract(database: string, make: MakeDatabase): void {
  describe(`rows in ${database}`, () => rowContract(make));
  describe(`leases in ${database}`, () => leaseContract(make));
  describe(`finals in ${database}`, () => finalContract(make));
  describe(`finals that wait in ${database}`, () => pendingFinalContract(make));
  describe(`consumed partials in ${database}`, () => consumedPartialContract(make));
  describe(`endings in ${database}`, () => endingContract(make));
  describe(`expiry in ${database}`, () => expiryContract(make));
  describe(`maintenance in ${database}`, () => maintenanceContract(make));
  describe(`parts in ${database}`, () => partContract(make));
  describe(`deliveries in ${database}`, () => deliveryContract(make));
  describe(`retries in ${database}`, () => retryContract(make));
}
