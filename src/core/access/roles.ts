/** The roles that every mesh has. */
import type { Permission, Resource, Rule } from '../../model/access.ts'
import { resources } from '../../model/access.ts'
import { decide } from './decide.ts'

const everywhere = { namespaces: ['*'] } as const

/** What says who may come in, who may do what and who did what, or holds all there is. */
const confidential: readonly Resource[] = ['backup', 'token', 'operator', 'role', 'user', 'apikey', 'audit']
const used: readonly Resource[] = ['host-mount', 'host-network', 'privilege']
const plain = resources.filter((name) => !confidential.includes(name) && !used.includes(name))

const viewing: readonly Rule[] = [{ ...everywhere, verbs: ['read'], resources: plain }]

/** What people work with. Nodes, namespaces and policies are for administrators to change. */
const worked: readonly Resource[] = [
  ...(['workload', 'job', 'cron', 'workflow', 'image', 'event'] as const),
  ...(['secret', 'config', 'volume', 'snapshot'] as const),
]

const operating: readonly Rule[] = [
  ...viewing,
  { ...everywhere, verbs: ['create', 'stop', 'change', 'remove'], resources: worked },
  { ...everywhere, verbs: ['exec', 'connect'], resources: ['workload', 'service', 'job'] },
  { ...everywhere, verbs: ['invoke'], resources: ['node'] },
  // Their own keys, which can do no more than they can.
  { ...everywhere, verbs: ['read', 'create', 'change', 'remove'], resources: ['apikey'] },
]

interface BuiltIn {
  readonly about: string
  readonly rules: readonly Rule[]
}

/** In the order in which the first three include each other. */
export const builtInRoles = {
  viewer: { about: 'Looks at everything but who may come in, and changes nothing', rules: viewing },
  operator: {
    about:
      'Runs and stops work, goes into it, and keeps what it needs; host paths and privileged work are not among it',
    rules: operating,
  },
  admin: { about: 'May do everything', rules: [{ ...everywhere, verbs: ['*'], resources: ['*'] }] },
  'molt-manager': {
    about: 'Looks at everything a viewer does, and trades: may spend',
    rules: [...viewing, { ...everywhere, verbs: ['*'], resources: ['molt'] }],
  },
  auditor: {
    about:
      'Looks at everything, also at who may do what and who did what; not into backups, nor at the values of secrets',
    rules: [
      ...viewing,
      { ...everywhere, verbs: ['read'], resources: confidential.filter((name) => name !== 'backup') },
    ],
  },
} as const satisfies Readonly<Record<string, BuiltIn>>

export type BuiltInRole = keyof typeof builtInRoles

export const isBuiltIn = (name: string): name is BuiltInRole => Object.hasOwn(builtInRoles, name)

/** Of those that include each other, the least that may do it everywhere. */
export function leastRole({ verb, resource }: Permission): 'anyone' | 'viewer' | 'operator' | 'admin' {
  const ask = { verb, resource, namespace: null }
  if (decide([], ask).isAllowed) return 'anyone'
  const may = (role: BuiltInRole): boolean =>
    decide([{ role, rules: builtInRoles[role].rules, namespace: null }], ask).isAllowed
  return may('viewer') ? 'viewer' : may('operator') ? 'operator' : 'admin'
}
