import { describe, jest, test } from '@jest/globals';
import { storageContract } from '../../../src/testing/storage-contract.js';
import { eachGcsService } from '../../support/services/each-gcs-service.js';
import { gcsPlace } from '../../support/storages/gcs-place.js';

jest.setTimeout(60_000);
eachGcsService((suite) => {
  describe.each(storageContract({ create: () => gcsPlace(suite) }))('$group', ({ cases }) => {
    test.each(cases)('$title', ({ run }) => run());
  });
});
