import { posix } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { counted } from '../show/copy-progress.ts'

export default command({
  name: 'cp',
  about: 'Copy files and folders into a workload, or out of it.',
  details:
    'One side is WORKLOAD:/path. A - on the other side is a tar archive on standard input or output. Into a folder that is there already, ' +
    'the source is put by its name; otherwise the target is its new name. Files take their places when all have arrived. The workload needs ' +
    'sh and tar, as nearly all images have.',
  positionals: {
    source: { about: 'A path here, WORKLOAD:/path, or -' },
    target: { about: 'WORKLOAD:/path, a path here, or -' },
  },
  options: {},
  examples: [
    'cp llm-inference:/app/logs ./logs',
    'cp ./prompts llm-inference:/app',
    'cp llm-inference:/app - > app.tar',
  ],

  async run({ source, target }, session) {
    const [from, to] = [placeIn(source), placeIn(target)]
    const place = from ?? to
    if (place === null || (from !== null && to !== null))
      throw new ClawError('INVALID_REQUEST', { problem: 'one side, and only one, is WORKLOAD:/path' })
    const { bytes, result: leftOut } = await counted(session, (count) =>
      from === null ? bring(source, place, { session, count }) : fetch(place, target, { session, count }),
    )
    if (leftOut.length > 0)
      session.out.note(`left out: ${leftOut.slice(0, 10).join(', ')}${leftOut.length > 10 ? ', …' : ''}`)
    const report = { source, target, bytes, leftOut: leftOut.length }
    if (target !== '-') await session.out.result(report, () => [`copied ${source} to ${target}`])
    return undefined
  },
})

interface Place {
  readonly workload: string
  readonly path: string
}

interface Copying {
  readonly session: Session
  readonly count: (bytes: number) => void
}

async function bring(source: string, { workload, path }: Place, copying: Copying): Promise<readonly string[]> {
  const { copyIn, unarchive } = await import('../talk/copy-in.ts')
  const remote = await remoteFor(workload, copying)
  if (source === '-') await unarchive(remote, copying.session.host.stdin, path)
  else await copyIn(remote, source, path)
  return []
}

async function fetch({ workload, path }: Place, target: string, copying: Copying): Promise<readonly string[]> {
  const { archive, copyOut } = await import('../talk/copy-out.ts')
  const remote = await remoteFor(workload, copying)
  if (target !== '-') return copyOut(remote, path, target)
  await archive(remote, path, copying.session.host.stdout)
  return []
}

/** By its id from here on, so that it is the same workload throughout. */
async function remoteFor(workload: string, { session: { api: connect, signal }, count }: Copying) {
  const api = await connect()
  const { id } = await api.call('workload.info', { workload }, signal)
  return { api, workload: id, signal, count }
}

/** `web:/var/log`; null for a path of this machine. */
function placeIn(text: string): Place | null {
  const [, workload, path] = /^([^/.:][^/:]*):(.+)$/.exec(text) ?? []
  if (workload === undefined || path === undefined) return null
  return { workload, path: posix.normalize(path).replace(/(?<=.)\/$/, '') }
}
