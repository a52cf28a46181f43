import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import { labelsInWords } from '../../show/columns.ts'
import { facts } from '../../show/words.ts'
import { namespaceOf, namespaceOption } from '../../work/secret-options.ts'

type Certificate = OutputOf<'ingress.info'>['certificate']

const certificateIn = (certificate: Certificate): readonly (readonly [string, string])[] =>
  certificate === null
    ? []
    : [
        [
          'Certificate',
          certificate.notAfter === null
            ? certificate.state
            : `${certificate.state}, good until ${certificate.notAfter}`,
        ],
        ['Shown by', certificate.nodes.join(', ') || 'nobody yet'],
        ['Next order', certificate.renewAt ?? 'under way'],
        ...(certificate.problem === null ? [] : [['Problem', certificate.problem] as const]),
      ]

export default command({
  name: 'ingress info',
  about: 'Show one ingress.',
  positionals: { name: { about: 'Name of the ingress' } },
  options: namespaceOption,
  examples: ['ingress info site', 'ingress info site --json'],

  async run({ name, ...args }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('ingress.info', { name, namespace: namespaceOf(args, session) }, signal)
    await out.result(found, (one) =>
      facts([
        ['Name', `${one.namespace}/${one.name}`],
        ['Requests for', `${one.host}${one.path}${one.strip ? ', without the path' : ''}`],
        ['Go to', `${one.deployment}${one.isServed ? '' : ', which is not there'}`],
        ['At', labelsInWords(one.nodes) || 'all nodes that take any'],
        // A peer of an older build says nothing of it.
        ...(one.keptBy ? [['Kept by', `the file of ${one.keptBy}`] as const] : []),
        ...certificateIn(one.certificate),
        ['Changed', one.updatedAt],
      ]),
    )
    return undefined
  },
})
