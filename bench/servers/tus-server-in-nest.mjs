// @tus/server in a Nest application, as its readers are told to mount it: a controller that hands the request over.
import { All, Controller, Module, Req, Res } from '@nestjs/common';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { listen } from '../listen-nest.mjs';

const tus = new Server({
  path: '/files',
  datastore: new FileStore({ directory: process.env.TUS_DIRECTORY }),
});

class Uploads {
  serve(request, response) {
    return tus.handle(request, response);
  }
}
Req()(Uploads.prototype, 'serve', 0);
Res()(Uploads.prototype, 'serve', 1);
const method = Object.getOwnPropertyDescriptor(Uploads.prototype, 'serve');
All(['files', 'files/*rest'])(Uploads.prototype, 'serve', method);
Controller()(Uploads);

class AppModule {}
Module({ controllers: [Uploads] })(AppModule);

const app = await listen(AppModule, { bodyParser: false });
app.getHttpServer().requestTimeout = 0;
