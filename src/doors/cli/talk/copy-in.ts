/** Files into a workload. They are unpacked apart, and take their places once all have arrived. */
import { randomBytes } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, dirname, posix, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { Remote } from './remote-tar.ts'
import { absent, demand, localFailure, writeTo } from './remote-tar.ts'

/** Says whether the path is a folder, and makes one for what is to come: in that, or beside it. */
const preparing = `if [ -d "$1" ]; then echo in; cd -- "$1"; else echo as; cd -- "$2"; fi || exit 66; mkdir -- "$3"`

const unpacking = `cd -- "$1" && exec tar -xf -`

/** Folders that are there already keep what else they hold. Never through a link. */
const moving = `put() {
  if [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ] && [ ! -L "$2" ]; then
    for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      if [ -e "$f" ] || [ -L "$f" ]; then put "$f" "$2/\${f##*/}" || exit 1; fi
    done
  elif [ -d "$2" ]; then echo "$2 is a folder, or a link to one" >&2; exit 1
  else mv -f -- "$1" "$2" || exit 1; fi
}
cd -- "$1" && put "$2" "$3" && rm -rf -- "$4"`

/** What unpacks may not be dead yet, and adds to a folder that is being removed. */
const removing = `for i in 1 2 3 4 5; do rm -rf -- "$1" && exit 0; sleep 1; done; exit 1`

const patience = 15_000

/** Throws FILE_NOT_FOUND and COPY_FAILED. */
export async function copyIn(remote: Remote, source: string, path: string): Promise<void> {
  try {
    const name = basename(resolve(source))
    const real = await realpath(source)
    const place = await placeFor(remote, path)
    const target = place.isFolder ? `./${name}` : `./${posix.basename(path)}`
    const move = [`${place.staging}/${basename(real)}`, target]
    await arriving(remote, place, { from: Readable.from(packed(real)), move })
  } catch (error) {
    throw localFailure(error, source)
  }
}

/** What a tar archive holds, into a folder. */
export async function unarchive(remote: Remote, from: Readable, path: string): Promise<void> {
  const place = await placeFor(remote, `${path}/.`)
  await arriving(remote, place, { from, move: [place.staging, '.'] })
}

/** Begins when it is read, so that whoever reads it hears of what goes wrong. */
async function* packed(path: string): AsyncGenerator<Uint8Array> {
  const { create } = await import('tar')
  yield* create(
    {
      ...{ cwd: dirname(path), portable: true, strict: true },
      filter: (_, stat) => !('isFile' in stat) || stat.isFile() || stat.isDirectory() || stat.isSymbolicLink(),
    },
    [`./${basename(path)}`],
  )
}

interface Place {
  readonly isFolder: boolean
  readonly folder: string
  /** Within the folder. */
  readonly staging: string
}

async function placeFor(remote: Remote, path: string): Promise<Place> {
  const staging = `./.clawbernetes-${randomBytes(6).toString('hex')}`
  const { exitCode, stdout, stderr } = await quick(remote, [preparing, path, posix.dirname(path), staging])
  demand({ exitCode, stderr }, exitCode === absent ? posix.dirname(path) : path)
  const isFolder = stdout.trim() === 'in'
  return { isFolder, folder: isFolder ? path : posix.dirname(path), staging }
}

interface Arrival {
  readonly from: Readable
  readonly move: readonly string[]
}

async function arriving(remote: Remote, { folder, staging }: Place, { from, move }: Arrival): Promise<void> {
  const whole = `${folder}/${staging}`
  try {
    demand(await writeTo(remote, ['sh', '-c', unpacking, 'sh', whole], from), folder)
    demand(await quick(remote, [moving, folder, ...move, staging]), folder)
  } catch (error) {
    // What went wrong first counts. A folder that stays behind has a name that says what it is.
    await Promise.allSettled([quick({ ...remote, signal: AbortSignal.timeout(patience) }, [removing, whole])])
    throw error
  }
}

/** A script that only has a look, or moves things about. */
async function quick({ api, workload, signal }: Remote, words: readonly string[]) {
  const [script = '', ...rest] = words
  const command = ['sh', '-c', script, 'sh', ...rest]
  const { exitCode, stdout, stderr } = await api.call('container.exec', { workloadId: workload, command }, signal)
  return { exitCode, stdout, stderr: stderr.trim() }
}
