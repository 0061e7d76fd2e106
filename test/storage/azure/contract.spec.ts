import { describe, test } from '@jest/globals';
import { storageContract } from '../../../src/testing/storage-contract.js';
import { eachAzureService } from '../../support/services/azure-suite.js';
import { azurePlace } from '../../support/storages/azure-place.js';

eachAzureService((suite) => {
  describe.each(storageContract({ create: () => azurePlace(suite) }))('$group', ({ cases }) => {
    test.each(cases)('$title', ({ run }) => run(), 60_000);
  });
});
