import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  InjectTusStorage,
  InjectUploadEvents,
  InjectUploadService,
  LocalStorage,
  TusModule,
} from '../../src/index.js';
import type { UploadEvents, UploadService, UploadStorage } from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

@Injectable()
class Media {
  readonly told: string[] = [];

  constructor(
    @InjectUploadService() readonly uploads: UploadService,
    @InjectUploadService('videos') readonly videos: UploadService,
    @InjectUploadService('images') readonly images: UploadService,
    @InjectTusStorage() readonly storage: UploadStorage,
    @InjectTusStorage('videos') readonly videoStorage: UploadStorage,
    @InjectTusStorage('images') readonly imageStorage: UploadStorage,
    @InjectUploadEvents() events: UploadEvents,
    @InjectUploadEvents('videos') videoEvents: UploadEvents,
    @InjectUploadEvents('images') imageEvents: UploadEvents,
  ) {
    for (const [name, stream] of Object.entries({ none: events, videos: videoEvents, images: imageEvents })) {
      stream.completed$.subscribe(({ upload: { id } }) => this.told.push(`${name}:${id}`));
    }
  }
}

const idOf = (url: string) => url.split('/').at(-1) ?? '';

describe.each(PLATFORMS)(
  'two named registrations beside the one without a name, on platform-%s',
  (platform) => {
    const apps = new ModuleApps();
    let origin: string;
    let media: Media;
    let folders: Record<'none' | 'videos' | 'images', string>;

    beforeEach(async () => {
      folders = { none: await apps.folder(), videos: await apps.folder(), images: await apps.folder() };
      const images = new LocalStorage({ directory: folders.images });
      const app = await apps.start(platform, {
        imports: [
          TusModule.forRoot({ storage: new LocalStorage({ directory: folders.none }) }),
          TusModule.forRoot({
            name: 'videos',
            path: 'media/videos',
            storage: new LocalStorage({ directory: folders.videos }),
            maxSize: 100,
          }),
          TusModule.forRootAsync({
            name: 'images',
            path: 'media/images',
            useFactory: () => ({ storage: images, extensions: ['creation'] as const }),
          }),
        ],
        providers: [Media],
      });
      ({ origin } = app);
      media = app.nest.get(Media);
    });
    afterEach(() => apps.clear());

    it('keep their bytes in folders of their own', async () => {
      const paths = { none: 'files', videos: 'media/videos', images: 'media/images' } as const;
      for (const [name, path] of Object.entries(paths) as [keyof typeof paths, string][]) {
        const url = await create(`${origin}/${path}`, { 'upload-length': '5' });
        expect(new URL(url).pathname).toBe(`/${path}/${idOf(url)}`);
        await patch(url, 0, name.padEnd(5, '.').slice(0, 5));
        expect(await readFile(join(folders[name], idOf(url)), 'utf8')).toBe(name.padEnd(5, '.').slice(0, 5));
        expect((await readdir(folders[name])).toSorted()).toEqual(['.tus', idOf(url)].toSorted());
      }
    });

    it('announce their uploads on streams of their own', async () => {
      const video = idOf(await create(`${origin}/media/videos`, { 'upload-length': '0' }));
      const file = idOf(await create(`${origin}/files`, { 'upload-length': '0' }));
      const image = idOf(await create(`${origin}/media/images`, { 'upload-length': '0' }));
      expect(media.told).toEqual([`videos:${video}`, `none:${file}`, `images:${image}`]);
    });

    it('inject a service each, which knows its own uploads alone', async () => {
      const url = await create(`${origin}/media/videos`, { 'upload-length': '5' });
      expect(await media.videos.get(idOf(url))).toMatchObject({ id: idOf(url), length: 5 });
      expect(await media.uploads.find(idOf(url))).toBeUndefined();
      expect(await media.images.find(idOf(url))).toBeUndefined();
      expect((await head(`${origin}/files/${idOf(url)}`)).status).toBe(404);
      expect((await head(`${origin}/media/images/${idOf(url)}`)).status).toBe(404);
    });

    it('inject a storage each', () => {
      const directories = [media.storage, media.videoStorage, media.imageStorage].map(
        ({ homeDirectory }) => homeDirectory,
      );
      expect(directories).toEqual(Object.values(folders).map((folder) => join(folder, '.tus')));
    });

    it('have options each', async () => {
      const videos = await call({ method: 'OPTIONS', url: `${origin}/media/videos` });
      expect(videos.headers['tus-max-size']).toBe('100');
      const images = await call({ method: 'OPTIONS', url: `${origin}/media/images` });
      expect(images.headers).not.toHaveProperty('tus-max-size');
      expect(images.headers['tus-extension']).toBe('creation');
      const url = await create(`${origin}/media/images`, { 'upload-length': '5' });
      expect((await call({ method: 'DELETE', url, headers: tus() })).status).toBe(405);
    });

    it('CON-12 do not merge each other’s partials', async () => {
      const partial = await create(`${origin}/media/videos`, {
        'upload-length': '0',
        'upload-concat': 'partial',
      });
      for (const list of [new URL(partial).pathname, `/files/${idOf(partial)}`]) {
        const answer = await call({
          method: 'POST',
          url: `${origin}/files`,
          headers: tus({ 'upload-concat': `final;${list}` }),
        });
        expect(answer.status).toBe(400);
      }
    });
  },
);

describe('two registrations over one folder', () => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  it('share its database, and neither sees nor sweeps what the other has', async () => {
    const directory = await apps.folder();
    const register = (name: string) =>
      TusModule.forRoot({ name, path: name, storage: new LocalStorage({ directory }) });
    const { origin } = await apps.start('express', { imports: [register('one'), register('two')] });
    const one = await create(`${origin}/one`, { 'upload-length': '5' });
    const two = await create(`${origin}/two`, { 'upload-length': '5' });
    await Promise.all([patch(one, 0, 'on'), patch(two, 0, 'tw')]);
    expect((await head(`${origin}/two/${idOf(one)}`)).status).toBe(404);
    await Promise.all([patch(one, 2, 'e..'), patch(two, 2, 'o..')]);
    expect(await readFile(join(directory, idOf(one)), 'utf8')).toBe('one..');
    expect(await readFile(join(directory, idOf(two)), 'utf8')).toBe('two..');
  });
});
