/** `clawnode`: the daemon of one host. Reads the command line, starts the parts, waits for a signal, stops them. */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { exitCodeOf } from '../doors/cli/exit-code.ts'
import { closest } from '../lib/closest.ts'
import { ClawError, failureBody, isClawError } from '../model/failure.ts'
import { type FlagValues, nodeArguments, nodeHelp } from '../config/clawnode-flags.ts'
import { countBuffersAsHeap } from './buffers.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** Of the package: the program is one folder below it, bundled or not. */
const root = fileURLToPath(new URL('..', import.meta.url))

async function main(argv: readonly string[]): Promise<number> {
  const { command, values, operands } = parse(argv)
  if (values['help'] === true || command === 'help') return print(nodeHelp())
  if (values['version'] === true || command === 'version') return print(`clawnode ${version}`)
  if (values['detect-gpus'] === true) {
    const { detectGpus } = await import('../daemon/detect.ts')
    return print(await detectGpus(values, values['json'] === true))
  }
  switch (command) {
    case 'start':
      return run(values, null)
    case 'join':
      return run(values, await joinToken(operands))
    case 'preflight':
      return tell(await (await import('../daemon/preflight/preflight.ts')).preflight(values))
    case 'install':
      return tell(await (await import('../daemon/install/install.ts')).install(values, root))
    case 'uninstall':
      return tell(await (await import('../daemon/install/install.ts')).uninstall(values))
    case 'upgrade':
      return tell(await (await import('../daemon/upgrade/upgrade.ts')).upgrade(values, upgrading()))
    case undefined:
      return fail(
        new ClawError('INVALID_REQUEST', { problem: `say what to do: ${commands.join(', ')}, or --help` }),
        values,
      )
    default:
      return fail(
        new ClawError('INVALID_REQUEST', { problem: `there is no command ${command}${meant(command)}` }),
        values,
      )
  }
}

const commands = ['start', 'join', 'preflight', 'install', 'uninstall', 'upgrade']

function meant(command: string): string {
  const near = closest(command, commands)
  return near === null ? '' : `; did you mean ${near}?`
}

function tell({ text: words, exitCode }: { readonly text: string; readonly exitCode: number }): number {
  print(words)
  return exitCode
}

/** The first Ctrl-C ends it in order, which opens a drained node again. */
function upgrading() {
  const called = new AbortController()
  process.once('SIGINT', () => {
    called.abort(new ClawError('DEADLINE_EXCEEDED', { what: 'The upgrade, which was called off,', ms: 0 }))
  })
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  return { version, signal: called.signal, tell: say }
}

/** How long stopping may take before the process ends anyway, in ms. */
const stopWithinMs = 20_000

interface CommandLine {
  readonly command: string | undefined
  readonly operands: readonly string[]
  readonly values: FlagValues
}

function parse(argv: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: nodeArguments,
      allowPositionals: true,
      strict: true,
    })
    const [command, ...operands] = positionals
    return { command, operands, values: values as FlagValues }
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: (error as Error).message }, { cause: error })
  }
}

/** `join -` reads the token from standard input, where no process list shows it. */
async function joinToken(operands: readonly string[]): Promise<string> {
  const [token, ...rest] = operands
  if (token === undefined || rest.length > 0)
    throw new ClawError('INVALID_REQUEST', { problem: 'join takes one TOKEN, or - to read it from standard input' })
  return token === '-' ? (await text(process.stdin)).trim() : token
}

async function run(values: FlagValues, token: string | null): Promise<number> {
  countBuffersAsHeap()
  const { configFromCommandLine } = await import('../daemon/settings.ts')
  const { startDaemon } = await import('../daemon/daemon.ts')
  const config = await configFromCommandLine(values)
  const stopping = new AbortController()
  const signalled = new Promise<number>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => {
        if (stopping.signal.aborted) process.exit(130)
        stopping.abort()
        resolve(0)
        // A start that hangs must still end when it is told to. Stopping takes less.
        setTimeout(() => process.exit(1), stopWithinMs).unref()
      })
  })
  const daemon = await startDaemon({ config, token, version, signal: stopping.signal })
  const code = await Promise.race([signalled, daemon.failed.then(() => 1)])
  await daemon.stop()
  return code
}

function print(message: string): number {
  process.stdout.write(message.endsWith('\n') ? message : `${message}\n`)
  return 0
}

function fail(error: ClawError, values: FlagValues): number {
  if (values['json'] === true) process.stderr.write(`${JSON.stringify({ error: failureBody(error) })}\n`)
  else process.stderr.write(`error[${error.code}]: ${error.message}\n  try: ${error.hint}\n`)
  return exitCodeOf(error)
}

const argv = process.argv.slice(2)
process.exitCode = await main(argv).catch((error: unknown) => {
  const json = { json: argv.includes('--json') }
  if (isClawError(error)) return fail(error, json)
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return fail(new ClawError('INTERNAL', { detail: error instanceof Error ? error.message : String(error) }), json)
})
// Adapters may hold the event loop open after an error at start-up; nothing is left to do then.
if (process.exitCode !== 0) process.exit(process.exitCode)
