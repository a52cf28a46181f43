/** `clawbernetes`: the command line that attaches to any peer of a mesh. */
import { homedir } from 'node:os'
import manifest from '../../package.json' with { type: 'json' }
import { Interrupt, type EndSignal } from '../doors/cli/talk/interrupt.ts'
import { main } from '../doors/cli/main.ts'

const interrupt = new AbortController()
let hasSimulated = false

/** The first Ctrl-C asks the command to end; the second ends it. */
function endOn(name: EndSignal, code: number): void {
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(code)
    interrupt.abort(new Interrupt(name))
  })
}

endOn('SIGINT', 130)
endOn('SIGTERM', 143)
// Whoever reads our output may have read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await main(
  process.argv.slice(2),
  {
    env: process.env,
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    version: manifest.version,
    async simulate(request) {
      const { simulate } = await import('./sim/simulate.ts')
      hasSimulated = true
      return simulate(request)
    },
    simulateMarket: async (request) => (await import('./sim/market.ts')).simulateMarket(request),
    signIn: async (...asked) => (await import('../daemon/sign-in.ts')).signIn(...asked),
    visit: async (address, seed, signal) => (await import('../daemon/attach.ts')).attach(address, seed, signal),
  },
  interrupt.signal,
)
// Sockets whose other ends were killed may take their time to notice; nothing is left to do for them.
if (hasSimulated) process.exit()
