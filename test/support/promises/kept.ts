/** What users were promised of what a mesh keeps, row by row: config, secrets, jobs, schedules, volumes, and who did what. */
import { z } from 'zod'
import type { Row } from '../command-table.ts'
import { labImage } from '../lab-docker.ts'
import { type Known, text } from './shapes.ts'

const config = z.looseObject({ name: text, data: z.record(z.string(), z.string()), immutable: z.boolean() })
const secret = z.looseObject({ name: text, keyVersion: z.int() })
const job = z.looseObject({ jobId: z.string().startsWith('job-'), name: text, completions: z.string() })
const cron = z.looseObject({ cronId: z.string().startsWith('cron-'), schedule: z.literal('0 3 * * *') })
const volume = z.looseObject({ name: text, type: z.enum(['local', 'hostpath', 'tmpfs', 'nfs', 's3']) })

/** In an order in which each finds what those before it have made. */
export const keptRows = ({ node: at }: Known): readonly Row[] => [
  ...configRows(at),
  ...secretRows(at),
  ...jobRows(at),
  ...cronRows(at),
  ...volumeRows(at),
  {
    id: 'NI-42',
    what: 'audit.query',
    cli: ['audit', 'query', '--limit', '5'],
    rest: { method: 'GET', path: '/api/audit?limit=5' },
    invoke: { node: at, command: 'audit.query', params: { operation: 'config.create', limit: 5 } },
    shape: z.looseObject({ entries: z.array(z.looseObject({ actor: text, operation: text })) }),
    shapes: { cli: z.array(z.looseObject({ actor: text, operation: text })) },
  },
]

const configRows = (at: string): readonly Row[] => [
  {
    id: 'NI-26',
    what: 'config.create',
    cli: ['config', 'create', 'kept-cli', '--data', 'A=1'],
    rest: { method: 'POST', path: '/api/configs', body: { name: 'kept-rest', data: { A: '1' } } },
    shape: config,
  },
  {
    id: 'NI-26',
    what: 'config.update',
    cli: ['config', 'update', 'kept-cli', '--data', 'A=2'],
    rest: { method: 'PATCH', path: '/api/configs/kept-rest', body: { data: { A: '2' } } },
    invoke: { node: at, command: 'config.update', params: { name: 'kept-rest', data: { A: '3' } } },
    shape: config,
  },
  {
    id: 'NI-26',
    what: 'config.get',
    cli: ['config', 'get', 'kept-rest'],
    rest: { method: 'GET', path: '/api/configs/kept-rest' },
    invoke: { node: at, command: 'config.get', params: { name: 'kept-rest' } },
    shape: config.extend({ data: z.strictObject({ A: z.literal('3') }) }),
  },
  {
    id: 'NI-26',
    what: 'config.list',
    cli: ['config', 'list'],
    rest: { method: 'GET', path: '/api/configs?prefix=kept' },
    invoke: { node: at, command: 'config.list', params: { prefix: 'kept' } },
    shape: z.array(config).min(2),
  },
]

const secretRows = (at: string): readonly Row[] => [
  {
    id: 'NI-27',
    what: 'secret.create',
    cli: ['secret', 'create', 'kept-cli', '--generate', '24'],
    rest: { method: 'POST', path: '/api/secrets', body: { name: 'kept-rest', data: 'known' } },
    shape: secret,
  },
  {
    id: 'NI-27',
    what: 'secret.rotate',
    cli: ['secret', 'rotate', 'kept-cli', '--generate', '24', '--yes'],
    rest: { method: 'POST', path: '/api/secrets/kept-rest/rotate', body: { data: 'new' } },
    invoke: { node: at, command: 'secret.rotate', params: { name: 'kept-rest', data: 'newer' } },
    shape: secret,
  },
  {
    id: 'NI-27',
    what: 'secret.list, which tells no value',
    cli: ['secret', 'list'],
    rest: { method: 'GET', path: '/api/secrets' },
    invoke: { node: at, command: 'secret.list' },
    shape: z
      .array(secret)
      .min(2)
      .refine((all) => !JSON.stringify(all).includes('newer')),
  },
  {
    id: 'NI-27',
    what: 'secret.get',
    invoke: { node: at, command: 'secret.get', params: { name: 'kept-rest' } },
    shape: secret.extend({ value: z.literal('newer') }),
  },
]

const jobRows = (at: string): readonly Row[] => [
  {
    id: 'NI-28',
    what: 'job.create',
    cli: ['job', 'create', 'kept-cli', '--memory', '32m', labImage, '--', 'echo', 'done'],
    rest: {
      method: 'POST',
      path: '/api/jobs',
      body: { name: 'kept-rest', image: labImage, command: ['echo', 'done'], memory: '32m', backoffLimit: 3 },
    },
    shape: job,
  },
  { id: 'NI-28', what: 'job wait', cli: ['job', 'wait', 'kept-cli'], shape: z.unknown() },
  { id: 'NI-28', what: 'job wait', cli: ['job', 'wait', 'kept-rest'], shape: z.unknown() },
  {
    id: 'NI-28',
    what: 'job.status',
    cli: ['job', 'status', 'kept-cli'],
    rest: { method: 'GET', path: '/api/jobs/kept-rest' },
    invoke: { node: at, command: 'job.status', params: { name: 'kept-rest' } },
    shape: job.extend({ completions: z.literal('1/1') }),
  },
  {
    id: 'NI-28',
    what: 'job.logs',
    cli: ['job', 'logs', 'kept-cli'],
    prints: /done/,
    invoke: { node: at, command: 'job.logs', params: { name: 'kept-rest' } },
    shape: z.array(z.unknown()).refine((all) => JSON.stringify(all).includes('done')),
    shapes: { cli: z.string() },
  },
]

const cronRows = (at: string): readonly Row[] => [
  {
    id: 'NI-29',
    what: 'cron.create',
    cli: ['cron', 'create', 'kept-cli', '--schedule', '0 3 * * *', labImage, '--', 'true'],
    rest: {
      method: 'POST',
      path: '/api/crons',
      body: { name: 'kept-rest', schedule: '0 3 * * *', image: labImage, command: ['true'] },
    },
    shape: cron,
  },
  ...(['suspend', 'resume'] as const).map((verb) => ({
    id: 'NI-29',
    what: `cron.${verb}`,
    cli: ['cron', verb, 'kept-cli'],
    invoke: { node: at, command: `cron.${verb}`, params: { name: 'kept-rest' } },
    shape: cron,
  })),
  {
    id: 'NI-29',
    what: 'cron.list',
    cli: ['cron', 'list'],
    rest: { method: 'GET', path: '/api/crons' },
    invoke: { node: at, command: 'cron.list' },
    shape: z.array(cron).min(2),
  },
  {
    id: 'NI-29',
    what: 'cron.trigger',
    rest: { method: 'POST', path: '/api/crons/kept-rest/trigger', body: {} },
    shape: z.looseObject({ jobName: z.string().startsWith('kept-rest-manual-') }),
  },
]

const volumeRows = (at: string): readonly Row[] => [
  {
    id: 'NI-38',
    what: 'volume.create',
    cli: ['volume', 'create', 'kept-cli', '--node', at],
    rest: { method: 'POST', path: '/api/volumes', body: { name: 'kept-rest', type: 'emptydir', node: at } },
    shape: volume,
  },
  {
    id: 'NI-38',
    what: 'volume.snapshot, which tells how far it is, and then what came of it',
    invoke: { node: at, command: 'volume.snapshot', params: { name: 'kept-rest' } },
    shape: z.looseObject({ isDone: z.literal(true), id: z.string().startsWith('snap-') }),
  },
  {
    id: 'NI-38',
    what: 'volume.delete',
    cli: ['volume', 'delete', 'kept-cli'],
    rest: { method: 'DELETE', path: '/api/volumes/kept-rest' },
    shape: z.looseObject({ deleted: z.literal(true) }),
  },
]
