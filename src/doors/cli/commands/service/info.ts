import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import { facts, percent } from '../../show/words.ts'

type Stats = OutputOf<'service.stats'>['revisions'][number]

/** `1200 requests, 0.1 % failed, half within 12 ms, 99 % within 80 ms`. */
const statsInWords = ({ requests, errorRate, p50Ms, p99Ms }: Stats): string =>
  [
    `${requests} requests`,
    `${percent(errorRate * 100)} failed`,
    ...(p50Ms === null ? [] : [`half within ${p50Ms} ms`]),
    ...(p99Ms === null ? [] : [`99 % within ${p99Ms} ms`]),
  ].join(', ')

export default command({
  name: 'service info',
  about: 'Show one deployment that takes requests: each replica behind it, and how requests went of late.',
  positionals: { service: { about: 'Name or id of the deployment' } },
  options: {
    since: {
      kind: 'text',
      value: 'TIME',
      about: 'How requests went over the last so long, at most 1h; 5m if left out',
    },
  },
  examples: ['service info web', 'service info web --since 1h', 'service info web --json'],

  async run({ service, since }, { api: connect, out, signal }) {
    const api = await connect()
    const [info, stats] = await Promise.all([
      api.call('service.info', { service }, signal),
      api.call('service.stats', { service, span: since }, signal),
    ])
    await out.result({ ...info, stats }, () =>
      facts([
        ['Name', info.name],
        ['Port', `${info.port} of every peer, to port ${info.targetPort} of a replica (${info.protocol})`],
        ['Ready', `${info.ready} of ${info.total}`],
        ...info.revisions.map(
          ({ revision, weight, ready, total }) =>
            [`Revision ${revision}`, `${ready} of ${total} ready, weight ${weight}`] as const,
        ),
        ...stats.revisions.map((one) => [`Requests to ${one.revision}`, statsInWords(one)] as const),
        ...(stats.unserved === 0 ? [] : [['Not served', `${stats.unserved} requests: nobody was ready`] as const]),
        ...info.endpoints.map(
          ({ workload, node, ready, reason }) =>
            [
              workload,
              `${ready ? 'ready' : `not ready: ${reason ?? 'unknown'}`}${node === null ? '' : `, on ${node}`}`,
            ] as const,
        ),
      ]),
    )
    return undefined
  },
})
