/** What of the Compose specification is understood here. */
import { z } from 'zod'
import { networks } from '../model/container-profile.ts'
import type { Refusal } from './check.ts'

const text = z.string().max(32_768)
const words = z.union([text, z.array(text).max(256)], { error: 'must be words, or one text' })
const value = z.union([text, z.number(), z.boolean(), z.null()])
const pairs = z.union([z.array(text).max(1_024), z.record(z.string(), value)], {
  error: 'must be a map, or a list of NAME=value',
})
const bytes = z.union([text, z.number().min(0)], { error: 'must be a size such as 512m, or bytes as a number' })
const cores = z.union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?$/, 'must be cores, such as 1.5')])
const count = z.int().min(0).max(1_000)
const moments = z.string().max(32)

const device = z.strictObject({
  driver: z.string().optional(),
  count: z
    .union([z.int().min(1), z.string().max(32)], { error: 'must be a number' })
    .optional()
    .describe('How many GPUs'),
  device_ids: z.array(z.string().max(64)).max(64).optional().describe('Exact GPUs of the node, by index'),
  capabilities: z.array(z.string()).optional().describe('`[gpu]`'),
})
export type ComposeDevice = z.input<typeof device>

const envFiles = z.union(
  [
    text,
    z.array(
      z.union([
        text,
        z.strictObject({ path: text, required: z.boolean().optional(), format: z.literal('raw').optional() }),
      ]),
    ),
  ],
  { error: 'must be a path, or a list of them' },
)

const port = z.union(
  [
    z.int(),
    text,
    z.strictObject({
      target: z.int().min(1).max(65_535),
      published: z.union([z.int(), text]).optional(),
      protocol: z.string().optional(),
      app_protocol: z.string().optional(),
      name: z.string().optional(),
      mode: z.enum(['ingress', 'host']).optional(),
    }),
  ],
  { error: 'must be such as "8080:80", 80, or a map with target and published' },
)

const mount = z.union(
  [
    text,
    z.strictObject({
      type: z.enum(['bind', 'volume']),
      source: text.optional(),
      target: text,
      read_only: z.boolean().optional(),
    }),
  ],
  { error: 'must be such as data:/data:ro, or a map with type, source, target' },
)

const dependsOn = z.union(
  [
    z.array(text),
    z.record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']).optional(),
        required: z.literal(true).optional(),
      }),
    ),
  ],
  { error: 'must be a list of services, or a map of conditions' },
)

const healthcheck = z.strictObject({
  test: words.optional().describe('`["CMD", …]`, `["CMD-SHELL", "…"]`, or a text for the shell'),
  interval: moments.optional(),
  timeout: moments.optional(),
  retries: z.int().min(1).optional(),
  start_period: moments.optional(),
  start_interval: moments.optional(),
  disable: z.boolean().optional(),
})

const deploy = z.strictObject({
  replicas: count.optional().describe('Makes it a deployment of so many replicas'),
  mode: z.literal('replicated').optional(),
  resources: z
    .strictObject({
      limits: z.strictObject({ cpus: cores.optional(), memory: bytes.optional() }).optional(),
      reservations: z.strictObject({ devices: z.array(device).max(1).optional() }).optional(),
    })
    .optional(),
  restart_policy: z
    .strictObject({
      condition: z.enum(['none', 'on-failure', 'any']).optional(),
      delay: moments.optional(),
      max_attempts: count.optional(),
    })
    .optional(),
})

const service = z.strictObject({
  image: z.string().min(1).max(256).describe('Container image'),
  command: words.nullish().describe('Arguments for the container'),
  entrypoint: words.nullish().describe('What runs instead of the entrypoint of the image'),
  working_dir: text.optional().describe('Directory in the container that it starts in'),
  stdin_open: z.boolean().optional().describe('Keep its standard input open, for clawbernetes attach'),
  tty: z.boolean().optional().describe('Give it a terminal'),
  user: z.string().max(128).optional().describe('User, or user:group, in the container'),
  environment: pairs.nullish().describe('Environment; a name alone takes the value from here'),
  env_file: envFiles.optional().describe('Files of NAME=value lines, beside the Compose file'),
  ports: z
    .array(port)
    .max(16)
    .optional()
    .describe('A published port makes it a deployment that every peer serves there'),
  expose: z
    .array(z.union([z.int(), text]))
    .max(16)
    .optional()
    .describe('Ports that it listens on'),
  volumes: z.array(mount).max(64).optional().describe('Directories of the node, or named volumes there'),
  depends_on: dependsOn.optional().describe('What has to be started, healthy or completed first'),
  healthcheck: healthcheck.optional().describe('Becomes its readiness'),
  deploy: deploy.optional(),
  scale: count.optional().describe('The same as deploy.replicas'),
  restart: z.string().max(32).optional().describe('`no`, `always`, `on-failure[:N]` or `unless-stopped`'),
  shm_size: bytes.optional(),
  read_only: z.boolean().optional().describe('It writes only to what is mounted'),
  tmpfs: z
    .union([text, z.array(text).max(16)])
    .optional()
    .describe('Folders in memory, such as /tmp or /cache:size=512m'),
  mem_limit: bytes.optional(),
  cpus: cores.optional(),
  gpus: z
    .union([z.literal('all'), z.array(device).max(1)], { error: 'must be a list of devices' })
    .optional()
    .describe('GPUs, as in deploy.resources.reservations.devices'),
  labels: pairs.optional(),
  annotations: pairs.optional(),
  container_name: z.string().max(64).optional().describe('Its name, instead of that of the service'),
  network_mode: z.enum(networks).optional(),
  secrets: z
    .array(
      z.union([z.string().max(63), z.strictObject({ source: z.string().max(63), target: text.optional() })], {
        error: 'must be a name, or a map with source and target',
      }),
    )
    .max(64)
    .optional()
    .describe('Secrets of the mesh, as files in /run/secrets'),
  stop_grace_period: moments.optional(),
  pull_policy: z.enum(['always', 'never', 'missing', 'if_not_present']).optional(),
  init: z.literal(true).optional(),
})
export type ComposeService = z.input<typeof service>

export const ComposeFile = z.strictObject({
  name: z.string().max(40).optional().describe('Stands before the names of all its services'),
  version: z.union([z.string(), z.number()]).optional().describe('Means nothing any more'),
  services: z.record(z.string().max(60), service).describe('What runs'),
  secrets: z
    .record(
      z.string().max(63),
      z.strictObject({ external: z.literal(true).optional(), name: z.string().max(63).optional() }),
    )
    .optional()
    .describe('Which secret of the mesh a name means; they are made with clawbernetes secret create'),
  volumes: z
    .record(z.string().max(128), z.strictObject({ name: z.string().max(128).optional() }).nullable())
    .optional()
    .describe('Named volumes; each node has its own'),
})
export type ComposeFile = z.input<typeof ComposeFile>

const why: Readonly<Record<string, string>> = {
  build: 'is not there: build the image, load it on the nodes or push it, and name it with image',
  cap_add: 'is not taken from a Compose file: say --privilege cap-NAME, if you may',
  cap_drop: 'is not there: containers have a fixed small set of capabilities',
  configs: 'is not there: give it a config map of the mesh with configs in a workload.yaml',
  device_cgroup_rules: 'is not there: only GPUs are given to containers',
  devices: 'is not there: ask for GPUs with deploy.resources.reservations.devices',
  dns: 'is not there: containers have the DNS of their engine',
  extends: 'is not there: use a YAML anchor and <<',
  external_links: 'is not there: a deployment is reached at its published port, on any peer',
  extra_hosts: 'is not there',
  hostname: 'is not there: a container has the name that its engine gives it',
  ipc: 'is not there: containers have a /dev/shm of their own; give its size with shm_size',
  links: 'is not there: a deployment is reached at its published port, on any peer',
  logging: 'is not there: the nodes keep the logs, see clawbernetes logs',
  mem_reservation: 'is not there: what is limited with mem_limit is also kept for it',
  networks: 'is not there: services are on different nodes, and reach each other at published ports',
  platform: 'is not there: choose nodes by label with a workload.yaml',
  privileged: 'is not taken from a Compose file: say --privilege privileged, if you may',
  profiles: 'is not there: put them into files of their own',
  runtime: 'is not there: ask for GPUs with deploy.resources.reservations.devices',
  security_opt: 'is not there: no container may gain privileges anyway',
  stop_signal: 'is not there: the request to stop is SIGTERM',
  sysctls: 'is not there',
  ulimits: 'is not there: containers have the limits of their engine',
}

/** What Compose files say and is not honoured. */
export const composeRefusals: readonly Refusal[] = [
  ...Object.entries(why).map(([key, words]) => ({ path: `services.*.${key}`, why: words })),
  { path: 'networks', why: 'is not there: services are on different nodes, and reach each other at published ports' },
  {
    path: 'secrets.*.file',
    why: 'is not there: make the secret with clawbernetes secret create --file, and say external: true',
  },
  {
    path: 'secrets.*.environment',
    why: 'is not there: make the secret with clawbernetes secret create, and say external: true',
  },
  { path: 'configs', why: 'is not there: give it a config map of the mesh with configs in a workload.yaml' },
  { path: 'include', why: 'is not there: name the files one after the other' },
  {
    path: 'services.*.deploy.resources.reservations.memory',
    why: 'is not there: what is limited with limits.memory is also kept for it',
  },
  {
    path: 'services.*.deploy.resources.reservations.cpus',
    why: 'is not there: what is limited with limits.cpus is also kept for it',
  },
  { path: 'services.*.deploy.resources.limits.pids', why: 'is not there: the limit is 4,096' },
  { path: 'services.*.deploy.placement', why: 'is not there: choose nodes by label with a workload.yaml' },
  { path: 'services.*.deploy.update_config', why: 'is not there: the strategy of a deployment says how it is updated' },
  { path: 'services.*.deploy.rollback_config', why: 'is not there: a rollout that fails goes back by itself' },
  { path: 'services.*.deploy.endpoint_mode', why: 'is not there' },
  { path: 'services.*.deploy.labels', why: 'is not there: use labels of the service' },
  { path: 'services.*.deploy.restart_policy.window', why: 'is not there' },
  { path: 'services.*.depends_on.*.restart', why: 'is not there: nothing is restarted because something else was' },
  { path: 'services.*.init', why: 'is always true' },
  { path: 'volumes.*.driver', why: 'is not there: volumes are those of the engine of each node' },
  { path: 'volumes.*.driver_opts', why: 'is not there: volumes are those of the engine of each node' },
  { path: 'volumes.*.external', why: 'means nothing here: a volume that a node has is used' },
  { path: 'services.*.volumes.*.tmpfs', why: 'is not there: the size of /dev/shm is shm_size' },
  { path: 'services.*.volumes.*.bind', why: 'is not there' },
  { path: 'services.*.volumes.*.volume', why: 'is not there' },
  { path: 'services.*.ports.*.host_ip', why: 'is not there: every peer serves the port where its configuration says' },
]
