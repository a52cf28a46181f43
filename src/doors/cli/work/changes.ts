/** What a file would change, asked for and shown. */
import type { OutputOf } from '../../../operations/registry.ts'
import { ClawError } from '../../../model/failure.ts'
import type { SpecDocument } from '../../../specs/document.ts'
import { isTimed } from '../../../specs/document.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import type { IngressPlan, Look } from './ingress-file.ts'
import { changesIngresses, ingressLines, ingressPlanOf } from './ingress-file.ts'

export interface Difference {
  readonly kind: SpecDocument['kind']
  readonly name: string
  readonly exists: boolean
  readonly isNewRevision: boolean
  readonly revision: number | null
  readonly changes: OutputOf<'deploy.diff'>['changes']
  /** A peer of an older build knows of no policies. */
  readonly violations?: OutputOf<'deploy.diff'>['violations']
  /** Of a deployment only. */
  readonly ingresses?: IngressPlan
}

/** Whether anything would be another afterwards. */
export const isChange = ({ changes, ingresses }: Difference): boolean =>
  changes.length > 0 || (ingresses !== undefined && changesIngresses(ingresses))

/** A file that names no namespace means that of the environment. */
export function inNamespace<Document extends SpecDocument>(document: Document, env: Session['host']['env']): Document {
  const namespace = document.request.namespace ?? (env['CLAWBERNETES_NAMESPACE'] || undefined)
  return namespace === undefined ? document : { ...document, request: { ...document.request, namespace } }
}

export async function differenceOf(api: Api, document: SpecDocument, look: Look): Promise<Difference> {
  const { signal } = look
  if (isTimed(document))
    throw new ClawError('INVALID_REQUEST', {
      problem: `there is no difference to say of a ${document.kind}: it is made anew`,
    })
  if (document.kind === 'deployment') {
    const own = await api.call('deploy.diff', document.request, signal)
    return { kind: 'deployment', ...own, ingresses: await ingressPlanOf(api, document, look) }
  }
  const { name, exists, changes, violations } = await api.call('workload.diff', document.request, signal)
  const shown = name ?? document.request.image
  return { kind: 'workload', name: shown, exists, isNewRevision: false, revision: null, changes, violations }
}

const text = (value: unknown): string => (value === null ? '(none)' : JSON.stringify(value))

/** `~ spec.image: "a" → "b"`, below a line that says what becomes of the whole. */
export const differenceLines = (difference: Difference): readonly string[] => [
  ...changeLines(difference),
  ...(difference.violations ?? []).map(
    ({ mode, message }) => `  ${mode === 'warn' ? 'warning' : 'refused'}: ${message}`,
  ),
  ...(difference.ingresses === undefined ? [] : ingressLines(difference.ingresses)),
]

function changeLines({ kind, name, exists, revision, isNewRevision, changes }: Difference): readonly string[] {
  if (changes.length === 0) return [`${kind} ${name} stays as it is`]
  if (!exists)
    return [
      `${kind} ${name} is new`,
      ...changes.filter(({ after }) => isSaid(after)).map(({ field, after }) => `  + ${field}: ${text(after)}`),
    ]
  const what = isNewRevision && revision !== null ? `changes from revision ${revision}, by its strategy` : 'changes'
  const note = kind === 'workload' ? 'differs; a workload that runs is not changed: stop it first' : what
  return [
    `${kind} ${name} ${note}`,
    ...changes.map((one) => `  ~ ${one.field}: ${text(one.before)} → ${text(one.after)}`),
  ]
}

/** Of something new, what it has nothing of is not worth a line. */
const isSaid = (value: unknown): boolean =>
  value !== null && !(typeof value === 'object' && Object.keys(value).length === 0)
