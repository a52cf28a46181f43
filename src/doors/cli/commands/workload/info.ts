import { formatMib } from '../../../../lib/units.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import { attemptInWords } from '../../show/history.ts'
import { facts, orDash } from '../../show/words.ts'

type Info = OutputOf<'workload.info'>

/** `2 of 4 (0 to 3) of the gang train (wl-…)`. */
const partInWords = ({ index, count, gang, name, group }: NonNullable<OutputOf<'workload.info'>['part']>): string =>
  `number ${index} of ${count}, counted from 0, of the ${gang ? 'gang' : 'array'} ${name} (${group})`

/** A peer of an older build says nothing of this. */
function readiness({ ready, unreadyReason, probes }: Partial<Info>): readonly (readonly [string, string])[] {
  if (ready === undefined || ready === null) return []
  const asked = probes === undefined || probes.length === 0 ? 'it has no probes' : `by ${probes.join(', ')}`
  return [['Ready', ready ? `yes, ${asked}` : `no: ${unreadyReason ?? asked}`]]
}

/** What really runs; a peer of an older build does not say. */
function imageInWords({ imageId, imageDigest }: OutputOf<'workload.info'>): readonly (readonly [string, string])[] {
  const id = imageId as string | null | undefined
  if (id === null || id === undefined) return []
  return [...(imageDigest === null ? [] : [['Image digest', imageDigest] as const]), ['Image id', id]]
}

/** A peer of an older build says nothing of this. */
function fenceInWords(info: Partial<Info>): readonly (readonly [string, string])[] {
  const { privileges = [], isolation = 'own', readOnly = false, tmpfs = [], warnings = [] } = info
  return [
    ...(privileges.length === 0 ? [] : [['Privileges', privileges.join(', ')] as const]),
    ...(isolation === 'own' ? [] : [['Isolation', isolation] as const]),
    ...(readOnly ? [['Writes', 'only to what is mounted'] as const] : []),
    ...tmpfs.map(({ target, sizeMib }) => ['In memory', `${target}, ${formatMib(sizeMib)}`] as const),
    ...warnings.map((warning) => ['Warning', warning] as const),
  ]
}

export default command({
  name: 'workload info',
  about: 'Show one workload: where it runs, why it waits, how it ended.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {},
  examples: ['workload info llm-inference', 'workload info wl-x7k2m4q9ab --json'],

  async run({ workload }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('workload.info', { workload }, signal), (info, { isWide }) => {
      const { error, reason, progress } = info
      // A peer of an older build does not say.
      const stopReason = info.stopReason ?? null
      const queue = info.queue ?? null
      const share = info.gpuShareMib === null ? '' : `, ${formatMib(info.gpuShareMib)} of each`
      const asked = `${info.gpus}${info.gpuModel === null ? '' : ` × ${info.gpuModel}`}${share}`
      const wide: readonly (readonly [string, string])[] = [
        ['Submitted by', info.submittedBy],
        ['Namespace', info.namespace],
        ['Priority', String(info.priority)],
        ['Executor', orDash(info.executor)],
        ['Command', orDash(info.command.join(' '))],
        ...Object.entries(info.env).map(([name, value]) => [`Env ${name}`, value] as const),
        ...(info.secrets ?? []).map(
          ({ env, path, secret, used }) =>
            [`Secret ${env ?? path ?? ''}`, `${secret}${used === null ? '' : `, version ${used}`}`] as const,
        ),
        ...(info.configs ?? []).map(
          ({ config, path }) => ['Config', path === null ? config : `${config} at ${path}`] as const,
        ),
        ...info.rejections.map((one) => [`Refused by ${one.node}`, one.reason] as const),
      ]
      return facts([
        ['Id', info.id],
        ['Name', info.name],
        ...(info.part === null ? [] : [['Part', partInWords(info.part)] as const]),
        ['State', info.state],
        ...(reason === null ? [] : [['Waits because', reason] as const]),
        ...(queue === null
          ? []
          : ([
              ['Position', `${queue.position} of ${queue.length} that wait`],
              ['Estimated start', queue.estimatedStart ?? 'unknown'],
            ] as const)),
        ...(info.nextTryAt === null ? [] : [['Next try', info.nextTryAt] as const]),
        ...(stopReason === null ? [] : [['Stopped because', stopReason] as const]),
        ...(info.eviction === null ? [] : [['Leaves its node', info.eviction.reason] as const]),
        ...(progress === null ? [] : [['Progress', progress] as const]),
        ...(error === null ? [] : [['Error', `${error.code}: ${error.message}`] as const]),
        ...readiness(info),
        ['Exit code', orDash(info.exitCode)],
        ['Node', orDash(info.node)],
        ['Attempt', String(info.attempt)],
        ...(info.retries === 0 ? [] : [['Retries', String(info.retries)] as const]),
        ['Image', info.image],
        ...imageInWords(info),
        ['GPUs asked for', asked],
        ['GPUs given', orDash(info.devices.join(', '))],
        ...(info.ports ?? []).map(
          ({ name, port, protocol }) => [`Port${name === null ? '' : ` ${name}`}`, `${port} (${protocol})`] as const,
        ),
        // A peer of an older build does not say.
        ...((info.overlayAddress ?? null) === null
          ? []
          : [['Address', `${info.overlayAddress} in the overlay`] as const]),
        ...fenceInWords(info),
        ['Memory', info.memoryMib === null ? 'no limit' : formatMib(info.memoryMib)],
        ['Submitted', info.submittedAt],
        ['Started', orDash(info.startedAt)],
        ...(info.checkpoint === null ? [] : [['Last checkpoint', orDash(info.checkpoint.lastAt)] as const]),
        ['Ended', orDash(info.endedAt)],
        ...info.history.map((one) => [`Attempt ${one.attempt}`, attemptInWords(one)] as const),
        ...(isWide ? wide : []),
      ])
    })
    return undefined
  },
})
