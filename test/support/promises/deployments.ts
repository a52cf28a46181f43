/** What users were promised of deployments and of files that say what to run, row by row. */
import { z } from 'zod'
import type { Row } from '../command-table.ts'
import { labImage } from '../lab-docker.ts'
import { type Known, text } from './shapes.ts'

/** Each door has a deployment of its own, named after it. */
export interface DeploymentNames {
  readonly cli: string
  readonly rest: string
  readonly invoke: string
}

const view = z.looseObject({
  deploymentId: z.string().startsWith('dep-'),
  name: text,
  image: text,
  replicas: z.int(),
  containers: z.array(z.string()),
  strategy: text,
  state: text,
  revision: z.int().min(1),
})
const status = view.extend({
  healthyReplicas: z.int(),
  totalReplicas: z.int(),
  healthRatio: z.number().min(0).max(1),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
const revision = z.looseObject({
  name: text,
  revision: z.int().min(1),
  state: text,
  image: text,
  replicas: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
const gone = z.looseObject({ name: text, deleted: z.literal(true) })

const replica = { image: labImage, gpus: 0, memory: '32m', command: ['sleep', '600'] }
const detached = ['--detach']

/** In the order of a deployment's life. Nothing waits for a rollout: other tests look at those. */
export const deploymentRows = ({ node }: Known, { cli, rest, invoke }: DeploymentNames): readonly Row[] => {
  const at = (path: string): string => `/api/deployments/${rest}${path}`
  const asked = (command: string, params: object = {}): NonNullable<Row['invoke']> => ({
    ...{ node, command: `deploy.${command}` },
    params: { name: invoke, ...params },
  })
  return [
    {
      id: 'NI-18',
      what: 'deploy.create',
      cli: [
        ...['deploy', 'create', cli, labImage, '--replicas', '2', '--strategy', 'rolling:1', '--memory', '32m'],
        ...[...detached, '--', 'sleep', '600'],
      ],
      rest: {
        method: 'POST',
        path: '/api/deployments',
        body: { ...replica, name: rest, replicas: 2, strategy: 'blue-green' },
      },
      // The same key does it once: this is asked for through two doors.
      invoke: asked('create', { ...replica, replicas: 2, strategy: 'canary:10', cpu: 0.5, idempotencyKey: invoke }),
      shape: view.extend({ replicas: z.literal(2), revision: z.literal(1) }),
    },
    {
      id: 'NI-19',
      what: 'deploy.status',
      cli: ['deploy', 'status', cli],
      rest: { method: 'GET', path: at('') },
      invoke: asked('status'),
      shape: status.extend({ replicas: z.literal(2) }),
    },
    {
      id: 'NI-19',
      what: 'deploy.list',
      cli: ['deploy', 'list'],
      rest: { method: 'GET', path: '/api/deployments' },
      invoke: { node, command: 'deploy.list' },
      shape: z.array(status).min(3),
    },
    {
      id: 'NI-20',
      what: 'deploy.update',
      cli: ['deploy', 'update', cli, '--replicas', '1', ...detached, '--', 'sleep', '601'],
      rest: { method: 'PATCH', path: at(''), body: { command: ['sleep', '601'], replicas: 1 } },
      invoke: asked('update', { image: labImage, command: ['sleep', '601'], replicas: 1 }),
      shape: view.extend({ replicas: z.literal(1), revision: z.literal(2) }),
    },
    {
      id: 'NI-25',
      what: 'deploy.pause',
      cli: ['deploy', 'pause', cli],
      rest: { method: 'POST', path: at('/pause'), body: {} },
      invoke: asked('pause'),
      shape: view.extend({ paused: z.literal(true) }),
    },
    {
      id: 'NI-25',
      what: 'deploy.resume',
      cli: ['deploy', 'resume', cli],
      rest: { method: 'POST', path: at('/resume'), body: {} },
      invoke: asked('resume'),
      shape: view.extend({ paused: z.literal(false) }),
    },
    {
      id: 'NI-21',
      what: 'deploy.promote',
      cli: ['deploy', 'promote', cli, '--force', ...detached],
      rest: { method: 'POST', path: at('/promote'), body: { force: true } },
      invoke: asked('promote', { force: true }),
      shape: view.extend({ revision: z.literal(2) }),
    },
    {
      id: 'NI-22',
      what: 'deploy.rollback',
      cli: ['deploy', 'rollback', cli, '--to-revision', '1', '--reason', 'high error rate', ...detached],
      rest: { method: 'POST', path: at('/rollback'), body: { revision: 1, reason: 'high error rate' } },
      invoke: asked('rollback', { revision: 1, reason: 'high error rate' }),
      shape: view.extend({ revision: z.literal(1), reason: z.string().includes('high error rate') }),
    },
    {
      id: 'CLI-16',
      what: 'scale',
      cli: ['scale', cli, '--replicas', '2', ...detached],
      rest: { method: 'POST', path: at('/scale'), body: { replicas: 2 } },
      invoke: asked('scale', { replicas: 2 }),
      shape: view.extend({ replicas: z.literal(2) }),
    },
    {
      id: 'NI-23',
      what: 'deploy.history of one',
      cli: ['deploy', 'history', cli],
      rest: { method: 'GET', path: at('/history') },
      invoke: asked('history'),
      shape: z.array(revision).length(2),
    },
    {
      id: 'NI-23',
      what: 'deploy.history of all',
      cli: ['deploy', 'history'],
      invoke: { node, command: 'deploy.history' },
      shape: z.array(revision).min(3),
    },
    {
      id: 'NI-24',
      what: 'deploy.delete',
      cli: ['deploy', 'delete', cli, '--yes', ...detached],
      rest: { method: 'DELETE', path: at('') },
      invoke: asked('delete'),
      shape: gone,
    },
  ]
}

/** Files that the rows about files read. */
export interface SpecFiles {
  readonly toml: string
  readonly yaml: string
}

export const specRows = ({ toml, yaml }: SpecFiles): readonly Row[] => [
  { id: 'CLI-18', what: 'validate', cli: ['validate', toml, yaml], shape: z.unknown() },
  { id: 'CLI-18', what: 'deploy --spec --dry-run', cli: ['deploy', '--spec', toml, '--dry-run'], shape: z.unknown() },
  { id: 'CLI-18', what: 'deploy --spec', cli: ['deploy', '--spec', toml, '-d'], shape: z.unknown() },
  { id: 'CLI-18', what: 'diff --spec of what is there', cli: ['diff', '--spec', toml], shape: z.unknown() },
  { id: 'CLI-06', what: 'run --file', cli: ['run', '-d', '--file', yaml], shape: z.unknown() },
  {
    id: 'CLI-06',
    what: 'run --file, with flags over it',
    cli: ['run', '-d', '--file', yaml, '--memory', '48m', '--name', 'scaled-run'],
    shape: z.unknown(),
  },
]

export const imageRows = ({ node, spare }: Known): readonly Row[] => {
  const images = z.looseObject({ images: z.array(z.looseObject({ id: text })).min(1) })
  return [
    {
      id: 'NI-18',
      what: 'image.list',
      cli: ['image', 'list', '--node', node],
      rest: { method: 'GET', path: `/api/images?node=${node}` },
      invoke: { node: spare, command: 'image.list', params: { node } },
      shape: images,
      shapes: { cli: z.array(z.looseObject({ id: text })).min(1) },
    },
    {
      id: 'NI-18',
      what: 'image.info',
      cli: ['image', 'info', labImage],
      rest: { method: 'GET', path: `/api/images/${encodeURIComponent(labImage)}` },
      invoke: { node: spare, command: 'image.info', params: { image: labImage } },
      shape: images,
      shapes: { cli: z.array(z.looseObject({ id: text })).min(1) },
    },
  ]
}
