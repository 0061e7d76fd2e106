import { describe, jest, test } from '@jest/globals';
import { storageContract } from '../../../src/testing/storage-contract.js';
import { eachS3Service } from '../../support/services/each-s3-service.js';
import { s3Place } from '../../support/storages/s3-place.js';

jest.setTimeout(60_000);
eachS3Service((suite) => {
  describe.each(storageContract({ create: () => s3Place(suite) }))('$group', ({ cases }) => {
    test.each(cases)('$title', ({ run }) => run());
  });
});
