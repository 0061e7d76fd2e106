import type { Server } from 'node:http';
import type { OnModuleInit, Type } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { conflictOf } from './endpoint-conflict.js';
import { endpointPaths } from './endpoint-paths.js';
import type { ControllerRoute } from './endpoint-paths.js';
import { FASTIFY_CONTENT_TYPE, leaveBodiesUnread } from './fastify-bodies.js';
import type { FastifyInstance } from './fastify-bodies.js';
import { isCaseSensitive, takesFirstRoute } from './platform-checks.js';
import { ServerGate } from './server-gate.js';
import type { TusHttp } from './tus-http.js';
import type { TusController } from './tus.controller.js';

export interface FrontDoorDeps {
  readonly http: TusHttp;
  /** The class that serves this endpoint, and no other. */
  readonly controller: Type<TusController>;
  readonly adapterHost: HttpAdapterHost;
  readonly config: ApplicationConfig;
  readonly modules: ModulesContainer;
  /** Makes the error for a path that cannot be served beside another one. */
  readonly refuse: (path: string, fix: string) => Error;
}

interface MountedRoute extends ControllerRoute {
  /** The place of its module among the modules, which is the order of their routes. */
  readonly place: number;
}

/** Puts an endpoint behind the gate of the application's HTTP server, before the first request. */
export class FrontDoor implements OnModuleInit {
  constructor(private readonly deps: FrontDoorDeps) {}

  /** @throws Error if another endpoint stands in the way of this one. */
  onModuleInit(): void {
    const adapter = this.deps.adapterHost.httpAdapter;
    const server = adapter?.getHttpServer() as Server | undefined;
    // An application context without HTTP uses the services alone.
    if (!server) return;
    const { config, http, refuse } = this.deps;
    const isFastify = adapter.getType() === 'fastify';
    const routes = this.routes();
    const endpoint = {
      paths: routes.flatMap((route) => endpointPaths(route, config)),
      settings: http.settings,
      caseSensitive: isCaseSensitive(adapter),
      rank: takesFirstRoute(adapter, config) ? (routes[0]?.place ?? 0) : 0,
      hiddenContentType: isFastify ? FASTIFY_CONTENT_TYPE : undefined,
    };
    const gate = ServerGate.of(server);
    for (const other of gate.registered) {
      const conflict = conflictOf(endpoint, other);
      if (conflict) throw refuse(conflict.path, conflict.fix);
    }
    gate.add(endpoint);
    if (isFastify) leaveBodiesUnread(adapter.getInstance<FastifyInstance>(), gate);
  }

  /** Where the controller of this endpoint was mounted. */
  private routes(): MountedRoute[] {
    const { modules, controller } = this.deps;
    const routes: MountedRoute[] = [];
    let place = 0;
    for (const { metatype: module, controllers } of modules.values()) {
      place += 1;
      if (![...controllers.values()].some(({ metatype }) => metatype === controller)) continue;
      const modulePath =
        metadataOf<string>(`__module_path__${modules.applicationId}`, module) ??
        metadataOf<string>('__module_path__', module);
      const version = metadataOf<ControllerRoute['version']>('__version__', controller);
      for (const path of [metadataOf<string | string[]>('path', controller) ?? ''].flat())
        routes.push({ path, place, ...(modulePath && { modulePath }), ...(version && { version }) });
    }
    return routes;
  }
}

/** Nest keeps what decorators say under these names, in every version; they are not exported everywhere. */
function metadataOf<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}
