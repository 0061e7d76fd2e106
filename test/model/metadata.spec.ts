import { describe, expect, it } from '@jest/globals';
import { Metadata } from '../../src/model/metadata.js';
import { InvalidMetadataError } from '../../src/model/errors/invalid-metadata.error.js';

describe('Metadata', () => {
  it('CRE-10 reads pairs in the order of the client, with empty values written both ways', () => {
    const metadata = Metadata.parse('filename d29ybGQ=,empty ,bare, spaced YQ==');
    expect(metadata.toObject()).toEqual(
      Object.assign(Object.create(null), { filename: 'world', empty: '', bare: '', spaced: 'a' }),
    );
    expect([...metadata].map(([key]) => key)).toEqual(['filename', 'empty', 'bare', 'spaced']);
  });

  it('CRE-10 accepts a value whose padding is missing, and values that are not UTF-8', () => {
    expect(Metadata.parse('a d29ybGQ').get('a')).toBe('world');
    expect(Metadata.parse('a /w==').getBytes('a')).toEqual(Buffer.from([0xff]));
  });

  it.each([
    ['a key that comes twice', 'a YQ==,a Yg=='],
    ['an empty pair', 'a YQ==,,b Yg=='],
    ['two spaces', 'a  YQ=='],
    ['a key with a space', 'my key YQ=='],
    ['a character outside the alphabet', 'a YQ-_'],
    ['wrong padding', 'a YQ='],
    ['an impossible length', 'a YQABC'],
    ['a key beyond ASCII', 'schlüssel YQ=='],
    ['what no header can send back', 'a YQ==\n'],
    ['a long gap, in time', `a${'\t'.repeat(300_000)}b`],
    ['a long gap in a value, in time', `a YQ==${' '.repeat(300_000)}b`],
  ])('CRE-10 refuses %s', (_name, header) => {
    expect(() => Metadata.parse(header)).toThrow(InvalidMetadataError);
  });

  it('CRE-12 keeps a key like __proto__ harmless', () => {
    const object = Metadata.parse('__proto__ YQ==').toObject();
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(object['__proto__']).toBe('a');
  });

  it('writes what it reads', () => {
    expect(Metadata.parse('filename d29ybGQ=,bare').toHeader()).toBe('filename d29ybGQ=,bare');
    expect(Metadata.parse('').toHeader()).toBeNull();
    expect(Metadata.from({ filename: 'ü' }).get('filename')).toBe('ü');
  });
});
