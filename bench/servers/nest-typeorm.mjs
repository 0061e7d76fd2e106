// A limit of the start: a Nest application that has a SQLite file open through TypeORM, and answers a POST with 201.
import { join } from 'node:path';
import { Controller, Module, Post } from '@nestjs/common';
import { DataSource, EntitySchema } from 'typeorm';
import { listen } from '../listen-nest.mjs';

const Note = new EntitySchema({
  name: 'Note',
  columns: { id: { type: 'varchar', primary: true }, text: { type: 'varchar' } },
});

class Files {
  create() {}
}
Post()(Files.prototype, 'create', Object.getOwnPropertyDescriptor(Files.prototype, 'create'));
Controller('files')(Files);

class AppModule {}
Module({
  controllers: [Files],
  providers: [
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({
          type: 'sqlite',
          database: join(process.env.TUS_DIRECTORY, 'notes.sqlite'),
          entities: [Note],
          synchronize: true,
        }).initialize(),
    },
  ],
})(AppModule);

await listen(AppModule);
