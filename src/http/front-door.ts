import type { Server } from 'node:http';
import type { OnModuleInit, Type } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { endpointPaths } from './endpoint-paths.js';
import type { ControllerRoute } from './endpoint-paths.js';
import { FASTIFY_CONTENT_TYPE, leaveBodiesUnread } from './fastify-bodies.js';
import type { FastifyInstance } from './fastify-bodies.js';
import { ServerGate } from './server-gate.js';
import type { TusHttp } from './tus-http.js';
import { TusController } from './tus.controller.js';

export interface FrontDoorDeps {
  readonly http: TusHttp;
  readonly adapterHost: HttpAdapterHost;
  readonly config: ApplicationConfig;
  readonly modules: ModulesContainer;
}

/** Puts an endpoint behind the gate of the application's HTTP server, before the first request. */
export class FrontDoor implements OnModuleInit {
  constructor(private readonly deps: FrontDoorDeps) {}

  onModuleInit(): void {
    const adapter = this.deps.adapterHost.httpAdapter;
    const server = adapter?.getHttpServer() as Server | undefined;
    // An application context without HTTP uses the services alone.
    if (!server) return;
    const isFastify = adapter.getType() === 'fastify';
    const gate = ServerGate.of(server);
    gate.add({
      paths: this.routes().flatMap((route) => endpointPaths(route, this.deps.config)),
      settings: this.deps.http.settings,
      hiddenContentType: isFastify ? FASTIFY_CONTENT_TYPE : undefined,
    });
    if (isFastify) leaveBodiesUnread(adapter.getInstance<FastifyInstance>(), gate);
  }

  /** Where the controllers of this endpoint were mounted: the module's own, or those that extend it. */
  private routes(): ControllerRoute[] {
    const { modules, http } = this.deps;
    const routes: ControllerRoute[] = [];
    for (const { metatype: module, controllers } of modules.values()) {
      for (const { metatype } of controllers.values()) {
        const paths = typeof metatype === 'function' ? pathsOf(metatype) : [];
        if (!paths.some((path) => bare(path) === bare(http.settings.path))) continue;
        const modulePath =
          metadataOf<string>(`__module_path__${modules.applicationId}`, module) ??
          metadataOf<string>('__module_path__', module);
        const version = metadataOf<ControllerRoute['version']>('__version__', metatype as Type);
        for (const path of paths)
          routes.push({ path, ...(modulePath && { modulePath }), ...(version && { version }) });
      }
    }
    return routes.length > 0 ? routes : [{ path: http.settings.path }];
  }
}

function pathsOf(controller: object): string[] {
  const { prototype } = controller as { prototype?: unknown };
  if (controller !== TusController && !(prototype instanceof TusController)) return [];
  return [metadataOf<string | string[]>('path', controller) ?? ''].flat();
}

function bare(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/** Nest keeps what decorators say under these names, in every version; they are not exported everywhere. */
function metadataOf<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}
