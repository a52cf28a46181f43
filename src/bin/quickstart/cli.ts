/** Uses the mesh as a user would: through the `clawbernetes` command. */
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const clawbernetes = fileURLToPath(new URL('./clawbernetes.js', import.meta.url))
const run = promisify(execFile)

/** Runs a command against the peer at this socket and returns what it printed as JSON. Throws with its standard error. */
export async function cliJson<T>(socket: string, ...arguments_: readonly string[]): Promise<T> {
  const { stdout } = await run(process.execPath, [clawbernetes, '--gateway', `unix:${socket}`, '--json', ...arguments_])
  return JSON.parse(stdout) as T
}

/** Runs a command with its output shown, and returns its exit code and what it wrote to standard output. */
export async function cliShown(
  socket: string,
  ...arguments_: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [clawbernetes, '--gateway', `unix:${socket}`, ...arguments_], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exit) => {
      resolve(exit ?? 1)
    })
  })
  return { code, output }
}
