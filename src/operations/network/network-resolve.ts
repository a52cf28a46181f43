/** What a name of the mesh stands for, as far as the caller may see the work behind it. */
import { z } from 'zod'
import { addressesOf } from '../../core/naming/addresses.ts'
import { NameIndex } from '../../core/naming/names.ts'
import { resolveName } from '../../core/naming/resolve.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { Answer } from '../../model/naming.ts'
import { zone } from '../../model/naming.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { allWork } from '../scoped.ts'

export const networkResolve = unary({
  name: 'network.resolve',
  about: 'Look a name of the mesh up as its containers do, and show the addresses and ports behind it.',
  input: z.strictObject({
    name: z.string().min(1).max(253).describe('Such as web.default.claw; web alone is web of the namespace'),
    namespace: namespaceName.default(defaultNamespace).describe('Of a name without one'),
  }),
  output: z.object({
    name: z.string(),
    addresses: z.array(z.string()).describe('Of those that may be given requests now'),
    services: z.array(z.object({ target: z.string(), port: z.int() })).describe('Where a port is known'),
  }),
  permission: { verb: 'read', resource: 'network' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/network/resolve' },
  async handler({ name: asked, namespace }, context, { may, sees, signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const name = fullName(asked, namespace)
    const { deployments, groups, replicas, workloads } = state
    const known = [...state.namespaces].filter(([one]) => sees(one) && may(allWork, one))
    const names = new NameIndex({ deployments, groups, replicas, workloads, namespaces: new Map(known) })
    const look = (type: string): Extract<Answer, { kind: 'found' }>['records'] => {
      const answer = resolveName(
        { name, type },
        { names, turn: 0, addressesOf: (workload) => addressesOf(state, workload) },
      )
      if (answer.kind !== 'found') throw new ClawError('NAME_UNKNOWN', { name })
      return answer.records
    }
    return {
      name,
      addresses: [...look('A'), ...look('AAAA')].flatMap((one) => ('address' in one ? one.address : [])),
      services: look('SRV').flatMap((one) => (one.type === 'SRV' ? { target: one.target, port: one.port } : [])),
    }
  },
})

/** As the search domain of a container would make it. */
function fullName(asked: string, namespace: string): string {
  const name = asked.replace(/\.$/, '').toLowerCase()
  return name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${namespace}.${zone}`
}
