/** What users were promised of the mesh and its nodes, row by row. */
import { z } from 'zod'
import type { Row } from '../command-table.ts'
import { commands, event, type Known, node, openness, percent, text } from './shapes.ts'

/** Rows about the mesh and its nodes. */
export const nodeRows = ({ node: first, spare }: Known): readonly Row[] => [
  {
    id: 'CLI-01',
    what: 'status',
    cli: ['status'],
    rest: { method: 'GET', path: '/api/status' },
    shape: z.looseObject({
      gateway: text,
      nodes: z.object({ healthy: z.literal(3), unhealthy: z.literal(0) }),
      gpus: z.object({ total: z.literal(4), available: z.int() }),
      workloads: z.looseObject({ running: z.int(), pending: z.int() }),
    }),
  },
  {
    id: 'RS-02',
    what: 'status in the words of the first gateway',
    rest: { method: 'GET', path: '/api/status' },
    shape: z.looseObject({
      total_nodes: z.literal(3),
      node_health: z.object({ healthy: z.int(), unhealthy: z.int(), draining: z.int(), offline: z.int() }),
      total_workloads: z.int(),
      workload_states: z.record(z.string(), z.int()),
      gpu_utilization: z.looseObject({ total_gpus: z.literal(4), total_vram_mib: z.int(), used_vram_mib: z.number() }),
      timestamp: z.iso.datetime(),
      uptime_secs: z.int(),
    }),
  },
  {
    id: 'CLI-02',
    what: 'node list',
    cli: ['node', 'list'],
    rest: { method: 'GET', path: '/api/nodes' },
    invoke: { node: spare, command: 'node.list' },
    shape: z.array(node).length(3),
  },
  {
    id: 'CLI-02',
    what: 'node list --available --gpu-type',
    cli: ['node', 'list', '--available', '--gpu-type', 'A100'],
    rest: { method: 'GET', path: '/api/nodes?available=true&gpuType=A100' },
    shape: z.array(node.extend({ gpuModel: z.string().includes('A100') })).length(1),
  },
  {
    id: 'CLI-03',
    what: 'node info',
    cli: ['node', 'info', first],
    rest: { method: 'GET', path: `/api/nodes/${first}` },
    invoke: { node: first, command: 'node.info', params: { node: first } },
    shape: node.extend({
      hardware: z.looseObject({ cpuCores: z.int(), memoryMib: z.number() }),
      connectivity: z.looseObject({ liveness: z.literal('alive') }),
      running: z.array(z.looseObject({ id: text, name: text, state: text })),
      molt: z.object({
        participating: z.boolean(),
        mode: z.string().nullable(),
        party: z.string().nullable(),
        witness: z.boolean(),
      }),
    }),
  },
  {
    id: 'CLI-04',
    what: 'node events --since',
    cli: ['node', 'events', first, '--since', '24h ago'],
    rest: { method: 'GET', path: `/api/nodes/${first}/events?since=24h%20ago` },
    shape: z.array(event).min(1),
  },
  {
    id: 'CLI-05',
    what: 'node drain',
    cli: ['node', 'drain', spare],
    rest: { method: 'POST', path: `/api/nodes/${spare}/drain`, body: {} },
    invoke: { node: spare, command: 'node.drain', params: { gracePeriod: 30 } },
    shape: openness.extend({ mode: z.literal('draining') }),
  },
  {
    id: 'CLI-05',
    what: 'node undrain',
    cli: ['node', 'undrain', spare],
    rest: { method: 'POST', path: `/api/nodes/${spare}/undrain`, body: {} },
    shape: openness.extend({ mode: z.literal('open') }),
  },
  { id: 'CLI-32', what: 'gateway ping', cli: ['gateway', 'ping'], shape: z.looseObject({ id: text }) },
  { id: 'CLI-34', what: '--version', cli: ['--version'], prints: /^\d+\.\d+\.\d+/, shape: z.string() },
  { id: 'CLI-34', what: 'help of a command', cli: ['node', '--help'], prints: /node|Usage/, shape: z.string() },
  {
    id: 'RS-01',
    what: 'health of the peer',
    rest: { method: 'GET', path: '/api/health' },
    invoke: { node: spare, command: 'mesh.health' },
    shape: z.object({ status: z.literal('healthy'), uptime_secs: z.int().min(0) }),
  },
  {
    id: 'RS-08',
    what: 'metrics of all nodes',
    rest: { method: 'GET', path: '/api/metrics' },
    invoke: { node: spare, command: 'mesh.metrics' },
    shape: z.object({
      timestamp: z.iso.datetime(),
      nodes: z
        .array(
          z.object({
            ...{ node_id: text, name: text, health: text },
            gpus: z.array(z.looseObject({ index: z.int(), uuid: text, utilization: percent.nullable() })),
          }),
        )
        .length(3),
      gpu_summary: z.looseObject({ total_gpus: z.literal(4), total_vram_mib: z.int().min(1) }),
    }),
  },
  {
    id: 'RS-05',
    what: 'metrics of a node',
    rest: { method: 'GET', path: `/api/nodes/${first}/metrics` },
    invoke: { node: first, command: 'node.metrics', params: { node: first } },
    shape: z.looseObject({
      id: text,
      at: z.iso.datetime(),
      gpus: z.array(z.looseObject({ uuid: text, utilization: percent.nullable(), memoryMib: z.int() })).length(4),
    }),
  },
  {
    id: 'NI-01',
    what: 'gpu.list',
    invoke: { node: first, command: 'gpu.list' },
    shape: z.looseObject({
      count: z.literal(4),
      gpus: z.array(z.looseObject({ index: z.int(), uuid: text })).length(4),
    }),
  },
  {
    id: 'NI-02',
    what: 'gpu.metrics',
    invoke: { node: first, command: 'gpu.metrics' },
    shape: z.looseObject({
      count: z.literal(4),
      metrics: z.array(z.looseObject({ index: z.int(), uuid: text, utilization: percent.nullable() })).length(4),
    }),
  },
  {
    id: 'NI-03',
    what: 'system.info',
    invoke: { node: first, command: 'system.info' },
    shape: z.looseObject({
      hostname: text,
      os: text,
      kernel: text,
      cpuCount: z.int(),
      memoryTotalMib: z.number(),
      commands,
    }),
  },
  {
    id: 'NI-04',
    what: 'system.run, where the host allows it',
    invoke: {
      node: first,
      command: 'system.run',
      params: { command: ['echo', 'hi'], cwd: '/', env: ['A=b'], timeoutMs: 5_000 },
    },
    shape: z.looseObject({
      exitCode: z.literal(0),
      stdout: z.literal('hi\n'),
      stderr: z.literal(''),
      success: z.literal(true),
    }),
  },
  {
    id: 'NI-05',
    what: 'system.which',
    invoke: { node: first, command: 'system.which', params: { bins: ['sh', 'no-such-program'] } },
    shape: z.object({ bins: z.object({ sh: text, 'no-such-program': z.null() }) }),
  },
  {
    id: 'NI-06',
    what: 'node.capabilities',
    invoke: { node: first, command: 'node.capabilities' },
    shape: z.looseObject({
      hostname: text,
      capabilities: z.array(text),
      commands,
      containerRuntime: z.literal('docker'),
      cpuCount: z.int(),
      memoryMib: z.int(),
      gpus: z.array(z.looseObject({ index: z.int(), name: text, memoryMib: z.int() })).length(4),
      gpuCount: z.literal(4),
      labels: z.record(z.string(), z.string()),
    }),
  },
  {
    id: 'NI-07',
    what: 'node.health',
    invoke: { node: first, command: 'node.health' },
    shape: z.looseObject({
      status: z.literal('healthy'),
      hostname: text,
      connected: z.literal(true),
      cpuCount: z.int(),
      loadAverage: z.object({ one: z.number(), five: z.number(), fifteen: z.number() }),
      memory: z.looseObject({
        totalMib: z.number(),
        usedMib: z.number(),
        availableMib: z.number(),
        usagePercent: percent,
      }),
      disks: z
        .array(z.looseObject({ mount: text, totalMib: z.int(), availableMib: z.int(), usagePercent: percent }))
        .min(1),
      gpuCount: z.literal(4),
      uptimeSeconds: z.int().min(1),
    }),
  },
  {
    id: 'NI-08',
    what: 'node.label',
    cli: ['node', 'label', first, 'rack=b2'],
    rest: { method: 'POST', path: `/api/nodes/${first}/labels`, body: { labels: { rack: 'b2' } } },
    invoke: { node: first, command: 'node.label', params: { labels: { rack: 'b2' } } },
    shape: z.looseObject({ labels: z.looseObject({ rack: z.literal('b2') }) }),
  },
  {
    id: 'NI-09',
    what: 'node.taint',
    cli: ['node', 'taint', spare, 'team=vision:PreferNoSchedule'],
    rest: {
      method: 'POST',
      path: `/api/nodes/${spare}/taints`,
      body: { key: 'team', value: 'vision', effect: 'PreferNoSchedule' },
    },
    invoke: {
      node: spare,
      command: 'node.taint',
      params: { key: 'team', value: 'vision', effect: 'PreferNoSchedule' },
    },
    shape: z.looseObject({
      taints: z.tuple([
        z.object({ key: z.literal('team'), value: z.literal('vision'), effect: z.literal('PreferNoSchedule') }),
      ]),
    }),
  },
  {
    id: 'NI-32',
    what: 'events.emit',
    rest: { method: 'POST', path: '/api/events', body: { source: 'tests', severity: 'warning', message: 'by rest' } },
    invoke: {
      node: first,
      command: 'events.emit',
      params: { source: 'tests', severity: 'warning', message: 'by invoke' },
    },
    shape: z.looseObject({ success: z.literal(true) }),
  },
  {
    id: 'NI-32',
    what: 'events.query',
    rest: {
      method: 'POST',
      path: '/api/ops/events.query',
      body: { source: 'tests', severity: 'warning', rangeMinutes: 5 },
    },
    invoke: {
      node: spare,
      command: 'events.query',
      params: { source: 'tests', severity: 'warning', rangeMinutes: 5, limit: 2 },
    },
    shape: z.object({ count: z.int().min(2), events: z.array(event.extend({ source: z.literal('tests') })).min(2) }),
  },
]
