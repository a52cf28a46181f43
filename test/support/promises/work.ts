/** What users were promised of work that runs, row by row. */
import { z } from 'zod'
import type { Row } from '../command-table.ts'
import { labImage, sharedFolder } from '../lab-docker.ts'
import { container, type Known, logLine, percent, ran, text, workload } from './shapes.ts'

/** Rows about work that runs. */
export const workloadRows = ({ node: first, workload: { name, id, containerId } }: Known): readonly Row[] => [
  {
    id: 'CLI-08',
    what: 'workload status',
    cli: ['workload', 'status', name],
    rest: { method: 'GET', path: `/api/workloads/${id}` },
    shape: workload,
  },
  {
    id: 'CLI-09',
    what: 'workload list',
    cli: ['workload', 'list'],
    rest: { method: 'GET', path: '/api/workloads' },
    shape: z.array(workload).min(1),
  },
  {
    id: 'CLI-09',
    what: 'workload list --running --mine --since',
    cli: ['workload', 'list', '--running', '--mine', '--since', '1h'],
    rest: { method: 'GET', path: '/api/workloads?running=true&mine=true&since=1h' },
    shape: z.array(workload).min(1),
  },
  {
    id: 'CLI-10',
    what: 'workload logs --tail',
    cli: ['workload', 'logs', name, '--tail', '1'],
    rest: { method: 'GET', path: `/api/workloads/${id}/logs?tail=1` },
    shape: z.array(logLine).length(1).or(logLine),
  },
  {
    id: 'CLI-12',
    what: 'workload info',
    cli: ['workload', 'info', name],
    rest: { method: 'GET', path: `/api/workloads/${name}` },
    shape: workload.extend({ state: z.literal('running'), node: z.literal(first) }),
  },
  {
    id: 'CLI-13',
    what: 'logs --since',
    cli: ['logs', name, '--since', '1h ago'],
    rest: { method: 'GET', path: `/api/workloads/${id}/logs?since=1h` },
    shape: z.array(logLine).length(2),
  },
  {
    id: 'CLI-13',
    what: 'logs --search --context',
    cli: ['logs', name, '--search', 'oops', '--context', '1'],
    rest: { method: 'GET', path: `/api/workloads/${id}/logs?search=oops&context=1` },
    shape: z.array(logLine).length(2),
  },
  {
    id: 'CLI-13',
    what: 'logs --level, of which there is nothing',
    cli: ['logs', name, '--level', 'error', '--tail'],
    rest: { method: 'GET', path: `/api/workloads/${id}/logs?level=error&tail=100` },
    shape: z.array(logLine).length(0),
  },
  {
    id: 'CLI-13',
    what: 'logs --search of all workloads',
    cli: ['logs', '--search', 'oops', '--since', '1h ago'],
    shape: z.array(z.looseObject({ text })).min(1).or(z.looseObject({ text })),
  },
  {
    id: 'RS-09',
    what: 'the last lines as one answer',
    rest: { method: 'GET', path: `/api/logs/${id}?lines=1` },
    shape: z.array(logLine).length(1),
  },
  {
    id: 'NI-17',
    what: 'exec',
    cli: ['exec', name, '--', 'echo', 'hi there'],
    prints: /^hi there$/m,
    shape: z.string(),
  },
  {
    id: 'CLI-14',
    what: 'logs --scheduler',
    cli: ['logs', '--scheduler', name],
    shape: z.unknown(),
  },
  {
    id: 'NI-11',
    what: 'workload.run',
    invoke: {
      node: first,
      command: 'workload.run',
      params: {
        ...{ image: labImage, gpus: 0, command: ['sleep', '600'], env: ['PORT=8080', 'DEBUG=true'] },
        ...{ volumes: [`${sharedFolder}:/container/data`], detach: true, memory: '64m', cpu: 0.5, shmSize: '32m' },
      },
    },
    shape: ran,
  },
  {
    id: 'NI-13',
    what: 'workload.logs',
    invoke: { node: first, command: 'workload.logs', params: { containerId, tail: 100 } },
    shape: z.looseObject({
      logs: z.literal('hello\n'),
      stderr: z.literal('oops\n'),
      container: z.literal(containerId),
    }),
  },
  {
    id: 'NI-14',
    what: 'workload.list',
    invoke: { node: first, command: 'workload.list' },
    shape: z.object({ count: z.int().min(1), workloads: z.array(container).min(1) }),
  },
  ...(
    [
      ['id', { containerId }],
      ['short id', { containerId: containerId.slice(0, 12) }],
      ['beginning of the id', { containerId: containerId.slice(0, 6) }],
      ['name', { name }],
      ['workload’s id', { workloadId: id }],
    ] as const
  ).map(([how, params]) => ({
    id: 'NI-15',
    what: `workload.inspect by ${how}`,
    invoke: { node: first, command: 'workload.inspect', params },
    shape: container.extend({ state: z.literal('running'), gpus: z.array(text).length(1) }),
  })),
  {
    id: 'NI-16',
    what: 'workload.stats',
    invoke: { node: first, command: 'workload.stats', params: { containerId } },
    shape: z.looseObject({
      cpuPercent: z.number().min(0),
      memoryUsedMib: z.number().min(0),
      memoryLimitMib: z.literal(64),
      networkRxBytes: z.number().nullable(),
      networkTxBytes: z.number().nullable(),
      blockReadBytes: z.number(),
      blockWriteBytes: z.number(),
      pids: z.number().min(1),
      gpus: z
        .array(z.looseObject({ uuid: text, utilization: percent.nullable(), memoryUsedMib: z.number().nullable() }))
        .length(1),
    }),
  },
  {
    id: 'NI-17',
    what: 'container.exec',
    invoke: {
      node: first,
      command: 'container.exec',
      params: { containerId, command: ['sh', '-c', 'pwd'], workdir: '/tmp' },
    },
    shape: z.looseObject({
      exitCode: z.literal(0),
      stdout: z.literal('/tmp\n'),
      stderr: z.literal(''),
      success: z.literal(true),
    }),
  },
]
