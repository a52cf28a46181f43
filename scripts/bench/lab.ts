/** The lab's engine that benchmarks measure against, and the built command line that they measure. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: export what scripts/lab/docker.sh env prints`)
  return value
}

/** Its address, the `docker` that belongs to it, and an image that it has. Throws when they are not exported. */
export const engine = fromEnvironment('CLAW_LAB_DOCKER')
export const dockerCli = fromEnvironment('CLAW_LAB_DOCKER_CLI')
export const image = fromEnvironment('CLAW_LAB_IMAGE')
export const cli = fileURLToPath(new URL('../../dist/clawbernetes.js', import.meta.url))

/** What the engine's own command prints. */
export async function docker(...words: readonly string[]): Promise<string> {
  return (await promisify(execFile)(dockerCli, ['-H', engine, ...words])).stdout.trim()
}
