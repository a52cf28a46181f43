/** `deploy --spec`: brings deployments to what a file says: those that are not there are made, others are changed. */
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import { asDeployment } from '../../../specs/deployment.ts'
import { overriddenBy } from '../../../specs/override.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Api } from '../peer/api.ts'
import type { Difference } from './changes.ts'
import { differenceLines, differenceOf, inNamespace, isChange } from './changes.ts'
import type { Session } from '../line/command.ts'
import { confirm } from '../confirm.ts'
import { expectReached, followed } from './deploy-follow.ts'
import type { IngressPlan } from './ingress-file.ts'
import { carryOutIngresses, refuseClashes, refuseIngresses, touchesIngresses } from './ingress-file.ts'
import { readSpecs } from './spec-file.ts'

export interface DeployFile {
  readonly file: string
  /** What the command line says; it goes over what the file says. */
  readonly said: Readonly<Record<string, unknown>>
  readonly isDryRun: boolean
  readonly isDetached: boolean
  readonly yes: boolean
}

interface Planned {
  readonly request: InputOf<'deploy.create'>
  readonly difference: Difference
}

const ingressesIn = ({ difference }: Planned): readonly IngressPlan[] =>
  difference.ingresses === undefined ? [] : [difference.ingresses]

/** Shows what would change and asks before it changes what is there. Returns the exit code. */
export async function deployFile(asked: DeployFile, session: Session): Promise<number | undefined> {
  const { out, signal, host } = session
  const { documents } = await readSpecs(asked.file, session, 'deployment')
  if (documents.length > 1 && (asked.said['name'] ?? asked.said['image']) !== undefined)
    throw new ClawError('INVALID_REQUEST', {
      problem: `neither name nor image can be given for ${documents.length} deployments at once; change it in ${asked.file}`,
    })
  const api = await session.api()
  const planned: Planned[] = []
  for (const document of documents) {
    const request = overriddenBy(document.request, asked.said) as InputOf<'deploy.create'>
    const deployment = inNamespace({ ...asDeployment(document), request }, host.env)
    planned.push({ request: deployment.request, difference: await differenceOf(api, deployment, { signal }) })
  }
  refuseClashes(planned.flatMap(ingressesIn))
  const changing = planned.filter(({ difference }) => isChange(difference))
  if (asked.isDryRun || changing.length === 0) {
    await out.result(
      planned.map(({ difference }) => difference),
      (all) => all.flatMap(differenceLines),
    )
    return 0
  }
  refuseIngresses(planned.flatMap(ingressesIn))
  const isThere = (one: Planned): boolean => one.difference.exists || ingressesIn(one).some(touchesIngresses)
  if (changing.some(isThere))
    await confirm(
      changing.flatMap(({ difference }) => differenceLines(difference)),
      { ...session, yes: asked.yes },
    )
  return carriedOut(api, changing, { session, isDetached: asked.isDetached })
}

async function carriedOut(
  api: Api,
  changing: readonly Planned[],
  { session, isDetached }: { readonly session: Session; readonly isDetached: boolean },
): Promise<number | undefined> {
  const { out } = session
  const done: OutputOf<'deploy.create'>[] = []
  for (const planned of changing) {
    done.push(await deployed(api, planned, session))
    for (const plan of ingressesIn(planned)) await carryOutIngresses(api, plan, session)
  }
  const isFollowed = (index: number): boolean => !isDetached && changing[index]?.difference.changes.length !== 0
  const ends = await Promise.all(
    done.map((one, i) => (isFollowed(i) ? followed(one.deploymentId, api, session) : Promise.resolve(null))),
  )
  await out.result(
    done.map((made, i) => ends[i] ?? made),
    (all) => all.map(({ name, state, revision }) => `${name}  revision ${revision}  ${state}`),
  )
  for (const [i, { revision }] of done.entries()) expectReached(ends[i] ?? null, revision)
  return undefined
}

/** The deployment as the file has it; left alone where nothing of it differs. */
async function deployed(
  api: Api,
  { request, difference }: Planned,
  { out, signal }: Session,
): Promise<OutputOf<'deploy.create'>> {
  const { name, ...changes } = request
  const { exists, revision } = difference
  if (difference.changes.length === 0) return api.call('deploy.status', { deployment: name }, signal)
  const expected = revision === null ? {} : { expectedRevision: revision }
  const made = exists
    ? await api.call('deploy.update', { deployment: name, ...changes, complete: true, ...expected }, signal)
    : await api.call('deploy.create', request, signal)
  out.note(`${name} is ${exists ? 'changed' : 'made'}`)
  return made
}
