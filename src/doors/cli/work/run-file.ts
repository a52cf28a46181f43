/** `run --file`: submits what a file asks for, in the order in which one part of it needs another. */
import { ClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Need, SpecDocument, TimedDocument } from '../../../specs/document.ts'
import { isTimed } from '../../../specs/document.ts'
import { overriddenBy } from '../../../specs/override.ts'
import type { Api } from '../peer/api.ts'
import { attend, mostAttended } from './attend.ts'
import type { Session } from '../line/command.ts'
import { becomesReady, servesFirst } from './becomes-ready.ts'
import type { Difference } from './changes.ts'
import { differenceLines, differenceOf, inNamespace } from './changes.ts'
import { dryRun } from './dry-run.ts'
import { spooled } from '../exit-code.ts'
import type { IngressPlan } from './ingress-file.ts'
import { carryOutIngresses, ingressPlanOf, refuseClashes, refuseIngresses } from './ingress-file.ts'
import { readSpecs } from './spec-file.ts'

type Submitted = Pick<OutputOf<'workload.run'>, 'id' | 'name' | 'parts' | 'state' | 'index'> & {
  readonly kind: SpecDocument['kind']
}

export interface RunFile {
  readonly file: string
  /** What the command line says; it goes over what the file says. */
  readonly said: Readonly<Record<string, unknown>>
  readonly isDryRun: boolean
  readonly isDetached: boolean
  /** Its output is not wanted. */
  readonly isMute: boolean
  readonly idempotencyKey: string | undefined
  readonly isSpooled: boolean
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Returns the exit code. */
export async function runFile(asked: RunFile, session: Session): Promise<number | undefined> {
  const documents = withSaid(await readSpecs(asked.file, session), asked, session.host.env)
  const api = await session.api()
  if (asked.isDryRun) return dryRuns(api, documents, session)
  const plans = await ingressPlans(api, documents, session.signal)
  const submitted = await submitAll(api, documents, { asked, session, plans })
  const parts = submitted.flatMap((one) => (one.parts.length === 0 ? [one] : one.parts))
  const isSpooled = submitted.some(({ state }) => state === 'spooled')
  const hasOther = submitted.some(({ kind }) => kind !== 'workload')
  if (asked.isDetached || isSpooled || hasOther || parts.length > mostAttended) {
    await printed(submitted, session)
    if (parts.length > mostAttended && !asked.isDetached)
      session.out.note(`${parts.length} are too many to follow. See them:  clawbernetes workload list`)
    return isSpooled ? spooled : undefined
  }
  const [only] = submitted
  if (submitted.length === 1 && only !== undefined) return attend(api, only, { ...session, isMute: asked.isMute })
  return attend(
    api,
    { id: '', name: submitted.map(({ name }) => name).join(' '), parts },
    { ...session, isMute: asked.isMute },
  )
}

/** What can be meant for one of them only is refused for several. */
const forOne = ['image', 'command', 'name', 'ports', 'health'] as const

function withSaid(
  { documents }: { readonly documents: readonly SpecDocument[] },
  { said, file }: RunFile,
  env: Session['host']['env'],
): readonly SpecDocument[] {
  const lonely = forOne.find((name) => said[name] !== undefined)
  if (documents.length > 1 && lonely !== undefined)
    throw invalid(`${lonely} cannot be given for ${documents.length} workloads at once; change it in ${file}`)
  return documents.map((document): SpecDocument => {
    const request = overriddenBy(document.request, said)
    return inNamespace({ ...document, request } as SpecDocument, env)
  })
}

const shownName = ({ request }: SpecDocument): string => request.name ?? ('image' in request ? request.image : '')

async function dryRuns(api: Api, documents: readonly SpecDocument[], session: Session): Promise<number> {
  const codes: number[] = []
  const differences = new Map<SpecDocument, Difference>()
  for (const document of documents)
    if (document.kind === 'deployment')
      differences.set(document, await differenceOf(api, document, { signal: session.signal, isMaking: true }))
  refuseClashes([...differences.values()].flatMap(({ ingresses }) => ingresses ?? []))
  for (const document of documents) {
    const { kind, request } = document
    if (documents.length > 1) session.out.note(`${shownName(document)}:`)
    if (isTimed(document)) {
      session.out.note(`${kind} ${document.request.name} is valid; where its runs would go is decided when they start`)
      codes.push(0)
      continue
    }
    if (kind === 'workload') codes.push(await dryRun(api, request, session))
    const difference = differences.get(document)
    if (difference !== undefined) await session.out.result(difference, differenceLines)
  }
  return codes.find((code) => code !== 0) ?? 0
}

type IngressPlans = ReadonlyMap<SpecDocument, IngressPlan>

interface Around {
  readonly asked: RunFile
  readonly session: Session
  readonly plans: IngressPlans
}

/** Throws what would be refused of how deployments are reached, before anything is submitted. */
async function ingressPlans(api: Api, documents: readonly SpecDocument[], signal: AbortSignal): Promise<IngressPlans> {
  const plans = new Map<SpecDocument, IngressPlan>()
  for (const document of documents)
    if (document.kind === 'deployment' && document.ingresses.length > 0)
      plans.set(document, await ingressPlanOf(api, document, { signal, isMaking: true }))
  refuseIngresses([...plans.values()])
  return plans
}

async function submitAll(
  api: Api,
  documents: readonly SpecDocument[],
  { asked, session: { out, signal }, plans }: Around,
): Promise<readonly Submitted[]> {
  const done: Submitted[] = []
  for (const [index, document] of documents.entries()) {
    const { needs } = document
    try {
      await readyFirst(api, needs, { done, out, signal })
      const submitted = await submit(api, document, {
        waits: isTimed(document) ? {} : waitsFor(document.request, needs, done),
        extra: extras(asked, documents.length > 1 ? index : null),
        signal,
      })
      done.push(submitted)
      const plan = plans.get(document)
      if (plan !== undefined) await carryOutIngresses(api, plan, { out, signal })
      if (!asked.isDetached || documents.length > 1) out.note(`${submitted.name} (${submitted.id}) is submitted`)
    } catch (error) {
      const name = shownName(document)
      if (done.length > index)
        out.note(`${name} is submitted and not reached as the file says; what follows it is not submitted`)
      else if (done.length > 0) out.note(`${name} is not submitted, nor what follows it`)
      throw error
    }
  }
  return done
}

interface Extra {
  readonly idempotencyKey?: string
  readonly spool?: boolean
}

async function submit(
  api: Api,
  document: SpecDocument,
  around: { readonly waits: ReturnType<typeof waitsFor>; readonly extra: Extra; readonly signal: AbortSignal },
): Promise<Submitted> {
  const { waits, extra, signal } = around
  if (isTimed(document)) return submitTimed(api, document, { extra, signal })
  const { kind, request } = document
  if (kind === 'workload')
    return { kind, ...(await api.call('workload.run', { ...request, ...waits, ...extra }, signal)) }
  if (extra.spool === true) throw invalid(`${request.name} is a deployment, which no peer keeps without a leader`)
  const { deploymentId: id, name } = await api.call('deploy.create', { ...request, ...waits, ...extra }, signal)
  return { kind, id, name, parts: [], state: 'pending', index: 0 }
}

async function submitTimed(
  api: Api,
  document: TimedDocument,
  { extra: { spool, ...extra }, signal }: { readonly extra: Extra; readonly signal: AbortSignal },
): Promise<Submitted> {
  const { kind } = document
  const made = { kind, parts: [], state: 'pending', index: 0 }
  if (spool === true) throw invalid(`${document.request.name} is a ${kind}, which no peer keeps without a leader`)
  switch (document.kind) {
    case 'job': {
      const { jobId: id, name } = await api.call('job.create', { ...document.request, ...extra }, signal)
      return { ...made, id, name }
    }
    case 'cron': {
      const { cronId: id, name } = await api.call('cron.create', { ...document.request, ...extra }, signal)
      return { ...made, id, name }
    }
    case 'workflow': {
      const { workflowId: id, name } = await api.call('workflow.create', { ...document.request, ...extra }, signal)
      return { ...made, id, name }
    }
  }
}

/** As Compose does it: what needs another to be ready is not even submitted before. */
async function readyFirst(
  api: Api,
  needs: readonly Need[],
  { done, out, signal }: Pick<Session, 'out' | 'signal'> & { readonly done: readonly Submitted[] },
): Promise<void> {
  for (const { on, condition } of needs) {
    const other = done.find(({ name }) => name === on)
    if (condition !== 'ready' && other?.kind !== 'deployment') continue
    out.note(`waiting until ${on} is ready`)
    if (other?.kind === 'deployment') await servesFirst(api, other, signal)
    else await becomesReady(api, { id: other?.id ?? on, name: on }, signal)
  }
}

/** The same key for each of several would submit the first only. */
const extras = ({ idempotencyKey: key, isSpooled }: RunFile, index: number | null): Extra => ({
  ...(key === undefined ? {} : { idempotencyKey: index === null ? key : `${key}/${index}` }),
  ...(isSpooled ? { spool: true } : {}),
})

/** The mesh itself has it wait: also when this command is gone by then. */
function waitsFor(
  request: Exclude<SpecDocument, TimedDocument>['request'],
  needs: readonly Need[],
  done: readonly Submitted[],
) {
  const idOf = (on: string): string | undefined => {
    const other = done.find(({ name }) => name === on)
    return other?.kind === 'deployment' ? undefined : (other?.id ?? on)
  }
  const idsOf = (condition: Need['condition'], own: readonly string[] | undefined): readonly string[] => [
    ...(own ?? []),
    ...needs.filter((need) => need.condition === condition).flatMap(({ on }) => idOf(on) ?? []),
  ]
  const [after, afterOk] = [idsOf('started', request.after), idsOf('completed', request.afterOk)]
  return {
    ...(after.length === 0 ? {} : { after: [...after] }),
    ...(afterOk.length === 0 ? {} : { afterOk: [...afterOk] }),
  }
}

async function printed(submitted: readonly Submitted[], { out }: Session): Promise<void> {
  const rows = submitted.map(({ id, name, index, parts, state }) => ({
    id,
    name,
    ...(state === 'spooled' ? { state } : { index }),
    ...(parts.length === 0 ? {} : { parts }),
  }))
  const [only] = rows
  await out.result(rows.length === 1 && only !== undefined ? only : rows, () => rows.map(({ id }) => id))
}
