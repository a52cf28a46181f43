import { formatMib } from '../../../../lib/units.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import { labelsInWords, schedulingInWords, taintsInWords } from '../../show/columns.ts'
import type { Column } from '../../show/table.ts'
import { ago, facts, gpusInWords, orDash, percent } from '../../show/words.ts'

type Info = OutputOf<'node.info'>
type Gpu = Info['gpus'][number]

/** `used: train-a`, or `shared: api-1 (8192 MiB), api-2 (8192 MiB)`. */
function stateInWords({ state, workload, shares }: Gpu): string {
  const who = workload ?? shares.map((share) => `${share.workload} (${share.memoryMib} MiB)`).join(', ')
  return who === '' ? state : `${state}: ${who}`
}

const gpuColumns: readonly Column<Gpu>[] = [
  { head: 'GPU', cell: ({ index }) => String(index) },
  {
    head: 'Model',
    cell: ({ model, simulated }) => `${model}${simulated && !/simulated/i.test(model) ? ' (simulated)' : ''}`,
  },
  { head: 'Memory', cell: ({ memoryMib, memoryUsedMib }) => `${orDash(memoryUsedMib)}/${memoryMib} MiB` },
  { head: 'Utilization', cell: ({ utilization }) => percent(utilization) },
  { head: 'Temperature', cell: ({ temperatureC }) => (temperatureC === null ? '—' : `${temperatureC} °C`) },
  { head: 'State', cell: stateInWords },
  { head: 'Uuid', cell: ({ uuid }) => uuid, wide: true },
]

export default command({
  name: 'node info',
  about: 'Show one node in full.',
  details: 'Hardware, use, what runs on it, how it is reached, and whether it takes part in MOLT.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {},
  examples: ['node info gpu-node-1', 'node info gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('node.info', { node }, signal), async (info, style) => [
      ...facts([...identity(info), ...hardware(info), ...connectivity(info)]),
      ...(info.gpus.length === 0 ? [] : ['', ...(await style.table(info.gpus, gpuColumns))]),
      ...(info.running.length === 0 ? [] : ['', 'WORKLOADS']),
      ...info.running.map(({ id, name, state }) => `${name} (${id}) ${state}`),
    ])
    return undefined
  },
})

type Pairs = readonly (readonly [string, string])[]

const identity = ({
  id,
  name,
  status,
  voter,
  leader,
  labels,
  roles,
  gpus,
  problems,
  scheduling,
  taints,
}: Info): Pairs => [
  ['Id', id],
  ['Name', name],
  ['Status', status],
  ...problems.map((problem) => ['Problem', problem] as const),
  ['Role', [leader ? 'leader' : voter ? 'voter' : 'member', ...roles].join(', ')],
  ['Labels', orDash(labelsInWords(labels))],
  ['New work', schedulingInWords(scheduling)],
  ['Taints', orDash(taintsInWords(taints))],
  ['GPUs', gpusInWords(gpus)],
]

function hardware({ hardware: parts, host: measured, status }: Info): Pairs {
  if (parts === null) return [['Hardware', 'not reported yet']]
  const host = status === 'offline' ? null : measured
  const { hostname, os, kernel, arch, cpuModel, cpuCores, memoryMib, executors, sharing, versions } = parts
  const use = host === null ? '' : `, ${Math.round(host.cpuUtilization)}% used`
  const memory = host === null ? '' : `, ${formatMib(Math.round(host.memoryUsedMib))} used`
  return [
    ['Host', `${hostname}, ${os}, ${kernel}, ${arch}`],
    ['CPU', `${cpuCores} × ${cpuModel}${use}`],
    ['Memory', `${formatMib(memoryMib)}${memory}`],
    ['Executors', orDash(executors.join(', '))],
    ['GPU sharing', sharing ? 'allowed' : 'not allowed'],
    ['Versions', labelsInWords(versions)],
  ]
}

const moltInWords = ({ mode, witness }: Info['molt']): string =>
  [mode ?? 'not participating', ...(witness ? ['witness'] : [])].join(', ')

const connectivity = ({ connectivity: link, lastSeen, addresses, molt }: Info): Pairs => [
  [
    'Reached',
    `${link.liveness}, last seen ${ago(lastSeen)}${link.roundTripMs === null ? '' : `, ${link.roundTripMs} ms`}`,
  ],
  ...addresses.map((address) => ['Address', address] as const),
  ['MOLT', moltInWords(molt)],
]
