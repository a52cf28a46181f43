/** `deploy --spec`: brings deployments to what a file says: those that are not there are made, others are changed. */
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import { overriddenBy } from '../../../specs/override.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Api } from '../peer/api.ts'
import type { Difference } from './changes.ts'
import { differenceLines, differenceOf } from './changes.ts'
import type { Session } from '../line/command.ts'
import { confirm } from '../confirm.ts'
import { expectReached, followed } from './deploy-follow.ts'
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
    const own = overriddenBy(document.request, asked.said) as InputOf<'deploy.create'>
    const namespace = own.namespace ?? (host.env['CLAWBERNETES_NAMESPACE'] || undefined)
    const request = namespace === undefined ? own : { ...own, namespace }
    const difference = await differenceOf(api, { kind: 'deployment', request, at: document.at, needs: [] }, signal)
    planned.push({ request, difference })
  }
  const changing = planned.filter(({ difference }) => difference.changes.length > 0)
  if (asked.isDryRun || changing.length === 0) {
    await out.result(
      planned.map(({ difference }) => difference),
      (all) => all.flatMap(differenceLines),
    )
    return 0
  }
  if (changing.some(({ difference }) => difference.exists))
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
  const { out, signal } = session
  const done: OutputOf<'deploy.create'>[] = []
  for (const { request, difference } of changing) {
    const { name, ...changes } = request
    const { exists, revision } = difference
    done.push(
      exists
        ? await api.call(
            'deploy.update',
            {
              deployment: name,
              ...changes,
              complete: true,
              ...(revision === null ? {} : { expectedRevision: revision }),
            },
            signal,
          )
        : await api.call('deploy.create', request, signal),
    )
    out.note(`${name} is ${exists ? 'changed' : 'made'}`)
  }
  const ends = isDetached ? [] : await Promise.all(done.map((one) => followed(one.deploymentId, api, session)))
  await out.result(
    done.map((made, i) => ends[i] ?? made),
    (all) => all.map(({ name, state, revision }) => `${name}  revision ${revision}  ${state}`),
  )
  for (const [i, { revision }] of done.entries()) expectReached(ends[i] ?? null, revision)
  return undefined
}
