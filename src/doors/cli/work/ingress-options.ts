/** How the command line says which requests are meant, and who answers them. */
import type { OptionSpec } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'
import { namespaceOption } from './secret-options.ts'

export const ingressOptions = {
  ...namespaceOption,
  host: { kind: 'text', value: 'HOST', about: 'Host that requests name; *.HOST for all names of one label more' },
  path: { kind: 'text', value: '/PATH', about: 'How their path begins; every path if left out' },
  to: { kind: 'text', value: 'DEPLOYMENT', about: 'Who answers them' },
  strip: { kind: 'flag', about: 'Take the path off before the deployment is asked' },
  acme: { kind: 'flag', about: 'Have the mesh order the certificate of the host, and renew it' },
  'node-label': { kind: 'list', value: 'K=V', about: 'Take them only at nodes with this label' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Undefined where none is named. Throws INVALID_REQUEST. */
export const nodesSaid = (labels: readonly string[]): Readonly<Record<string, string>> | undefined =>
  labels.length === 0 ? undefined : pairsOf(labels, '--node-label')
