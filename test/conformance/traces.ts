/** What executors leave where others could look. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connectEngine } from '../../src/adapters/docker/engine.ts'

/** Where the files of tasks of this daemon are in memory. */
export const memoryFolder = (dataDir: string): string =>
  join('/dev/shm', `clawnode-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`)

/** All files below a folder, whole. */
export const contentsOf = (folder: string): readonly Buffer[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readFileSync(path))

/** The command lines of all processes of this machine. */
export const commandLines = (): readonly Buffer[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(join('/proc', pid, 'cmdline'))]
      } catch (error) {
        // It has ended meanwhile.
        if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return []
        throw error
      }
    })

/** What the engine shows of the containers of a mesh. */
export async function inspected(address: string, mesh: string): Promise<readonly Buffer[]> {
  const docker = connectEngine(address)
  const all = await docker.listContainers({ all: true, filters: { label: [`claw.mesh=${mesh}`] } })
  const shown = await Promise.all(all.map(({ Id }) => docker.getContainer(Id).inspect()))
  return shown.map((one) => Buffer.from(JSON.stringify(one)))
}
