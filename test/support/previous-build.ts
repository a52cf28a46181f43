/** The daemon as it was one state version ago; simulated, see scripts/build-previous.mjs. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface PreviousBuild {
  /** The file to start. */
  readonly program: string
  remove(): void
}

/** Bundles it into a folder of its own, below the tree so that it finds the packages that are not bundled. */
export async function previousBuild(): Promise<PreviousBuild> {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'previous-'))
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'build-previous.mjs'), folder])
  return {
    program: join(folder, 'dist', 'clawnode.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
