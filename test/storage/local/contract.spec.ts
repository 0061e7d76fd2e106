import { describe, test } from '@jest/globals';
import { storageContract } from '../../../src/testing/storage-contract.js';
import { localPlace } from '../../support/storages/local-place.js';

describe.each(storageContract({ create: () => localPlace() }))('$group', ({ cases }) => {
  test.each(cases)('$title', ({ run }) => run());
});
