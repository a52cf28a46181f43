/** The arrows: which layer may import which, and which folder is the home of which outside library. Change it by decision. */

/** The layers a layer may import from, beside itself. A layer that is not here may not exist. */
const below = {
  lib: [],
  model: ['lib'],
  ports: ['lib', 'model'],
  wire: ['lib', 'model', 'ports'],
  core: ['lib', 'model', 'ports', 'wire'],
  services: ['lib', 'model', 'ports', 'wire', 'core'],
  operations: ['lib', 'model', 'ports', 'wire', 'core', 'services'],
  config: ['lib', 'model'],
  // What files for `run` and `deploy` say, as the requests of the operations: pure.
  specs: ['lib', 'model', 'operations', 'config'],
  // What a simulation for users is to do and what it shows: pure. Its processes are started by bin; a market is simulated by its rules alone.
  sim: ['lib', 'model', 'ports', 'core'],
  doors: ['lib', 'model', 'ports', 'wire', 'core', 'services', 'operations', 'config', 'specs', 'sim'],
  adapters: ['lib', 'model', 'ports', 'wire'],
  simulation: ['lib', 'model', 'ports', 'wire', 'core', 'services'],
  daemon: ['lib', 'model', 'ports', 'wire', 'core', 'services', 'operations', 'config', 'doors', 'adapters'],
  bin: ['lib', 'model', 'ports', 'config', 'doors', 'daemon', 'simulation', 'sim'],
} as const satisfies Record<string, readonly string[]>

export type Layer = keyof typeof below

export const layers: Readonly<Record<Layer, readonly string[]>> = below

export const isLayer = (name: string): name is Layer => name in below

/** 'src/core/raft/log.ts' is in 'core'. */
export function layerOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** The folder that counts as one module: an adapter and a door are each a folder below the layer's, any other layer is one. */
export function homeOf(path: string): string {
  const [, layer = '', folder = ''] = path.split('/')
  return layer === 'adapters' || layer === 'doors' || path.startsWith('src/wire/gen/') ? `${layer}/${folder}` : layer
}

/** Where an outside library may be imported: layers, or folders of adapters and doors. A name that ends in /* stands for its whole scope. */
export const libraries: Readonly<Record<string, readonly string[]>> = {
  // The schema language: settings, operations, specs, log entries and messages are all described with it, and it is pure.
  zod: ['model', 'wire', 'core', 'config', 'services', 'operations', 'specs', 'doors', 'sim'],

  libp2p: ['adapters/libp2p'],
  '@libp2p/*': ['adapters/libp2p'],
  '@multiformats/*': ['adapters/libp2p'],
  multiformats: ['adapters/libp2p'],
  uint8arraylist: ['adapters/libp2p', 'wire/gen'],
  uint8arrays: ['wire/gen'],
  'protons-runtime': ['wire/gen'],

  'http-proxy-3': ['adapters/proxy'],
  'acme-client': ['adapters/acme'],
  croner: ['adapters/croner'],
  'dns-packet': ['adapters/dns'],
  s3mini: ['adapters/s3'],
  level: ['adapters/level'],
  'datastore-level': ['adapters/level'],
  dockerode: ['adapters/docker'],
  systeminformation: ['adapters/system'],
  'openid-client': ['adapters/oidc'],
  pino: ['adapters/pino'],
  'pino-pretty': ['adapters/pino'],
  'prom-client': ['adapters/prometheus'],

  fastify: ['doors/api'],
  '@fastify/*': ['doors/api'],
  tar: ['doors/cli'],
  ws: ['doors/api', 'doors/cli'],
  commander: ['doors/cli'],
  'cli-table3': ['doors/cli'],
  yaml: ['specs'],
  'smol-toml': ['config'],
}

/** Node's own modules, where they are not free to use. What is listed is pure: same input, same output, no thread pool. */
const pureBuiltins: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'hash', 'timingSafeEqual'],
}

export const builtinsOf: Readonly<Record<Layer, 'any' | Readonly<Record<string, readonly string[]>>>> = {
  lib: pureBuiltins,
  model: {},
  ports: {},
  wire: {},
  core: {},
  services: {},
  operations: {},
  simulation: {},
  specs: {},
  sim: {},
  config: 'any',
  doors: 'any',
  adapters: 'any',
  daemon: 'any',
  bin: 'any',
}
